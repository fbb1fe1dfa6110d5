// What every live page shares: relative times, the "connection lost" state, toasts for refused actions, and what a
// refreshed fragment leaves as the person had it.
(function () {
  "use strict";
  let failures = 0;
  const locale = document.documentElement.lang;
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

  function ago(date) {
    const seconds = (date - Date.now()) / 1000;
    const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) || units[3];
    return relative.format(Math.round(seconds / size), unit);
  }

  function refreshTimes(root) {
    root.querySelectorAll("time[data-relative]").forEach((element) => {
      element.textContent = ago(new Date(element.dateTime));
    });
  }

  function connection(ok) {
    failures = ok ? 0 : failures + 1;
    document.body.classList.toggle("is-offline", failures >= 2);
  }

  function toast(text) {
    const box = document.getElementById("toast").content.firstElementChild.cloneNode(true);
    box.textContent = text;
    document.getElementById("toasts").append(box);
    setTimeout(() => box.remove(), 8000);
  }

  // A fragment that comes again does not close what is open, untick what is ticked or take away what is being typed.
  function keep(old, fresh) {
    if (!(old instanceof Element) || !(fresh instanceof Element)) return true;
    if (old.localName === "dialog" && old.open) return false;
    if (old.dataset.chart !== undefined && old.dataset.chart === fresh.dataset.chart) return false;
    if (old.localName === "details") fresh.toggleAttribute("open", old.open);
    if (old.hasAttribute("data-toggles")) fresh.setAttribute("aria-expanded", old.getAttribute("aria-expanded"));
    if (old.localName === "input" && old.type === "checkbox") keepTick(old, fresh);
    else if (old.matches("textarea, select, input:not([type=hidden])") && isTouched(old)) return false;
    return true;
  }

  function keepTick(old, fresh) {
    if (old.checked === old.defaultChecked) return;
    fresh.checked = old.checked;
    if (old.checked) fresh.setAttribute("value", old.value); // what was ticked is the row as it was seen
  }

  function isTouched(field) {
    if (field === document.activeElement) return true;
    return field.localName === "select" ? false : field.value !== field.defaultValue;
  }

  document.addEventListener("DOMContentLoaded", () => { if (window.Idiomorph) Idiomorph.defaults.callbacks.beforeNodeMorphed = keep; });

  document.addEventListener("htmx:afterRequest", (event) => {
    const status = event.detail.xhr.status;
    connection(status > 0 && status < 500);
    if (status === 401 || event.detail.xhr.responseURL.includes("/sign-in/")) location.reload();
    else if (status >= 400) toast(event.detail.xhr.responseText.slice(0, 300) || "Error " + status);
  });
  document.addEventListener("htmx:timeout", () => connection(false));
  document.addEventListener("htmx:load", (event) => refreshTimes(event.detail.elt.parentNode || document));
  document.addEventListener("DOMContentLoaded", () => refreshTimes(document));
  setInterval(() => refreshTimes(document), 10000);
})();
