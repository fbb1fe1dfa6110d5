/** The network: names where they find space, the side panel of a node, and a list of the nodes for the keyboard. */
const PHONE_PX = 560;
const LINE_PX = 15;
const STEP_PX = 8; // distance of the points along a line that a name keeps off
const MAX_STEPS = 200;
const RANK = { critical: 0, warning: 1, unknown: 2, normal: 3 };
const SIDES = [
  { position: "bottom center", right: 0, down: 1 },
  { position: "top center", right: 0, down: -1 },
  { position: "middle right", right: 1, down: 0 },
  { position: "middle left", right: -1, down: 0 },
];

const chart = document.querySelector("[data-nodes]");
const list = document.getElementById("network-list");
const panel = document.getElementById("network-panel");
const pen = document.createElement("canvas").getContext("2d");
let selected = null;

const nodesOf = (figure) => figure.data.findIndex((trace) => trace.name === "nodes");

/** Width and height in pixels of a name such as "A<br><b>Critical</b>". */
function extent(name) {
  pen.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
  const lines = name.split("<br>").map((line) => line.replace(/<[^>]*>/g, ""));
  return [Math.max(...lines.map((line) => pen.measureText(line).width)) + 4, LINE_PX * lines.length];
}

// A box is [left, top, right, bottom] in pixels.
const boxAround = ([x, y], width, height) => [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
const overlap = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
const countInside = (points, box) =>
  points.filter(([x, y]) => x > box[0] && x < box[2] && y > box[1] && y < box[3]).length;

/** Points along the lines, every few pixels: names keep off them where they can. */
function pointsOnLines(figure, xaxis, yaxis) {
  const points = [];
  for (const { x, y } of figure.data.filter((trace) => ["closed", "open", "dead"].includes(trace.name))) {
    for (let i = 0; i + 2 < x.length; i += 4) {
      const [x0, y0, x1, y1] = [xaxis.l2p(x[i]), yaxis.l2p(y[i]), xaxis.l2p(x[i + 2]), yaxis.l2p(y[i + 2])];
      const steps = Math.max(1, Math.min(MAX_STEPS, Math.round(Math.hypot(x1 - x0, y1 - y0) / STEP_PX)));
      for (let step = 0; step <= steps; step += 1) {
        points.push([x0 + ((x1 - x0) * step) / steps, y0 + ((y1 - y0) * step) / steps]);
      }
    }
  }
  return points;
}

/** The boxes of the counts at the shoulders of nodes, and of the grid supply with its name. */
function boxesOfMarks(figure, xaxis, yaxis) {
  const boxes = (figure.layout.annotations || []).map((note) => {
    const x = xaxis.l2p(note.x) + note.xshift;
    const y = yaxis.l2p(note.y) - note.yshift;
    return [x, y - 18, x + 18, y];
  });
  const supply = figure.data.find((trace) => trace.name === "supply");
  if (supply) {
    const [x, y] = [xaxis.l2p(supply.x[0]), yaxis.l2p(supply.y[0])];
    boxes.push([x - 8, y - 9, x + 12 + extent(supply.text[0])[0], y + 9]);
  }
  return boxes;
}

/** Finds the free side of a node on which its name crosses the fewest lines. */
class NamePlacer {
  constructor(figure, trace, xaxis, yaxis) {
    this.trace = trace;
    this.width = xaxis._length;
    this.height = yaxis._length;
    this.lines = pointsOnLines(figure, xaxis, yaxis);
    this.marks = boxesOfMarks(figure, xaxis, yaxis);
    this.centres = trace.x.map((x, i) => [xaxis.l2p(x), yaxis.l2p(trace.y[i])]);
    this.taken = this.centres.map((centre, i) => boxAround(centre, trace.marker.size[i], trace.marker.size[i]));
  }

  isFree(box, node) {
    const isInside = box[0] >= 0 && box[2] <= this.width && box[1] >= 0 && box[3] <= this.height;
    const others = this.taken.filter((_, other) => other !== node);
    return isInside && !this.marks.concat(others).some((other) => overlap(box, other));
  }

  place(name, node) {
    const [width, height] = extent(name);
    const [x, y] = this.centres[node];
    const distance = this.trace.marker.size[node] / 2 + 3;
    let best = null;
    for (const { position, right, down } of SIDES) {
      const middle = [x + right * (distance + width / 2), y + down * (distance + height / 2)];
      const box = boxAround(middle, width, height);
      const crossed = countInside(this.lines, box);
      if (this.isFree(box, node) && (!best || crossed < best.crossed)) best = { box, position, crossed, name };
    }
    if (best) this.taken.push(best.box);
    return best;
  }
}

/** The names that cover neither each other nor a node, those in trouble first; on a phone only those. */
function placeNames(figure, trace, xaxis, yaxis) {
  const placer = new NamePlacer(figure, trace, xaxis, yaxis);
  const states = trace.meta.states;
  const isSelected = (node) => trace.ids[node] === selected;
  const order = trace.ids
    .map((_, node) => node)
    .sort((a, b) => isSelected(b) - isSelected(a) || RANK[states[a]] - RANK[states[b]]);
  const text = trace.x.map(() => " ");
  const textposition = trace.x.map(() => "bottom center");
  for (const node of order) {
    if (xaxis._length < PHONE_PX && states[node] === "normal" && !isSelected(node)) continue;
    const name = trace.meta.names[node];
    const placed = placer.place(name, node) || placer.place(name.split("<br>")[0], node);
    if (!placed) continue;
    text[node] = placed.name;
    textposition[node] = placed.position;
  }
  return { text, textposition };
}

const outlineWidths = (trace) => trace.ids.map((id) => (id === selected ? 5 : 2));

/** Called by charts.js before a figure is drawn. */
function prepare(figure) {
  const trace = figure.data[nodesOf(figure)];
  const drawn = chart._fullLayout;
  trace.marker.line.width = outlineWidths(trace);
  const isSameView = chart.figure.layout.uirevision === chart.drawnAs;
  if (drawn?.xaxis && isSameView) Object.assign(trace, placeNames(figure, trace, drawn.xaxis, drawn.yaxis));
  chart.drawnAs = chart.figure.layout.uirevision;
}

function updateNames() {
  if (!chart.data) return;
  const index = nodesOf(chart);
  if (index < 0) return;
  const trace = chart.data[index];
  const { text, textposition } = placeNames(chart, trace, chart._fullLayout.xaxis, chart._fullLayout.yaxis);
  const width = outlineWidths(trace);
  const before = JSON.stringify([trace.text, trace.textposition, trace.marker.line.width]);
  if (JSON.stringify([text, textposition, width]) === before) return;
  Plotly.restyle(chart, { text: [text], textposition: [textposition], "marker.line.width": [width] }, [index]);
}

function select(code) {
  selected = code;
  chart.dataset.selected = code || "";
  for (const link of list.querySelectorAll("[data-node]")) {
    link.toggleAttribute("aria-current", link.dataset.node === code);
    link.tabIndex = link.dataset.node === code ? 0 : -1;
  }
  const first = list.querySelector("a");
  if (first && !list.querySelector('[tabindex="0"]')) first.tabIndex = 0;
  updateNames();
}

function openPanel(url) {
  const waiting = document.createElement("div");
  waiting.className = "skeleton";
  // Nothing of another substation, and nothing that is about to be replaced.
  document.getElementById("network-panel-body").replaceChildren(waiting);
  htmx.ajax("GET", url, { target: "#network-panel-body", swap: "innerHTML" });
  if (!panel.open) panel.showModal();
}

function activate(code, panelUrl, pageUrl, event) {
  if (!panelUrl) {
    location.assign(pageUrl);
    return;
  }
  select(code);
  if (event && (event.ctrlKey || event.metaKey || event.button === 1)) window.open(pageUrl, "_blank", "noopener");
  else openPanel(panelUrl);
}

function listenToChart() {
  chart.isClickable = true;
  chart.on("plotly_click", ({ points: [point], event }) => {
    const trace = point.data;
    if (trace.name !== "nodes") return;
    activate(trace.ids[point.pointNumber], trace.meta.panels[point.pointNumber], point.customdata, event);
  });
  chart.on("plotly_relayout", () => requestAnimationFrame(updateNames));
}

function afterDrawing() {
  if (chart.figure.html !== undefined) Idiomorph.morph(list, chart.figure.html, { morphStyle: "innerHTML" });
  if (!chart.data) return;
  if (!chart.isClickable) listenToChart();
  requestAnimationFrame(() => select(selected));
}

function moveInList(event) {
  const links = Array.from(list.querySelectorAll("[data-node]"));
  const current = links.indexOf(document.activeElement);
  const back = document.documentElement.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
  const next = {
    ArrowRight: current + 1,
    ArrowLeft: current + 1,
    ArrowDown: current + 1,
    ArrowUp: current - 1,
    [back]: current - 1,
    Home: 0,
    End: links.length - 1,
  }[event.key];
  if (current < 0 || next === undefined) return;
  event.preventDefault();
  links[Math.min(Math.max(next, 0), links.length - 1)].focus();
}

function listenToList() {
  list.addEventListener("click", (event) => {
    const link = event.target.closest("[data-panel]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    activate(link.dataset.node, link.dataset.panel, link.href);
  });
  list.addEventListener("focusin", (event) => {
    const link = event.target.closest("[data-node]");
    if (link && link.dataset.node !== selected) select(link.dataset.node);
  });
  list.addEventListener("keydown", moveInList);
}

if (chart) {
  chart.prepare = prepare;
  chart.addEventListener("chart:drawn", afterDrawing);
  listenToList();
  for (const form of document.querySelectorAll("form[data-submits]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
}
