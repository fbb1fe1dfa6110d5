/**
 * Draws every [data-chart] from the figure that its URL answers, painted with the page's own tokens. A figure may carry
 * "summary" (a sentence for below it), "empty" (why there is none) and layout.meta.episodes (what a click opens).
 */
const NARROW_PX = 560;
const IN_ADVANCE = "200px"; // a chart this near to the window is fetched
const PAPER_PX = 670; // A4 less margins of 12 mm and the padding of a card, at 96 pixels an inch
const CONFIG = {
  responsive: true,
  displaylogo: false,
  modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"]],
  locale: "page",
};
// Dates as numbers, largest unit first: the same in every language.
const TICK_FORMATS = [
  { dtickrange: [null, 86_400_000 - 1], value: "%H:%M\n%d %b" },
  { dtickrange: [86_400_000, "M1"], value: "%d %b\n%Y" },
  { dtickrange: ["M1", null], value: "%b\n%Y" },
];
const zoomed = {}; // by data-link: also for a chart of it that is drawn later
let separators = "";

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const isNarrow = (element) => element.clientWidth < NARROW_PX;
const isEpisode = (part) => (part.name || "").startsWith("episode:");

/** Give Plotly months, days and the marks of numbers as the page's language writes them; the marks are returned. */
function localise() {
  const language = document.documentElement.lang || "en";
  const names = (options, dates) => {
    const format = new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
    return dates.map((date) => format.format(date));
  };
  const months = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2024, month, 15)));
  const days = Array.from({ length: 7 }, (_, day) => new Date(Date.UTC(2024, 8, 1 + day))); // a Sunday
  const parts = new Intl.NumberFormat(language).formatToParts(12345.6);
  const mark = (type, otherwise) => parts.find((part) => part.type === type)?.value || otherwise;
  const [decimal, thousands] = [mark("decimal", "."), mark("group", ",")];
  Plotly.register({
    moduleType: "locale",
    name: "page",
    dictionary: {},
    format: {
      days: names({ weekday: "long" }, days),
      shortDays: names({ weekday: "short" }, days),
      months: names({ month: "long" }, months),
      shortMonths: names({ month: "short" }, months),
      date: "%Y-%m-%d",
      decimal,
      thousands,
    },
  });
  return decimal + thousands;
}

function coloursByRole() {
  return {
    measured: token("--chart-1"),
    "measured-2": token("--chart-2"),
    "measured-3": token("--chart-3"),
    "measured-4": token("--chart-4"),
    expected: token("--normal"),
    extra: token("--critical"),
    critical: token("--critical"),
    warning: token("--warning-fill"),
    normal: token("--normal"),
    unknown: token("--unknown"),
    link: token("--unknown"),
    dead: token("--edge-strong"),
    ink: token("--ink"),
  };
}

function paintTrace(trace, colours) {
  const { role, states } = trace.meta || {};
  if (role === "band") {
    trace.fillcolor = token("--chart-band");
    trace.line = { width: 0, color: token("--chart-band") };
  } else if (colours[role] && trace.line) trace.line = { ...trace.line, color: colours[role] };
  if (role === "heat") {
    trace.colorscale = [
      [0, token("--surface-2")],
      [1, token("--chart-1")],
    ];
  }
  if (trace.fill === "tozeroy") trace.fillcolor = token("--chart-episode");
  if (trace.marker && states) paintNodes(trace.marker, states, colours);
  else if (trace.marker && colours[role]) trace.marker.color = token("--ink-2");
  if ((trace.mode || "").includes("text")) trace.textfont = { color: colours.ink, size: 12 };
}

function paintNodes(marker, states, colours) {
  marker.color = states.map((state) => (state === "unknown" ? token("--surface") : colours[state]));
  marker.line = {
    width: states.map(() => 2),
    color: states.map((state) => (state === "warning" ? token("--warning-edge") : colours[state])),
  };
}

function paintLayout(layout, colours) {
  const transparent = "rgba(0,0,0,0)";
  Object.assign(layout, { paper_bgcolor: transparent, plot_bgcolor: transparent, autosize: true, separators });
  layout.font = { family: token("--font") || "sans-serif", size: 12, color: token("--ink-2") };
  layout.modebar = {
    bgcolor: transparent,
    color: token("--edge-strong"),
    activecolor: token("--ink"),
    orientation: "v",
  };
  layout.hoverlabel = {
    bgcolor: token("--surface"),
    bordercolor: token("--edge-strong"),
    font: { color: colours.ink },
  };
}

function paintAxes(layout, element) {
  const narrow = isNarrow(element);
  const lines = { gridcolor: token("--chart-grid"), linecolor: token("--edge"), zerolinecolor: token("--edge") };
  for (const [name, axis] of Object.entries(layout)) {
    if (!/^[xy]axis/.test(name)) continue;
    Object.assign(axis, lines);
    if (axis.type === "date") {
      const spikecolor = token("--edge-strong");
      Object.assign(axis, { tickangle: 0, nticks: narrow ? 4 : 9, spikecolor, tickformatstops: TICK_FORMATS });
    }
    if (name.startsWith("y") && axis.title && narrow) axis.nticks = 4;
  }
}

function paintMarks(layout, colours) {
  for (const shape of layout.shapes || []) {
    const [kind, state] = (shape.name || "").split(":");
    if (kind === "episode") shape.fillcolor = token(`--chart-episode${state === "critical" ? "" : "-warning"}`);
    if (kind === "guide") shape.line.color = colours.unknown;
    if (kind === "limit") shape.line.color = colours.critical;
  }
  for (const note of layout.annotations || []) {
    const [kind, state] = (note.name || "").split(":");
    const isCritical = kind === "episode" && state === "critical";
    note.font = { size: 11, color: isCritical ? colours.critical : colours.ink };
    if (kind === "badge") Object.assign(note, { bgcolor: token("--surface"), bordercolor: colours[state] });
  }
}

function paint(figure, element) {
  const colours = coloursByRole();
  for (const trace of figure.data) paintTrace(trace, colours);
  paintLayout(figure.layout, colours);
  paintAxes(figure.layout, element);
  paintMarks(figure.layout, colours);
  if (figure.layout.legend) makeSpace(figure, element);
  return figure;
}

/** The legend stands at the top, in as many rows as it needs; the labels of episodes between it and the first panel. */
function makeSpace({ data, layout }, element) {
  const entries = data.filter((trace) => trace.showlegend !== false);
  const widest = Math.max(...entries.map((trace) => 6 * trace.name.length + 36), 1);
  const perRow = Math.max(1, Math.floor((element.clientWidth - 30) / widest));
  const rows = Math.ceil(entries.length / perRow);
  const hasLabels = (layout.annotations || []).some(isEpisode);
  const sides = isNarrow(element) ? { l: 46, r: 6 } : {};
  layout.margin = { ...layout.margin, ...sides, t: 12 + 19 * rows + (hasLabels ? 18 : 4) };
}

/** Where the label of an episode stands in sight: its place in pixels, and its new x and anchor. */
function placeLabel(note, shape, axis) {
  const width = axis._length;
  const from = axis.l2p(axis.d2l(shape.x0));
  const to = axis.l2p(axis.d2l(shape.x1));
  const needed = 7 * note.text.length + 8;
  const isLeft = Math.max(from, 0) + needed <= width;
  const start = isLeft ? Math.max(from, 0) : Math.min(to, width) - needed;
  const left = from < 0 ? axis.p2d(0) : shape.x0;
  const right = to > width ? axis.p2d(width) : shape.x1;
  return {
    start,
    end: start + needed,
    isInSight: from < width && to > 0 && start >= -needed / 4,
    x: isLeft ? left : right,
    xanchor: isLeft ? "left" : "right",
  };
}

/** Of the labels of episodes those that find space, the critical first; the others are in the list of episodes. */
function thinLabels(element) {
  const notes = element.layout.annotations || [];
  const axis = element._fullLayout?.xaxis;
  if (!axis || !notes.some(isEpisode)) return;
  const isCritical = (index) => notes[index].name === "episode:critical";
  const order = notes.map((_, index) => index).sort((a, b) => isCritical(b) - isCritical(a));
  const taken = [];
  const update = {};
  for (const index of order.filter((each) => isEpisode(notes[each]))) {
    const note = notes[index];
    const place = placeLabel(note, element.layout.shapes[index], axis);
    const fits = place.isInSight && !taken.some((other) => place.start < other.end && place.end > other.start);
    if ((note.visible !== false) !== fits) update[`annotations[${index}].visible`] = fits;
    if (!fits) continue;
    taken.push(place);
    if (note.x === place.x && note.xanchor === place.xanchor) continue;
    update[`annotations[${index}].x`] = place.x;
    update[`annotations[${index}].xanchor`] = place.xanchor;
  }
  if (Object.keys(update).length) Plotly.relayout(element, update);
}

/** Fetch the figure and show it; a change meanwhile fetches it once more afterwards. */
async function draw(element) {
  if (element.isAsking) {
    element.askAgain = true;
    return;
  }
  element.isAsking = true;
  try {
    const headers = { Accept: "application/json" };
    const response = await fetch(element.dataset.chart, { headers, credentials: "same-origin" });
    if (response.ok) {
      element.figure = await response.json();
      await show(element);
    } else if (!element.figure) showEmpty(element, await response.text());
  } catch {
    // The connection is gone: stream.js says so, and "poll" asks again.
  }
  element.isAsking = false;
  if (!element.askAgain) return;
  element.askAgain = false;
  draw(element);
}

function showEmpty(element, text) {
  if (element.data) Plotly.purge(element);
  const box = document.createElement("div");
  box.className = "empty";
  box.textContent = text;
  element.replaceChildren(box);
}

function announceDrawn(element) {
  element.dispatchEvent(new CustomEvent("chart:drawn", { bubbles: true }));
}

async function show(element) {
  const summary = element.parentElement.querySelector("[data-says]");
  if (summary) summary.textContent = element.figure.summary || "";
  if (element.figure.empty) {
    showEmpty(element, element.figure.empty);
    announceDrawn(element);
    return;
  }
  for (const old of element.querySelectorAll(":scope > .empty")) old.remove();
  separators = separators || localise();
  const figure = paint(structuredClone(element.figure), element);
  if (zoomed[element.dataset.link]) Object.assign(figure.layout.xaxis, zoomed[element.dataset.link]);
  if (element.prepare) element.prepare(figure);
  const displayModeBar = element.dataset.bar === "off" || isNarrow(element) ? false : "hover";
  const scrollZoom = element.dataset.nodes !== undefined;
  await Plotly.react(element, figure.data, figure.layout, { ...CONFIG, displayModeBar, scrollZoom });
  if (!element.isListening) listen(element);
  thinLabels(element);
  announceDrawn(element);
}

function listen(element) {
  element.isListening = true;
  element.on("plotly_relayout", (change) => {
    shareRange(element, change);
    if (Object.keys(change).some((key) => /axis|autosize/.test(key))) thinLabels(element);
  });
  element.on("plotly_clickannotation", (event) => {
    const episode = element.figure.layout?.meta?.episodes?.[event.index];
    if (episode?.url) location.assign(episode.url);
  });
  element.on("plotly_hover", (event) => shareHover(element, event));
  element.on("plotly_unhover", () => shareHover(element, null));
}

/** The other charts with the same data-link that are drawn. */
function siblings(element) {
  if (!element.dataset.link) return [];
  const linked = document.querySelectorAll(`[data-chart][data-link="${element.dataset.link}"]`);
  return Array.from(linked).filter((other) => other !== element && other.data);
}

/** The range of a zoom, null for the whole, undefined where a change is no zoom. */
function rangeOf(change) {
  if (change["xaxis.range"]) return change["xaxis.range"].slice();
  if (change["xaxis.range[0]"] !== undefined) return [change["xaxis.range[0]"], change["xaxis.range[1]"]];
  return change["xaxis.autorange"] ? null : undefined;
}

/**
 * Zoom one, zoom all: a change that came from another chart is not passed on. What is zoomed stays so when a chart is
 * drawn again.
 */
function shareRange(element, change) {
  if (element.isFollowing || !element.dataset.link) return;
  const range = rangeOf(change);
  if (range === undefined) return;
  zoomed[element.dataset.link] = range && { range: range.slice(), autorange: false };
  for (const other of siblings(element)) follow(other, range);
}

async function follow(element, range) {
  element.isFollowing = true;
  const update = range ? { "xaxis.range": range.slice(), "xaxis.autorange": false } : { "xaxis.autorange": true };
  await Plotly.relayout(element, update);
  element.isFollowing = false;
}

/** The chart under the pointer leads; the others report their own hovering, which is not passed on. */
function shareHover(element, event) {
  const others = siblings(element);
  if (event && element.matches(":hover")) {
    const xval = element._fullLayout.xaxis.d2c(event.points[0].x);
    for (const other of others) hover(other, xval);
  } else if (!event && ![element, ...others].some((each) => each.matches(":hover"))) {
    for (const other of others) Plotly.Fx.unhover(other);
  }
}

function hover(element, xval) {
  try {
    Plotly.Fx.hover(element, { xval }, Object.keys(element._fullLayout._plots));
  } catch {
    // Nothing is drawn there.
  }
}

function drawWhenSeen(entries, observer) {
  for (const entry of entries.filter((each) => each.isIntersecting)) {
    observer.unobserve(entry.target);
    draw(entry.target);
  }
}

const observer = new IntersectionObserver(drawWhenSeen, { rootMargin: IN_ADVANCE });

function start(root) {
  for (const element of root.querySelectorAll("[data-chart]")) {
    if (element.isStarted) continue;
    element.isStarted = true;
    observer.observe(element);
    // "readings alerts": draw again when these change, or may have.
    const topics = element.dataset.live ? [...element.dataset.live.split(" "), "poll"] : [];
    for (const topic of topics) {
      document.body.addEventListener(`live:${topic}`, () => {
        if (!document.hidden && element.isConnected && element.figure) draw(element);
      });
    }
  }
}

/** Every chart of the page, also what nobody has scrolled to, in light colours and as wide as a sheet. */
function drawForPaper() {
  const root = document.documentElement;
  root.dataset.printed = root.dataset.scheme;
  root.dataset.scheme = "light";
  for (const element of document.querySelectorAll("[data-chart]")) {
    observer.unobserve(element);
    if (!element.figure) element.figure = askAtOnce(element.dataset.chart);
    element.style.width = `${PAPER_PX}px`;
    if (element.figure) show(element);
  }
}

/** A print waits for no promise: what is missing has to be there when this returns. */
function askAtOnce(url) {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.setRequestHeader("Accept", "application/json");
  try {
    request.send();
    return request.status === 200 ? JSON.parse(request.responseText) : undefined;
  } catch {
    return undefined; // The connection is gone: that chart stays blank.
  }
}

function drawForScreen() {
  const root = document.documentElement;
  root.dataset.scheme = root.dataset.printed || root.dataset.scheme;
  for (const element of document.querySelectorAll("[data-chart]")) {
    element.style.width = "";
    if (element.figure) show(element);
  }
}

window.addEventListener("beforeprint", drawForPaper);
window.addEventListener("afterprint", drawForScreen);
document.addEventListener("DOMContentLoaded", () => start(document));
document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentNode || document));
document.addEventListener("theme:changed", () => {
  for (const element of document.querySelectorAll("[data-chart]")) if (element.figure) show(element);
});
