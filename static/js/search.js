// Search everywhere: the field keeps the focus, arrows move through the results, Enter opens, Escape closes.
(function () {
  "use strict";
  const dialog = document.getElementById("search");
  const input = document.getElementById("search-input");
  const results = document.getElementById("search-results");
  const hits = () => Array.from(results.querySelectorAll("[role=option]"));

  function choose(hit) {
    hits().forEach((each) => each.setAttribute("aria-selected", String(each === hit)));
    if (!hit) { input.removeAttribute("aria-activedescendant"); return; }
    input.setAttribute("aria-activedescendant", hit.id);
    hit.scrollIntoView({ block: "nearest" });
  }

  dialog.addEventListener("dialog:opened", () => {
    input.select();
    htmx.trigger(input, "opened");
  });
  results.addEventListener("htmx:afterSwap", () => choose(hits()[0]));
  results.addEventListener("mousemove", (event) => { const hit = event.target.closest("[role=option]"); if (hit) choose(hit); });

  input.addEventListener("keydown", (event) => {
    const all = hits();
    const at = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (all.length) choose(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      all[at].click();
    } else if (event.key === "Escape") {
      event.preventDefault(); // a search field would only be emptied
      dialog.close();
    }
  });
})();
