// The keyboard map that "?" shows. Single keys act only outside of fields, and not at all where the user turned them off.
(function () {
  "use strict";
  const off = document.querySelector("#key-map[data-off]") !== null;
  const rows = () => Array.from(document.querySelectorAll("main .table tbody tr, main .rows > *")).filter((row) => target(row) && row.offsetParent);
  let waiting = 0; // "g" was pressed: until when the next key names a page

  function target(row) {
    return row.matches("a") ? row : row.querySelector("[data-opens-row]") || row.querySelector("a[href]");
  }

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    target(next).focus();
    next.scrollIntoView({ block: "nearest" });
  }

  // The button of this key in the row that has the focus; on a page about one alert, the page's own.
  function press(key) {
    const row = document.activeElement.closest(".table tbody tr");
    const button = row ? row.querySelector(`[data-key="${key}"]`) : document.querySelector(`main [data-key="${key}"]:not(tr *)`);
    if (button) button.click();
  }

  function open(id) {
    const opener = document.querySelector(`[data-opens="${id}"]`);
    if (opener) opener.click();
  }

  const isTyping = (element) => element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
    if (isTyping(event.target)) { if (event.key === "Escape") event.target.blur(); return; }
    const row = document.activeElement.closest(".table tbody tr, .rows > *");
    if (row && (event.key === "ArrowDown" || event.key === "ArrowUp")) { event.preventDefault(); step(event.key === "ArrowDown" ? 1 : -1); return; }
    if (off) return;
    if (waiting > Date.now()) {
      waiting = 0;
      const link = document.querySelector(`[data-goes="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    const acts = { "/": () => open("search"), "?": () => open("keys"), g: () => { waiting = Date.now() + 1500; }, j: () => step(1), k: () => step(-1), a: () => press("a"), r: () => press("r") };
    if (Object.hasOwn(acts, event.key)) { event.preventDefault(); acts[event.key](); }
  });
})();
