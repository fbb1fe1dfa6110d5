/** The export page of the library writes its handler into the page, where the content security policy stops it. */
document.addEventListener("change", (event) => {
  if (event.target.matches(".select-toggle") && window.onSelectToggleChange) window.onSelectToggleChange(event);
});
