// Runs before the first paint. The server writes the choice on <html>; only "as the system" is decided here.
(function () {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  root.classList.add("has-script");

  function apply() {
    const choice = root.dataset.theme || "system";
    root.dataset.scheme = choice === "dark" || (choice === "system" && dark.matches) ? "dark" : "light";
    // The Django admin keeps its theme in this browser: it follows.
    try { localStorage.setItem("theme", choice === "system" ? "auto" : choice); } catch { /* private window: the admin follows the system */ }
    document.dispatchEvent(new CustomEvent("theme:changed"));
  }

  apply();
  dark.addEventListener("change", apply);

  // The account menu: shown at once, saved behind it. Without this file the buttons send the form.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-preferences] button[name]");
    if (!button) return;
    event.preventDefault();
    button.parentElement.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
    root.dataset[button.name] = button.value;
    apply();
    window.dispatchEvent(new Event("resize"));
    const form = button.form;
    const body = new FormData(form);
    body.append(button.name, button.value);
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "XMLHttpRequest" }, credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
    } catch { form.requestSubmit(button); }
  });
})();
