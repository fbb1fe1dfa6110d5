/**
 * Picks a range of the whole record: drag an end or the window, or move an end by arrow keys and press Enter. The range
 * is the URL's. Times are seconds since 1970.
 */
const MIN_SHARE = 0.004;
const EDGE_SHARE = 0.001; // an end this near to the end of the record is the end of the record
const MIN_DRAG_PX = 3;
const DAY_S = 86_400;

class Brush {
  constructor(element) {
    this.element = element;
    this.first = Number(element.dataset.first);
    this.last = Number(element.dataset.last);
    this.span = this.last - this.first;
    const { from, to, zone: timeZone } = element.dataset;
    this.range = { from: this.clamp(Number(from || this.first)), to: this.clamp(Number(to || this.last)) };
    const language = document.documentElement.lang;
    this.format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone });
    element.addEventListener("pointerdown", (event) => this.startDrag(event));
    element.addEventListener("keydown", (event) => this.handleKey(event));
    this.show();
  }

  clamp(time) {
    return Math.min(Math.max(time, this.first), this.last);
  }

  show() {
    const percent = (time) => (100 * (time - this.first)) / this.span;
    const style = (selector) => this.element.querySelector(selector).style;
    const { from, to } = this.range;
    style("[data-shade=before]").width = `${percent(from)}%`;
    style("[data-shade=after]").width = `${100 - percent(to)}%`;
    style("[data-window]").left = `${percent(from)}%`;
    style("[data-window]").width = `${percent(to) - percent(from)}%`;
    this.showHandle("from", percent(from));
    this.showHandle("to", percent(to));
  }

  showHandle(edge, percent) {
    const handle = this.element.querySelector(`[data-edge=${edge}]`);
    handle.style.left = `${percent}%`;
    handle.setAttribute("aria-valuemin", this.first);
    handle.setAttribute("aria-valuemax", this.last);
    handle.setAttribute("aria-valuenow", Math.round(this.range[edge]));
    handle.setAttribute("aria-valuetext", this.format.format(new Date(this.range[edge] * 1000)));
  }

  moveEdge(edge, time) {
    const least = MIN_SHARE * this.span;
    if (edge === "from") this.range.from = Math.min(this.clamp(time), this.range.to - least);
    else this.range.to = Math.max(this.clamp(time), this.range.from + least);
    this.show();
  }

  moveWindow(before, by) {
    const bounded = Math.min(Math.max(by, this.first - before.from), this.last - before.to);
    this.range = { from: before.from + bounded, to: before.to + bounded };
    this.show();
  }

  select(begin, end) {
    const least = MIN_SHARE * this.span;
    const from = this.clamp(Math.min(begin, end));
    this.range = { from, to: this.clamp(Math.max(begin, end, from + least)) };
    this.show();
  }

  /** Open the page of the range. An end at the end of the record stays open: the range then follows what comes in. */
  go() {
    const url = new URL(location.href);
    const minute = (time) => `${new Date(60_000 * Math.round(time / 60)).toISOString().slice(0, 16)}Z`;
    for (const name of ["range", "from", "to", "page"]) url.searchParams.delete(name);
    const isAtStart = this.range.from <= this.first + EDGE_SHARE * this.span;
    const isAtEnd = this.range.to >= this.last - EDGE_SHARE * this.span;
    if (isAtStart && isAtEnd) url.searchParams.set("range", "all");
    if (!isAtStart || !isAtEnd) url.searchParams.set("from", minute(this.range.from));
    if (!isAtEnd) url.searchParams.set("to", minute(this.range.to));
    location.assign(url);
  }

  timeAt(x) {
    const box = this.element.getBoundingClientRect();
    return this.first + (this.span * (x - box.left)) / box.width;
  }

  startDrag(event) {
    if (event.button !== 0) return;
    const handle = event.target.closest("[data-edge]");
    const isInWindow = event.target.closest("[data-window]");
    const begin = this.timeAt(event.clientX);
    const before = { ...this.range };
    let hasMoved = false;
    event.preventDefault();
    handle?.focus();
    this.element.setPointerCapture(event.pointerId);
    const drag = (next) => {
      if (!hasMoved && Math.abs(next.clientX - event.clientX) < MIN_DRAG_PX) return;
      hasMoved = true;
      const now = this.timeAt(next.clientX);
      if (handle) this.moveEdge(handle.dataset.edge, now);
      else if (isInWindow) this.moveWindow(before, now - begin);
      else this.select(begin, now);
    };
    const stop = () => this.element.removeEventListener("pointermove", drag);
    const finish = () => {
      stop();
      if (hasMoved) this.go();
    };
    this.element.addEventListener("pointermove", drag);
    this.element.addEventListener("pointerup", finish, { once: true });
    this.element.addEventListener("pointercancel", stop, { once: true });
  }

  handleKey(event) {
    const handle = event.target.closest("[data-edge]");
    if (!handle) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.go();
      return;
    }
    const now = this.range[handle.dataset.edge];
    const step = event.shiftKey ? 7 * DAY_S : Math.min(DAY_S, this.span / 50);
    const next = {
      ArrowLeft: now - step,
      ArrowDown: now - step,
      ArrowRight: now + step,
      ArrowUp: now + step,
      PageDown: now - 7 * DAY_S,
      PageUp: now + 7 * DAY_S,
      Home: this.first,
      End: this.last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.moveEdge(handle.dataset.edge, next);
  }
}

function start(root) {
  for (const element of root.querySelectorAll("[data-brush]")) element.brush ||= new Brush(element);
}

document.addEventListener("DOMContentLoaded", () => start(document));
document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentNode || document));
