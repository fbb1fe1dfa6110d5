/**
 * What every live page shares: relative times, the "connection lost" state, toasts for refused actions, and what a
 * refreshed fragment leaves as the person had it.
 */
const REFRESH_TIMES_MS = 10_000;
const TOAST_MS = 8000;
const FAILURES_UNTIL_OFFLINE = 2;
const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const relativeTime = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
let failures = 0;

function ago(date) {
  const seconds = (date - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) || UNITS[3];
  return relativeTime.format(Math.round(seconds / size), unit);
}

function refreshTimes(root) {
  for (const time of root.querySelectorAll("time[data-relative]")) time.textContent = ago(new Date(time.dateTime));
}

function noteConnection(isUp) {
  failures = isUp ? 0 : failures + 1;
  document.body.classList.toggle("is-offline", failures >= FAILURES_UNTIL_OFFLINE);
}

function showToast(text) {
  const toast = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  toast.textContent = text;
  document.getElementById("toasts").append(toast);
  setTimeout(() => toast.remove(), TOAST_MS);
}

/** Toasts that came with an answer, in templates. */
function showToastsOf(root) {
  for (const template of root.querySelectorAll("template[data-toast]")) {
    const toast = template.content.firstElementChild;
    template.remove();
    document.getElementById("toasts").append(toast);
    htmx.process(toast);
    passAway(toast);
  }
}

/** It goes by itself, but not while somebody is in it. */
function passAway(toast) {
  setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) passAway(toast);
    else toast.remove();
  }, TOAST_MS);
}

/** A fragment that comes again does not close what is open, untick what is ticked or take away what is being typed. */
function keepWhatThePersonDid(old, fresh) {
  if (!(old instanceof Element) || !(fresh instanceof Element)) return true;
  if (old.localName === "dialog" && old.open) return false;
  if (old.dataset.chart !== undefined && old.dataset.chart === fresh.dataset.chart) return false;
  if (old.localName === "details") fresh.toggleAttribute("open", old.open);
  if (old.hasAttribute("data-toggles")) fresh.setAttribute("aria-expanded", old.getAttribute("aria-expanded"));
  if (old.localName === "input" && old.type === "checkbox") keepTick(old, fresh);
  else if (old.matches("textarea, select, input:not([type=hidden])") && isTouched(old)) return false;
  return true;
}

function keepTick(old, fresh) {
  if (old.checked === old.defaultChecked) return;
  fresh.checked = old.checked;
  if (old.checked) fresh.setAttribute("value", old.value); // what was ticked is the row as it was seen
}

function isTouched(field) {
  if (field === document.activeElement) return true;
  return field.localName === "select" ? false : field.value !== field.defaultValue;
}

document.addEventListener("DOMContentLoaded", () => {
  if (window.Idiomorph) Idiomorph.defaults.callbacks.beforeNodeMorphed = keepWhatThePersonDid;
  refreshTimes(document);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { status, responseURL, responseText } = event.detail.xhr;
  noteConnection(status > 0 && status < 500);
  if (status === 401 || responseURL.includes("/sign-in/")) location.reload();
  else if (status >= 400) showToast(responseText.slice(0, 300) || `Error ${status}`);
});
document.addEventListener("htmx:afterSwap", () => showToastsOf(document));
document.addEventListener("ems:says", (event) => showToast(event.detail));
document.addEventListener("htmx:timeout", () => noteConnection(false));
document.addEventListener("htmx:load", (event) => refreshTimes(event.detail.elt.parentNode || document));
setInterval(() => refreshTimes(document), REFRESH_TIMES_MS);
