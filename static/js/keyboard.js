/**
 * The keyboard map that "?" shows. Single keys act only outside of fields, and not at all where the person turned them
 * off.
 */
const NEXT_KEY_WITHIN_MS = 1500;
const ROWS = "main .table tbody tr, main .rows > *";
const areShortcutsOff = document.querySelector("#key-map[data-off]") !== null;
let pageKeyUntil = 0; // "g" was pressed: until when the next key names a page

const linkOf = (row) =>
  row.matches("a") ? row : row.querySelector("[data-opens-row]") || row.querySelector("a[href]");
const visibleRows = () => Array.from(document.querySelectorAll(ROWS)).filter((row) => linkOf(row) && row.offsetParent);
const isTyping = (element) =>
  element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

function moveFocus(by) {
  const rows = visibleRows();
  if (!rows.length) return;
  const current = rows.findIndex((row) => row.contains(document.activeElement));
  const first = by > 0 ? 0 : rows.length - 1;
  const next = rows[current < 0 ? first : Math.min(Math.max(current + by, 0), rows.length - 1)];
  linkOf(next).focus();
  next.scrollIntoView({ block: "nearest" });
}

/** The button of this key in the row that has the focus; on a page about one alert, the page's own. */
function press(key) {
  const row = document.activeElement.closest(".table tbody tr");
  const button = row
    ? row.querySelector(`[data-key="${key}"]`)
    : document.querySelector(`main [data-key="${key}"]:not(tr *)`);
  if (button) button.click();
  else sayWhyNot(row, key);
}

/** A key that does nothing here says why, where the page knows. */
function sayWhyNot(row, key) {
  const why = row
    ? row.querySelector(`[data-why-not="${key}"]`)
    : document.querySelector(`main [data-why-not="${key}"]:not(tr *)`);
  if (why) document.dispatchEvent(new CustomEvent("ems:says", { detail: why.textContent.trim() }));
}

function open(id) {
  document.querySelector(`[data-opens="${id}"]`)?.click();
}

function goToPage(event) {
  pageKeyUntil = 0;
  const link = document.querySelector(`[data-goes="${CSS.escape(event.key)}"]`);
  if (!link) return;
  event.preventDefault();
  link.click();
}

const ACTIONS = {
  "/": () => open("search"),
  "?": () => open("keys"),
  g: () => {
    pageKeyUntil = Date.now() + NEXT_KEY_WITHIN_MS;
  },
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  a: () => press("a"),
  r: () => press("r"),
  m: () => document.querySelector("[data-silences]:not([hidden])")?.click(),
};

document.addEventListener("keydown", (event) => {
  const isTaken = event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey;
  if (isTaken || document.querySelector("dialog:modal")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const row = document.activeElement.closest(".table tbody tr, .rows > *");
  if (row && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    moveFocus(event.key === "ArrowDown" ? 1 : -1);
    return;
  }
  if (areShortcutsOff) return;
  if (pageKeyUntil > Date.now()) {
    goToPage(event);
    return;
  }
  if (!Object.hasOwn(ACTIONS, event.key)) return;
  event.preventDefault();
  ACTIONS[event.key]();
});
