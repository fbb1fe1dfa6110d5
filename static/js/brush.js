// Picks a range of the whole record: drag an end or the window, or move an end by arrow keys and press Enter. The range is the URL's.
(function () {
  "use strict";
  const LEAST_SHARE = 0.004;

  function start(brush) {
    if (brush.started) return;
    brush.started = true;
    const first = Number(brush.dataset.first), last = Number(brush.dataset.last), span = last - first;
    const clamp = (at) => Math.min(Math.max(at, first), last);
    const range = { from: clamp(Number(brush.dataset.from || first)), to: clamp(Number(brush.dataset.to || last)) };
    const part = (name) => brush.querySelector(name);
    const says = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short", timeZone: brush.dataset.zone });

    function show() {
      const share = (at) => `${(100 * (at - first)) / span}%`;
      part("[data-shade=before]").style.width = share(range.from);
      part("[data-shade=after]").style.width = `${100 - (100 * (range.to - first)) / span}%`;
      part("[data-window]").style.left = share(range.from);
      part("[data-window]").style.width = `${(100 * (range.to - range.from)) / span}%`;
      for (const edge of ["from", "to"]) {
        const handle = part(`[data-edge=${edge}]`);
        handle.style.left = share(range[edge]);
        handle.setAttribute("aria-valuemin", first);
        handle.setAttribute("aria-valuemax", last);
        handle.setAttribute("aria-valuenow", Math.round(range[edge]));
        handle.setAttribute("aria-valuetext", says.format(new Date(range[edge] * 1000)));
      }
    }

    function move(edge, at) {
      const least = LEAST_SHARE * span;
      if (edge === "from") range.from = Math.min(clamp(at), range.to - least);
      else range.to = Math.max(clamp(at), range.from + least);
      show();
    }

    // An end at the end of the record stays open: the range then follows what comes in.
    function go() {
      const url = new URL(location.href), write = (at) => new Date(60000 * Math.round(at / 60)).toISOString().slice(0, 16) + "Z";
      ["range", "from", "to", "page"].forEach((name) => url.searchParams.delete(name));
      const atStart = range.from <= first + 0.001 * span, atEnd = range.to >= last - 0.001 * span;
      if (atStart && atEnd) url.searchParams.set("range", "all");
      if (!atStart || !atEnd) url.searchParams.set("from", write(range.from));
      if (!atEnd) url.searchParams.set("to", write(range.to));
      location.assign(url);
    }

    brush.addEventListener("pointerdown", (event) => {
      const box = brush.getBoundingClientRect(), at = (x) => first + (span * (x - box.left)) / box.width;
      const begin = at(event.clientX), before = { ...range };
      const handle = event.target.closest("[data-edge]"), inside = event.target.closest("[data-window]");
      let moved = false;
      if (event.button !== 0) return;
      event.preventDefault();
      if (handle) handle.focus();
      brush.setPointerCapture(event.pointerId);
      const drag = (next) => {
        const now = at(next.clientX);
        if (!moved && Math.abs(next.clientX - event.clientX) < 3) return;
        moved = true;
        if (handle) move(handle.dataset.edge, now);
        else if (inside) {
          const by = Math.min(Math.max(now - begin, first - before.from), last - before.to);
          Object.assign(range, { from: before.from + by, to: before.to + by });
          show();
        } else { range.from = clamp(Math.min(begin, now)); range.to = clamp(Math.max(begin, now, range.from + LEAST_SHARE * span)); show(); }
      };
      brush.addEventListener("pointermove", drag);
      const done = () => { brush.removeEventListener("pointermove", drag); if (moved) go(); };
      brush.addEventListener("pointerup", done, { once: true });
      brush.addEventListener("pointercancel", () => brush.removeEventListener("pointermove", drag), { once: true });
    });

    brush.addEventListener("keydown", (event) => {
      const handle = event.target.closest("[data-edge]");
      if (!handle) return;
      const edge = handle.dataset.edge, day = 86400, step = event.shiftKey ? 7 * day : Math.min(day, span / 50);
      const next = { ArrowLeft: range[edge] - step, ArrowDown: range[edge] - step, ArrowRight: range[edge] + step, ArrowUp: range[edge] + step, PageDown: range[edge] - 7 * day, PageUp: range[edge] + 7 * day, Home: first, End: last }[event.key];
      if (next !== undefined) { event.preventDefault(); move(edge, next); }
      else if (event.key === "Enter") { event.preventDefault(); go(); }
    });
    show();
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-brush]").forEach(start));
  document.addEventListener("htmx:load", (event) => (event.detail.elt.parentNode || document).querySelectorAll("[data-brush]").forEach(start));
})();
