/**
 * What the line of alarms says outside of itself: the count in the title, on the icon of the page and on the rail, what
 * is read out, desktop notifications; and that the line is old where it is. Passes each state on as "alarms:read".
 */
const CHECK_MS = 1000;
const OLD_AFTER_LIVE_MS = 130_000; // two polls of a page with a stream (stream.js), and some time to answer
const OLD_AFTER_MS = 12_000; // the same without one
const FAST_POLL_STATES = ["polling", "starting"];
const ICON_PX = 64;

const bar = document.getElementById("alarm-bar");
const memoryKey = `ems-alarms-${bar.dataset.user}`;
const icon = document.querySelector('link[rel="icon"]');
const plainIcon = { href: icon.href, type: icon.type };
let readAt = Date.now();
let last = null;

const line = () => document.getElementById("alarm-line");

function stateOfLine() {
  const { critical, warning, criticalAnnounced, warningAnnounced, flood } = line().dataset;
  if (critical === undefined) return null;
  return {
    critical: Number(critical),
    warning: Number(warning),
    criticalAnnounced: Number(criticalAnnounced),
    warningAnnounced: Number(warningAnnounced),
    isFlood: flood !== undefined,
  };
}

/** Read once, shown everywhere. */
function read() {
  const state = stateOfLine();
  if (!state) return;
  readAt = Date.now();
  showAge();
  showCounts(state);
  if (last) sayWhatIsNew(state);
  notify(state);
  last = state;
  document.body.dispatchEvent(new CustomEvent("alarms:read", { detail: state }));
}

function showCounts({ critical, warning }) {
  const count = critical + warning;
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = count ? `(${count}) ${title}` : title;
  const badge = document.querySelector("[data-alarm-count]");
  if (badge) {
    badge.hidden = !count;
    badge.textContent = count;
    badge.classList.toggle("is-critical", critical > 0);
    badge.classList.toggle("is-warning", !critical);
  }
  showIcon(count, critical > 0);
}

/** The icon of the page with the count on it: an octagon for critical, a triangle for warnings. */
async function showIcon(count, isCritical) {
  const wanted = count ? `${isCritical ? "critical" : "warning"} ${Math.min(count, 100)}` : "";
  if (icon.dataset.shows === wanted) return;
  icon.dataset.shows = wanted;
  if (!count) {
    Object.assign(icon, plainIcon);
    return;
  }
  const image = new Image();
  image.src = plainIcon.href;
  await image.decode().catch(() => {});
  if (icon.dataset.shows !== wanted) return;
  Object.assign(icon, { href: drawn(image, count, isCritical), type: "image/png" });
}

function drawn(image, count, isCritical) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = ICON_PX;
  const pen = canvas.getContext("2d");
  if (image.naturalWidth) pen.drawImage(image, 0, 0, ICON_PX, ICON_PX);
  const colours = getComputedStyle(document.documentElement);
  const colour = (name) => colours.getPropertyValue(`--${name}`).trim();
  pen.beginPath();
  const corners = isCritical ? 8 : 3;
  const turn = isCritical ? Math.PI / 8 : -Math.PI / 2;
  for (let corner = 0; corner < corners; corner += 1) {
    const angle = turn + (2 * Math.PI * corner) / corners;
    pen.lineTo(40 + 24 * Math.cos(angle), 40 + 24 * Math.sin(angle));
  }
  pen.closePath();
  pen.fillStyle = colour(isCritical ? "critical" : "warning-fill");
  pen.fill();
  pen.fillStyle = colour(isCritical ? "on-critical" : "on-warning");
  pen.font = `bold ${count > 9 ? 24 : 32}px sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(count > 99 ? "99" : String(count), 40, 42);
  return canvas.toDataURL("image/png");
}

/** A new critical alert is read out at once, a new warning when there is time. */
function sayWhatIsNew(state) {
  const { newCritical, newWarning } = bar.dataset;
  const newest = line().querySelector("[data-newest]")?.textContent.replace(/\s+/g, " ") || "";
  const isCritical = state.criticalAnnounced > last.criticalAnnounced;
  if (isCritical) bar.querySelector("[data-says-at-once]").textContent = `${newCritical}. ${newest}`;
  else if (state.warningAnnounced > last.warningAnnounced) {
    bar.querySelector("[data-says-politely]").textContent = `${newWarning}. ${newest}`;
  }
}

/** One notification for what is new, in one tab: each browser remembers what it has shown. */
function notify(state) {
  const key = `${memoryKey}-notified`;
  const shown = localStorage.getItem(key);
  if (shown !== null && state.criticalAnnounced <= Number(shown)) return;
  localStorage.setItem(key, String(state.criticalAnnounced));
  const isAllowed = "Notification" in window && Notification.permission === "granted";
  if (shown === null || !isAllowed || bar.dataset.notifies === undefined) return;
  const link = line().querySelector("[data-newest]");
  const text = link ? link.textContent.replace(/\s+/g, " ").trim() : "";
  const shownNow = new Notification(bar.dataset.newCritical, { body: text, tag: memoryKey, icon: plainIcon.href });
  shownNow.onclick = () => {
    window.focus();
    if (link) location.assign(link.href);
  };
}

function showAge() {
  const isPolling = FAST_POLL_STATES.includes(document.documentElement.dataset.stream);
  const limit = isPolling ? OLD_AFTER_MS : OLD_AFTER_LIVE_MS;
  const isOffline = document.body.classList.contains("is-offline");
  bar.classList.toggle("is-stale", isOffline || Date.now() - readAt > limit);
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.id === "alarm-line") read();
});
document.addEventListener("theme:changed", () => {
  delete icon.dataset.shows;
  if (last) showCounts(last);
});
setInterval(showAge, CHECK_MS);
