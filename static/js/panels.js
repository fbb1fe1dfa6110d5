// Dialogs, drawers and collapsing panels: [data-opens=id], [data-closes], [data-toggles] (shows the element after it).
(function () {
  "use strict";

  function open(dialog) {
    if (dialog.open) return;
    dialog.showModal();
    dialog.dispatchEvent(new CustomEvent("dialog:opened", { bubbles: true }));
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens);
      if (!dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(dialog);
      return;
    }
    const closer = event.target.closest("[data-closes]");
    if (closer) closer.closest("dialog").close();
    else if (event.target instanceof HTMLDialogElement && outside(event)) event.target.close();
    const toggle = event.target.closest("[data-toggles]");
    if (toggle) toggle.setAttribute("aria-expanded", String(toggle.getAttribute("aria-expanded") !== "true"));
    document.querySelectorAll(".time-range details[open]").forEach((each) => { if (!each.contains(event.target)) each.open = false; });
  });

  function outside(event) {
    const box = event.target.getBoundingClientRect();
    return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll(".time-range details[open]").forEach((each) => { each.open = false; each.querySelector("summary").focus(); });
  });
})();
