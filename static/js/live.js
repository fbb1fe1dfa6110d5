// What every live page shares: relative times, the "connection lost" state, toasts for refused actions.
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
    const box = document.createElement("div");
    box.className = "notice is-warning";
    box.setAttribute("role", "alert");
    box.textContent = text;
    document.getElementById("toasts").append(box);
    setTimeout(() => box.remove(), 8000);
  }

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
