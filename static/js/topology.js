// The network: names where they find room, the side panel of a node, and a list of the nodes for the keyboard.
(function () {
  "use strict";
  const chart = document.querySelector("[data-nodes]"), list = document.getElementById("network-list"), panel = document.getElementById("network-panel");
  if (!chart) return;
  const PHONE_PX = 560, LINE_PX = 15, RANK = { critical: 0, warning: 1, unknown: 2, normal: 3 };
  const SIDES = [["bottom center", 0, 1], ["top center", 0, -1], ["middle right", 1, 0], ["middle left", -1, 0]];
  const pen = document.createElement("canvas").getContext("2d");
  let selected = null;

  const nodesOf = (figure) => figure.data.findIndex((trace) => trace.name === "nodes");

  // Width and height in pixels of a name such as "A<br><b>Critical</b>".
  function extent(name) {
    pen.font = "600 12px " + getComputedStyle(document.body).fontFamily;
    const lines = name.split("<br>").map((line) => line.replace(/<[^>]*>/g, ""));
    return [Math.max(...lines.map((line) => pen.measureText(line).width)) + 4, LINE_PX * lines.length];
  }

  const overlap = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

  // Points along the lines, every few pixels: names keep off them where they can.
  function alongLines(figure, xaxis, yaxis) {
    const points = [];
    for (const { x, y } of figure.data.filter((trace) => ["closed", "open", "dead"].includes(trace.name))) {
      for (let i = 0; i + 2 < x.length; i += 4) {
        const [x0, y0, x1, y1] = [xaxis.l2p(x[i]), yaxis.l2p(y[i]), xaxis.l2p(x[i + 2]), yaxis.l2p(y[i + 2])];
        const steps = Math.max(1, Math.min(200, Math.round(Math.hypot(x1 - x0, y1 - y0) / 8)));
        for (let step = 0; step <= steps; step += 1) points.push([x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps]);
      }
    }
    return points;
  }

  const inside = (points, box) => points.filter(([x, y]) => x > box[0] && x < box[2] && y > box[1] && y < box[3]).length;

  // The names that cover neither each other nor a node, those in trouble first; on a phone only those.
  function names(figure, trace, xaxis, yaxis) {
    const lines = alongLines(figure, xaxis, yaxis);
    const at = trace.x.map((x, i) => [xaxis.l2p(x), yaxis.l2p(trace.y[i])]);
    const badges = (figure.layout.annotations || []).map((note) => { const x = xaxis.l2p(note.x) + note.xshift, y = yaxis.l2p(note.y) - note.yshift; return [x, y - 18, x + 18, y]; });
    const supply = figure.data.find((each) => each.name === "supply");
    if (supply) { const x = xaxis.l2p(supply.x[0]), y = yaxis.l2p(supply.y[0]); badges.push([x - 8, y - 9, x + 12 + extent(supply.text[0])[0], y + 9]); }
    const taken = at.map(([x, y], i) => { const r = trace.marker.size[i] / 2; return [x - r, y - r, x + r, y + r]; });
    const text = trace.x.map(() => " "), side = trace.x.map(() => "bottom center");
    const isFree = (box, i) => box[0] >= 0 && box[2] <= xaxis._length && box[1] >= 0 && box[3] <= yaxis._length
      && !badges.concat(taken.filter((each, other) => other !== i)).some((each) => overlap(box, each));
    // The free side of a node on which the name crosses the fewest lines.
    const room = (name, [x, y], size, i) => {
      const [width, height] = extent(name), r = size / 2 + 3;
      let best = null;
      for (const [word, right, down] of SIDES) {
        const middle = [x + right * (r + width / 2), y + down * (r + height / 2)];
        const box = [middle[0] - width / 2, middle[1] - height / 2, middle[0] + width / 2, middle[1] + height / 2];
        const crossed = inside(lines, box);
        if (isFree(box, i) && (!best || crossed < best.crossed)) best = { box, word, crossed, name };
      }
      return best;
    };
    const order = trace.ids.map((_, i) => i).sort((a, b) => (trace.ids[b] === selected) - (trace.ids[a] === selected) || RANK[trace.meta.states[a]] - RANK[trace.meta.states[b]]);
    for (const i of order) {
      if (xaxis._length < PHONE_PX && trace.meta.states[i] === "normal" && trace.ids[i] !== selected) continue;
      const best = room(trace.meta.names[i], at[i], trace.marker.size[i], i) || room(trace.meta.names[i].split("<br>")[0], at[i], trace.marker.size[i], i);
      if (best) { taken.push(best.box); text[i] = best.name; side[i] = best.word; }
    }
    return { text, textposition: side };
  }

  const widths = (trace) => trace.ids.map((id) => (id === selected ? 5 : 2));

  function prepare(figure) {
    const trace = figure.data[nodesOf(figure)], full = chart._fullLayout;
    trace.marker.line.width = widths(trace);
    if (full && full.xaxis && chart.figure.layout.uirevision === chart.drawnAs) Object.assign(trace, names(figure, trace, full.xaxis, full.yaxis));
    chart.drawnAs = chart.figure.layout.uirevision;
  }

  function place() {
    if (!chart.data) return;
    const index = nodesOf(chart), trace = chart.data[index];
    if (index < 0) return;
    const found = names(chart, trace, chart._fullLayout.xaxis, chart._fullLayout.yaxis);
    const line = widths(trace);
    if (JSON.stringify([found.text, found.textposition, line]) === JSON.stringify([trace.text, trace.textposition, trace.marker.line.width])) return;
    Plotly.restyle(chart, { text: [found.text], textposition: [found.textposition], "marker.line.width": [line] }, [index]);
  }

  function select(code) {
    selected = code;
    chart.dataset.selected = code || "";
    list.querySelectorAll("[data-node]").forEach((link) => {
      link.toggleAttribute("aria-current", link.dataset.node === code);
      link.tabIndex = link.dataset.node === code ? 0 : -1;
    });
    if (!list.querySelector('[tabindex="0"]') && list.querySelector("a")) list.querySelector("a").tabIndex = 0;
    place();
  }

  function openPanel(url) {
    const body = document.getElementById("network-panel-body"), waiting = document.createElement("div");
    waiting.className = "skeleton";
    body.replaceChildren(waiting); // nothing of another substation, and nothing that is about to be replaced
    htmx.ajax("GET", url, { target: "#network-panel-body", swap: "innerHTML" });
    if (!panel.open) panel.showModal();
  }

  function activate(code, panelUrl, pageUrl, event) {
    if (!panelUrl) { location.assign(pageUrl); return; }
    select(code);
    if (event && (event.ctrlKey || event.metaKey || event.button === 1)) window.open(pageUrl, "_blank", "noopener");
    else openPanel(panelUrl);
  }

  chart.prepare = prepare;
  chart.addEventListener("chart:drawn", () => {
    if (chart.figure.html !== undefined) Idiomorph.morph(list, chart.figure.html, { morphStyle: "innerHTML" });
    if (!chart.data) return;
    if (!chart.clickable) {
      chart.clickable = true;
      chart.on("plotly_click", (event) => {
        const point = event.points[0], trace = point.data;
        if (trace.name === "nodes") activate(trace.ids[point.pointNumber], trace.meta.panels[point.pointNumber], point.customdata, event.event);
      });
      chart.on("plotly_relayout", () => requestAnimationFrame(place));
    }
    requestAnimationFrame(() => select(selected));
  });

  list.addEventListener("click", (event) => {
    const link = event.target.closest("[data-panel]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    activate(link.dataset.node, link.dataset.panel, link.href);
  });
  list.addEventListener("focusin", (event) => { const link = event.target.closest("[data-node]"); if (link && link.dataset.node !== selected) select(link.dataset.node); });
  list.addEventListener("keydown", (event) => {
    const links = Array.from(list.querySelectorAll("[data-node]")), at = links.indexOf(document.activeElement);
    const back = document.documentElement.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
    const to = { ArrowRight: at + 1, ArrowLeft: at + 1, ArrowDown: at + 1, ArrowUp: at - 1, [back]: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    links[Math.min(Math.max(to, 0), links.length - 1)].focus();
  });
  document.querySelectorAll("form[data-submits]").forEach((form) => form.addEventListener("change", () => form.requestSubmit()));
})();
