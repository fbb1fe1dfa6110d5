// Runs before the first paint: light, dark, or as the system; kept in this browser.
(function () {
  "use strict";
  const order = ["system", "light", "dark"];
  const icons = { system: "monitor", light: "sun", dark: "moon" };
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const read = () => { try { return localStorage.getItem("theme") || "system"; } catch { return "system"; } };

  function apply() {
    const choice = read();
    document.documentElement.dataset.bsTheme = choice === "dark" || (choice === "system" && dark.matches) ? "dark" : "light";
    document.querySelectorAll("[data-theme-toggle] use").forEach((use) => {
      use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#" + icons[choice]));
    });
    document.dispatchEvent(new CustomEvent("theme:changed"));
  }

  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = order[(order.indexOf(read()) + 1) % order.length];
    try { localStorage.setItem("theme", next); } catch { /* private window: the choice lasts for this page */ }
    apply();
  });
})();
