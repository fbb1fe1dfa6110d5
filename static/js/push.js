/** Lets a person have alarms pushed to this browser: asks for the permission, subscribes, and tells the server. */
const section = document.querySelector("[data-push-key]");
const WORKER_URL = "/push-worker.js";

const bytesOf = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
};

function show(state, detail = "") {
  section.dataset.pushState = state;
  for (const part of section.querySelectorAll("[data-when-push]")) {
    part.hidden = !part.dataset.whenPush.split(" ").includes(state);
  }
  section.querySelector("[data-push-detail]").textContent = detail;
}

async function tell(url, subscription) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": section.dataset.csrf },
    body: JSON.stringify(subscription),
  });
  if (answer.ok) return;
  const { detail } = await answer.json().catch(() => ({ detail: `Error ${answer.status}` }));
  throw new Error(detail);
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") return show("denied");
  const registration = await navigator.serviceWorker.register(WORKER_URL);
  await navigator.serviceWorker.ready;
  const key = bytesOf(section.dataset.pushKey);
  const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  await tell(section.dataset.subscribe, made);
  location.reload();
}

async function unsubscribe() {
  const registration = await navigator.serviceWorker.getRegistration(WORKER_URL);
  const made = await registration?.pushManager.getSubscription();
  if (made) {
    await tell(section.dataset.unsubscribe, made);
    await made.unsubscribe();
  }
  location.reload();
}

async function start() {
  if (!window.isSecureContext || !("serviceWorker" in navigator) || !("PushManager" in window)) return show("missing");
  if (Notification.permission === "denied") return show("denied");
  const registration = await navigator.serviceWorker.getRegistration(WORKER_URL);
  return show((await registration?.pushManager.getSubscription()) ? "on" : "off");
}

if (section) {
  const guarded = (work) => () => work().catch((error) => show("failed", error.message));
  section.querySelector("[data-push-on]").addEventListener("click", guarded(subscribe));
  section.querySelector("[data-push-off]").addEventListener("click", guarded(unsubscribe));
  guarded(start)();
}
