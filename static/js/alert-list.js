// The list of alerts holds still while somebody is in it: a refresh that would add, remove or move rows waits, and says so.
// It is applied when pointer and focus leave, on a click, or after a while. Also the ticks and what is done with them.
(function () {
  "use strict";
  const LONGEST_MS = 15000;
  const list = () => document.querySelector("[data-holds]");
  let pointerIsIn = false, since = 0, timer = 0;

  const rows = (root) => Array.from(root.querySelectorAll("tbody tr[id]"), (row) => row.id);
  const isBusy = () => Boolean(list() && (pointerIsIn || (list().contains(document.activeElement) && document.activeElement !== list())));

  // How many rows would come, go or change their place: all but the longest run that keeps its order.
  function moved(before, after) {
    const places = after.map((id) => before.indexOf(id)).filter((place) => place >= 0);
    const longest = [];
    places.forEach((place, at) => { longest[at] = 1 + Math.max(0, ...longest.filter((_, earlier) => places[earlier] < place)); });
    return before.length + after.length - places.length - Math.max(0, ...longest);
  }

  function hold(count) {
    const box = list().querySelector(".held");
    const text = count === 1 ? list().dataset.waitsOne : list().dataset.waitsMany.replace("%n", count);
    box.querySelector("button").textContent = text;
    box.hidden = false;
    if (since) return;
    since = Date.now();
    timer = setTimeout(release, LONGEST_MS);
  }

  function release() {
    if (!since) return;
    forget();
    htmx.trigger(list(), "release");
  }

  function forget() {
    clearTimeout(timer);
    since = 0;
    const box = list().querySelector(".held");
    if (box) box.hidden = true;
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!list() || event.detail.target !== list() || !event.detail.shouldSwap) return;
    const cause = (event.detail.requestConfig.triggeringEvent || {}).type || "";
    if (!cause.startsWith("live:") || !isBusy()) { forget(); return; }
    const page = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
    const count = moved(rows(list()), rows(page));
    if (!count) { forget(); return; }
    event.detail.shouldSwap = false;
    hold(count);
  });

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return; // a finger does not hover
    pointerIsIn = Boolean(event.target.closest("[data-holds] tbody"));
    if (!isBusy()) release();
  });
  document.addEventListener("pointerleave", () => { pointerIsIn = false; if (!isBusy()) release(); });
  document.addEventListener("focusout", () => setTimeout(() => { if (!isBusy()) release(); }, 0));
  document.addEventListener("click", (event) => { if (event.target.closest("[data-release]")) release(); });

  // Ticks
  const ticks = () => Array.from(list().querySelectorAll("[data-tick]"));

  function count() {
    const bar = list() && list().querySelector("[data-bulk]");
    if (!bar) return;
    const all = ticks(), ticked = all.filter((each) => each.checked);
    bar.hidden = !ticked.length;
    bar.querySelector("[data-bulk-count]").textContent = ticked.length;
    const box = list().querySelector("[data-tick-all]");
    box.checked = all.length > 0 && ticked.length === all.length;
    box.indeterminate = ticked.length > 0 && !box.checked;
    box.disabled = !all.length;
  }

  function tickAll(checked) {
    ticks().forEach((each) => { each.checked = checked; });
    count();
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-tick-all]")) tickAll(event.target.checked);
    else if (event.target.matches("[data-tick]")) count();
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-bulk-clear]")) tickAll(false); });
  document.addEventListener("htmx:afterSettle", count);
  window.addEventListener("pageshow", count);
})();
