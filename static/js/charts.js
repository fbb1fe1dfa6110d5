// Draws every [data-chart] from the figure that its URL answers, painted with the page's own tokens.
// A figure may carry "summary" (a sentence for below it), "empty" (why there is none) and layout.meta.episodes (what a click opens).
(function () {
  "use strict";
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const config = { responsive: true, displaylogo: false, modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"]], locale: "page" };
  const NARROW_PX = 560;
  const isNarrow = (element) => element.clientWidth < NARROW_PX;
  const zoomed = {}; // by data-link: also for a chart of it that is drawn later

  // Months, days and the marks of numbers as the page's language writes them.
  function localise() {
    const language = document.documentElement.lang || "en";
    const names = (options, dates) => dates.map((date) => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options }).format(date));
    const months = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2024, month, 15)));
    const days = Array.from({ length: 7 }, (_, day) => new Date(Date.UTC(2024, 8, 1 + day))); // a Sunday
    const marks = new Intl.NumberFormat(language).formatToParts(12345.6);
    const mark = (type, otherwise) => (marks.find((part) => part.type === type) || { value: otherwise }).value;
    Plotly.register({
      moduleType: "locale", name: "page", dictionary: {},
      format: {
        days: names({ weekday: "long" }, days), shortDays: names({ weekday: "short" }, days),
        months: names({ month: "long" }, months), shortMonths: names({ month: "short" }, months), date: "%Y-%m-%d",
        decimal: mark("decimal", "."), thousands: mark("group", ","),
      },
    });
    return mark("decimal", ".") + mark("group", ",");
  }
  let separators = "";

  function colours() {
    return {
      measured: token("--chart-1"), "measured-2": token("--chart-2"), "measured-3": token("--chart-3"), "measured-4": token("--chart-4"),
      expected: token("--normal"), extra: token("--critical"), critical: token("--critical"), warning: token("--warning-fill"),
      normal: token("--normal"), unknown: token("--unknown"), link: token("--unknown"), dead: token("--edge-strong"), ink: token("--ink"),
    };
  }

  function paintTrace(trace, roles) {
    const role = (trace.meta || {}).role;
    if (role === "band") { trace.fillcolor = token("--chart-band"); trace.line = { width: 0, color: token("--chart-band") }; }
    else if (roles[role] && trace.line) trace.line = { ...trace.line, color: roles[role] };
    if (trace.fill === "tozeroy") trace.fillcolor = token("--chart-episode");
    if (trace.marker && (trace.meta || {}).states) {
      trace.marker.color = trace.meta.states.map((state) => (state === "unknown" ? token("--surface") : roles[state]));
      trace.marker.line = { width: trace.meta.states.map(() => 2), color: trace.meta.states.map((state) => (state === "warning" ? token("--warning-edge") : roles[state])) };
    } else if (trace.marker && roles[role]) trace.marker.color = token("--ink-2");
    if ((trace.mode || "").includes("text")) trace.textfont = { color: roles.ink, size: 12 };
  }

  function paint(figure, element) {
    const roles = colours();
    figure.data.forEach((trace) => paintTrace(trace, roles));
    const layout = figure.layout;
    Object.assign(layout, { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true, separators });
    layout.font = { family: token("--font") || "sans-serif", size: 12, color: token("--ink-2") };
    layout.modebar = { bgcolor: "rgba(0,0,0,0)", color: token("--edge-strong"), activecolor: token("--ink"), orientation: "v" };
    layout.hoverlabel = { bgcolor: token("--surface"), bordercolor: token("--edge-strong"), font: { color: roles.ink } };
    for (const [name, axis] of Object.entries(layout)) {
      if (!/^[xy]axis/.test(name)) continue;
      Object.assign(axis, { gridcolor: token("--chart-grid"), linecolor: token("--edge"), zerolinecolor: token("--edge") });
      if (axis.type === "date") Object.assign(axis, { tickangle: 0, nticks: isNarrow(element) ? 4 : 9, spikecolor: token("--edge-strong"), tickformatstops: ticks() });
      if (name.startsWith("y") && axis.title && isNarrow(element)) axis.nticks = 4;
    }
    for (const shape of layout.shapes || []) {
      if ((shape.name || "").startsWith("episode:")) shape.fillcolor = token(shape.name === "episode:critical" ? "--chart-episode" : "--chart-episode-warning");
      if ((shape.name || "").startsWith("guide:")) shape.line.color = roles.unknown;
      if ((shape.name || "").startsWith("limit:")) shape.line.color = roles.critical;
    }
    for (const note of layout.annotations || []) {
      const [kind, state] = (note.name || "").split(":");
      if (kind === "badge") Object.assign(note, { bgcolor: token("--surface"), bordercolor: roles[state], font: { size: 11, color: roles.ink } });
      else note.font = { size: 11, color: kind === "episode" && state === "critical" ? roles.critical : roles.ink };
    }
    if (layout.legend) makeRoom(figure, element);
    return figure;
  }

  // The legend stands at the top, in as many rows as it needs; the labels of episodes between it and the first panel.
  function makeRoom(figure, element) {
    const { layout } = figure, entries = figure.data.filter((trace) => trace.showlegend !== false);
    const widest = Math.max(...entries.map((trace) => 6 * trace.name.length + 36), 1);
    const rows = Math.ceil(entries.length / Math.max(1, Math.floor((element.clientWidth - 30) / widest)));
    const labels = (layout.annotations || []).some((note) => (note.name || "").startsWith("episode:"));
    const narrow = isNarrow(element) ? { l: 46, r: 6 } : {};
    layout.margin = { ...layout.margin, ...narrow, t: 12 + 19 * rows + (labels ? 18 : 4) };
  }

  // Dates as numbers, largest unit first: the same in every language.
  function ticks() {
    return [
      { dtickrange: [null, 86400000 - 1], value: "%H:%M\n%d %b" }, { dtickrange: [86400000, "M1"], value: "%d %b\n%Y" },
      { dtickrange: ["M1", null], value: "%b\n%Y" },
    ];
  }

  // Of the labels of episodes those that find room, the critical first; the others are in the list of episodes.
  function thinLabels(element) {
    const notes = element.layout.annotations || [], axis = element._fullLayout && element._fullLayout.xaxis;
    if (!axis || !notes.some((note) => (note.name || "").startsWith("episode:"))) return;
    const taken = [], update = {}, width = axis._length;
    const order = notes.map((note, index) => index).sort((a, b) => (notes[b].name === "episode:critical") - (notes[a].name === "episode:critical"));
    order.forEach((index) => {
      const note = notes[index], shape = element.layout.shapes[index];
      if (!(note.name || "").startsWith("episode:")) return;
      const from = axis.l2p(axis.d2l(shape.x0)), to = axis.l2p(axis.d2l(shape.x1)), wide = 7 * note.text.length + 8;
      const isLeft = Math.max(from, 0) + wide <= width, start = isLeft ? Math.max(from, 0) : Math.min(to, width) - wide;
      const fits = from < width && to > 0 && start >= -wide / 4 && !taken.some(([low, high]) => start < high && start + wide > low);
      if (fits) taken.push([start, start + wide]);
      if ((note.visible !== false) !== fits) update[`annotations[${index}].visible`] = fits;
      if (!fits) return;
      const x = isLeft ? (from < 0 ? axis.p2d(0) : shape.x0) : (to > width ? axis.p2d(width) : shape.x1), anchor = isLeft ? "left" : "right";
      if (note.x !== x || note.xanchor !== anchor) Object.assign(update, { [`annotations[${index}].x`]: x, [`annotations[${index}].xanchor`]: anchor });
    });
    if (Object.keys(update).length) Plotly.relayout(element, update);
  }

  async function draw(element) {
    if (element.asking) { element.again = true; return; }
    element.asking = true;
    try {
      const answer = await fetch(element.dataset.chart, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (answer.ok) { element.figure = await answer.json(); await show(element); }
      else if (!element.figure) empty(element, await answer.text());
    } catch { /* the connection is gone: stream.js says so, and "poll" asks again */ }
    element.asking = false;
    if (element.again) { element.again = false; draw(element); }
  }

  function empty(element, text) {
    if (element.data) Plotly.purge(element);
    element.innerHTML = "";
    const box = document.createElement("div");
    box.className = "empty";
    box.textContent = text;
    element.append(box);
  }

  async function show(element) {
    const says = element.parentElement.querySelector("[data-says]");
    if (says) says.textContent = element.figure.summary || "";
    if (element.figure.empty) { empty(element, element.figure.empty); element.dispatchEvent(new CustomEvent("chart:drawn", { bubbles: true })); return; }
    element.querySelectorAll(":scope > .empty").forEach((old) => old.remove());
    separators = separators || localise();
    const figure = paint(structuredClone(element.figure), element);
    if (zoomed[element.dataset.link]) Object.assign(figure.layout.xaxis, zoomed[element.dataset.link]);
    if (element.prepare) element.prepare(figure);
    await Plotly.react(element, figure.data, figure.layout, { ...config, displayModeBar: element.dataset.bar === "off" || isNarrow(element) ? false : "hover", scrollZoom: element.dataset.nodes !== undefined });
    if (!element.listening) listen(element);
    thinLabels(element);
    element.dispatchEvent(new CustomEvent("chart:drawn", { bubbles: true }));
  }

  function listen(element) {
    element.listening = true;
    element.on("plotly_relayout", (change) => { shareRange(element, change); if (Object.keys(change).some((key) => /axis|autosize/.test(key))) thinLabels(element); });
    element.on("plotly_clickannotation", (event) => { const found = episodes(element)[event.index]; if (found && found.url) location.assign(found.url); });
    element.on("plotly_hover", (event) => shareHover(element, event));
    element.on("plotly_unhover", () => shareHover(element, null));
  }

  const episodes = (element) => ((element.figure.layout || {}).meta || {}).episodes || [];
  const siblings = (element) => (element.dataset.link ? Array.from(document.querySelectorAll(`[data-chart][data-link="${element.dataset.link}"]`)).filter((each) => each !== element && each.data) : []);

  // Zoom one, zoom all: a change that came from another chart is not passed on. What is zoomed stays so when a chart is drawn again.
  function shareRange(element, change) {
    if (element.following || !element.dataset.link) return;
    const range = change["xaxis.range"] || (change["xaxis.range[0]"] !== undefined ? [change["xaxis.range[0]"], change["xaxis.range[1]"]] : null);
    const update = range ? { "xaxis.range": range.slice(), "xaxis.autorange": false } : change["xaxis.autorange"] ? { "xaxis.autorange": true } : null;
    if (!update) return;
    zoomed[element.dataset.link] = range ? { range: range.slice(), autorange: false } : null;
    siblings(element).forEach(async (each) => { each.following = true; await Plotly.relayout(each, { ...update }); each.following = false; });
  }

  // The chart under the pointer leads; the others report their own hovering, which is not passed on.
  function shareHover(element, event) {
    const others = siblings(element);
    if (event && element.matches(":hover")) {
      const xval = element._fullLayout.xaxis.d2c(event.points[0].x);
      others.forEach((each) => { try { Plotly.Fx.hover(each, { xval }, Object.keys(each._fullLayout._plots)); } catch { /* nothing is drawn there */ } });
    } else if (!event && ![element, ...others].some((each) => each.matches(":hover"))) others.forEach((each) => Plotly.Fx.unhover(each));
  }

  const seen = new IntersectionObserver((entries) => {
    entries.filter((entry) => entry.isIntersecting).forEach((entry) => { seen.unobserve(entry.target); draw(entry.target); });
  }, { rootMargin: "200px" });

  function start(root) {
    root.querySelectorAll("[data-chart]").forEach((element) => {
      if (element.started) return;
      element.started = true;
      seen.observe(element);
      // "readings alerts": draw again when these change, or may have.
      for (const topic of element.dataset.live ? [...element.dataset.live.split(" "), "poll"] : []) {
        document.body.addEventListener("live:" + topic, () => { if (!document.hidden && element.isConnected && element.figure) draw(element); });
      }
    });
  }

  document.addEventListener("DOMContentLoaded", () => start(document));
  document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentNode || document));
  document.addEventListener("theme:changed", () => document.querySelectorAll("[data-chart]").forEach((element) => element.figure && show(element)));
})();
