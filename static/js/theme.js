/**
 * The theme, before the first paint. The server writes the person's choice on <html>; only "as the system" is decided
 * here. The buttons of the account menu show a choice at once and save it behind.
 */
(() => {
  const root = document.documentElement;
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  root.classList.add("has-script");

  function applyTheme() {
    const choice = root.dataset.theme || "system";
    const isDark = choice === "dark" || (choice === "system" && prefersDark.matches);
    root.dataset.scheme = isDark ? "dark" : "light";
    // The Django admin keeps its theme in this browser: it follows.
    try {
      localStorage.setItem("theme", choice === "system" ? "auto" : choice);
    } catch {
      // A private window: the admin follows the system.
    }
    document.dispatchEvent(new CustomEvent("theme:changed"));
  }

  async function savePreference(button) {
    const body = new FormData(button.form);
    body.append(button.name, button.value);
    try {
      const headers = { "X-Requested-With": "XMLHttpRequest" };
      const response = await fetch(button.form.action, { method: "POST", body, headers, credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
    } catch {
      button.form.requestSubmit(button);
    }
  }

  function showPreference(button) {
    for (const other of button.parentElement.querySelectorAll("button")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    root.dataset[button.name] = button.value;
    applyTheme();
    window.dispatchEvent(new Event("resize"));
  }

  applyTheme();
  prefersDark.addEventListener("change", applyTheme);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-preferences] button[name]");
    if (!button) return;
    event.preventDefault();
    showPreference(button);
    savePreference(button);
  });
})();
