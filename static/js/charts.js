// Draws every [data-chart] from the figure that its URL answers, painted with the page's own tokens.
(function () {
  "use strict";
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const config = { responsive: true, displaylogo: false, modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"]] };

  function paint(figure) {
    const roles = {
      measured: token("--chart-1"), "measured-2": token("--chart-2"), "measured-3": token("--chart-3"), "measured-4": token("--chart-4"),
      expected: token("--normal"), extra: token("--critical"), critical: token("--critical"), warning: token("--warning-fill"),
      normal: token("--normal"), unknown: token("--unknown"), link: token("--edge-strong"), ink: token("--ink"),
    };
    for (const trace of figure.data) {
      const role = (trace.meta || {}).role;
      if (role === "band") { trace.fillcolor = token("--chart-band"); trace.line = { width: 0, color: token("--chart-band") }; }
      else if (roles[role] && trace.line) trace.line = { ...trace.line, color: roles[role] };
      if (trace.fill === "tozeroy") trace.fillcolor = token("--chart-episode");
      if (trace.marker && (trace.meta || {}).states) {
        trace.marker.color = trace.meta.states.map((state) => (state === "unknown" ? token("--surface") : roles[state]));
        trace.marker.line = { width: 2, color: trace.meta.states.map((state) => (state === "warning" ? token("--warning-edge") : roles[state])) };
      }
      if (trace.textfont !== undefined || (trace.mode || "").includes("text")) trace.textfont = { color: roles.ink, size: 12 };
    }
    const layout = figure.layout;
    Object.assign(layout, { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true });
    layout.font = { family: token("--font") || "sans-serif", size: 12, color: token("--ink-2") };
    layout.modebar = { bgcolor: "rgba(0,0,0,0)", color: token("--edge-strong"), activecolor: token("--ink") };
    layout.hoverlabel = { bgcolor: token("--surface"), bordercolor: token("--edge-strong"), font: { color: roles.ink } };
    for (const [name, axis] of Object.entries(layout)) {
      if (/^[xy]axis/.test(name)) Object.assign(axis, { gridcolor: token("--chart-grid"), linecolor: token("--edge"), zerolinecolor: token("--edge") });
    }
    for (const shape of layout.shapes || []) {
      if ((shape.name || "").startsWith("episode:")) shape.fillcolor = token(shape.name === "episode:critical" ? "--chart-episode" : "--chart-episode-warning");
      if ((shape.name || "").startsWith("guide:")) shape.line.color = roles.unknown;
    }
    return figure;
  }

  async function draw(element) {
    let answer;
    try { answer = await fetch(element.dataset.chart, { headers: { Accept: "application/json" }, credentials: "same-origin" }); } catch { return; }
    if (!answer.ok) { if (!element.data) element.textContent = await answer.text(); return; }
    element.figure = await answer.json();
    await show(element);
    if (element.dataset.nodes !== undefined && !element.listening && element.on) {
      element.listening = true;
      element.on("plotly_click", (event) => {
        const url = event.points[0].customdata;
        if (url) location.assign(url);
      });
    }
  }

  function show(element) {
    const figure = paint(structuredClone(element.figure));
    element.querySelectorAll(":scope > .empty").forEach((old) => old.remove());
    if (element.figure.empty) { element.innerHTML = ""; const box = document.createElement("div"); box.className = "empty"; box.textContent = element.figure.empty; element.append(box); return null; }
    return Plotly.react(element, figure.data, figure.layout, { ...config, displayModeBar: element.dataset.bar !== "off", scrollZoom: element.dataset.nodes !== undefined });
  }

  function start(root) {
    root.querySelectorAll("[data-chart]").forEach((element) => {
      if (element.started) return;
      element.started = true;
      draw(element);
      // "readings alerts": draw again when these change, or may have.
      for (const topic of element.dataset.live ? [...element.dataset.live.split(" "), "poll"] : []) {
        document.body.addEventListener("live:" + topic, () => { if (!document.hidden && element.isConnected) draw(element); });
      }
    });
  }

  document.addEventListener("DOMContentLoaded", () => start(document));
  document.addEventListener("htmx:load", (event) => start(event.detail.elt));
  document.addEventListener("theme:changed", () => document.querySelectorAll("[data-chart]").forEach((element) => element.figure && show(element)));
})();
