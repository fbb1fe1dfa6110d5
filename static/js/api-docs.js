/** Swagger UI has a dark look of its own, behind a class: it follows the page's theme (theme.js). */
(() => {
  const root = document.documentElement;
  const follow = () => root.classList.toggle("dark-mode", root.dataset.scheme === "dark");
  follow();
  document.addEventListener("theme:changed", follow);
})();
