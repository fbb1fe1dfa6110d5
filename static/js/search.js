/** Search everywhere: the field keeps the focus, arrows move through the results, Enter opens, Escape closes. */
const dialog = document.getElementById("search");
const input = document.getElementById("search-input");
const results = document.getElementById("search-results");

const options = () => Array.from(results.querySelectorAll("[role=option]"));

function choose(option) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === option));
  if (!option) {
    input.removeAttribute("aria-activedescendant");
    return;
  }
  input.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function handleKey(event) {
  const all = options();
  const current = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const next = current + (event.key === "ArrowDown" ? 1 : -1);
    if (all.length) choose(all[(next + all.length) % all.length]);
  } else if (event.key === "Enter" && current >= 0) {
    event.preventDefault();
    all[current].click();
  } else if (event.key === "Escape") {
    event.preventDefault(); // a search field would only be emptied
    dialog.close();
  }
}

dialog.addEventListener("dialog:opened", () => {
  input.select();
  htmx.trigger(input, "opened");
});
results.addEventListener("htmx:afterSwap", () => choose(options()[0]));
results.addEventListener("mousemove", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) choose(option);
});
input.addEventListener("keydown", handleKey);
