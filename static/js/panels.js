/** Dialogs, drawers and folding panels: [data-opens=id], [data-closes], [data-toggles] (shows the element after it). */
const OPEN_RANGE = ".time-range details[open]";

function open(dialog) {
  if (dialog.open) return;
  dialog.showModal();
  dialog.dispatchEvent(new CustomEvent("dialog:opened", { bubbles: true }));
}

function openFrom(opener, event) {
  const dialog = document.getElementById(opener.dataset.opens);
  if (!dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(dialog);
}

function isOutside(event) {
  const box = event.target.getBoundingClientRect();
  const { clientX: x, clientY: y } = event;
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    openFrom(opener, event);
    return;
  }
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog").close();
  else if (event.target instanceof HTMLDialogElement && isOutside(event)) event.target.close();
  const toggle = event.target.closest("[data-toggles]");
  if (toggle) toggle.setAttribute("aria-expanded", String(toggle.getAttribute("aria-expanded") !== "true"));
  for (const range of document.querySelectorAll(OPEN_RANGE)) {
    if (!range.contains(event.target)) range.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const range of document.querySelectorAll(OPEN_RANGE)) {
    range.open = false;
    range.querySelector("summary").focus();
  }
});
