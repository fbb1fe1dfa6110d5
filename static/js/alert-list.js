/**
 * The list of alerts holds still while somebody is in it: a refresh that would add, remove or move rows waits, and says
 * so. It is applied when pointer and focus leave, on a click, or after a while. Also the ticks and what is done with
 * them.
 */
const MAX_WAIT_MS = 15_000;
let isPointerInside = false;
let waitingSince = 0;
let timer = 0;

const list = () => document.querySelector("[data-holds]");
const rowIds = (root) => Array.from(root.querySelectorAll("tbody tr[id]"), (row) => row.id);

function isBusy() {
  if (!list()) return false;
  const focused = document.activeElement;
  return isPointerInside || (list().contains(focused) && focused !== list());
}

/** How many rows would come, go or change their place: all but the longest run that keeps its order. */
function countMoved(before, after) {
  const places = after.map((id) => before.indexOf(id)).filter((place) => place >= 0);
  const longest = [];
  places.forEach((place, index) => {
    const runsBefore = longest.filter((_, earlier) => places[earlier] < place);
    longest[index] = 1 + Math.max(0, ...runsBefore);
  });
  return before.length + after.length - places.length - Math.max(0, ...longest);
}

function hold(count) {
  const notice = list().querySelector(".held");
  const { waitsOne, waitsMany } = list().dataset;
  notice.querySelector("button").textContent = count === 1 ? waitsOne : waitsMany.replace("%n", count);
  notice.hidden = false;
  if (waitingSince) return;
  waitingSince = Date.now();
  timer = setTimeout(release, MAX_WAIT_MS);
}

function release() {
  if (!waitingSince) return;
  forget();
  htmx.trigger(list(), "release");
}

function releaseUnlessBusy() {
  if (!isBusy()) release();
}

function forget() {
  clearTimeout(timer);
  waitingSince = 0;
  const notice = list().querySelector(".held");
  if (notice) notice.hidden = true;
}

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!list() || event.detail.target !== list() || !event.detail.shouldSwap) return;
  const cause = event.detail.requestConfig.triggeringEvent?.type || "";
  const page = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
  const mustHold = cause.startsWith("live:") && isBusy();
  const count = mustHold ? countMoved(rowIds(list()), rowIds(page)) : 0;
  if (!count) {
    forget();
    return;
  }
  event.detail.shouldSwap = false;
  hold(count);
});

document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return; // a finger does not hover
  isPointerInside = Boolean(event.target.closest("[data-holds] tbody"));
  releaseUnlessBusy();
});
document.addEventListener("pointerleave", () => {
  isPointerInside = false;
  releaseUnlessBusy();
});
document.addEventListener("focusout", () => setTimeout(releaseUnlessBusy, 0));

const ticks = () => Array.from(list().querySelectorAll("[data-tick]"));

function showCount() {
  const bar = list()?.querySelector("[data-bulk]");
  if (!bar) return;
  const all = ticks();
  const ticked = all.filter((tick) => tick.checked);
  bar.hidden = !ticked.length;
  bar.querySelector("[data-bulk-count]").textContent = ticked.length;
  const tickAllBox = list().querySelector("[data-tick-all]");
  tickAllBox.checked = all.length > 0 && ticked.length === all.length;
  tickAllBox.indeterminate = ticked.length > 0 && !tickAllBox.checked;
  tickAllBox.disabled = !all.length;
}

function tickAll(isChecked) {
  for (const tick of ticks()) tick.checked = isChecked;
  showCount();
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick-all]")) tickAll(event.target.checked);
  else if (event.target.matches("[data-tick]")) showCount();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-release]")) release();
  if (event.target.closest("[data-bulk-clear]")) tickAll(false);
});
document.addEventListener("htmx:afterSettle", showCount);
window.addEventListener("pageshow", showCount);
