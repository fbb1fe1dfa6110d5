/**
 * What has changed on the server: one stream of events per browser, passed on to this page as "live:<topic>" on the
 * body. Topics: readings, scores, alerts, uploads, models, substation-<id>, and "poll" for everything that may have
 * been missed.
 */
const POLL_MS = 5000;
const POLL_WHILE_LIVE_MS = 60_000;
const MIN_GAP_MS = 1000;
const CHECK_MS = 1000;
const SILENCE_AT_FIRST_MS = 25_000;
const SILENT_BEATS = 2500; // ms of silence per second between beats: two and a half beats
const FIRST_LOOK_MS = 2000; // the server looks for changes once a second

const url = document.body.dataset.events;
const channel = "BroadcastChannel" in window ? new BroadcastChannel("ems-events") : null;
const announcedAt = new Map();
const scheduled = new Map();
let source = null;
let heardAt = Date.now();
let polledAt = Date.now();
let silenceMs = SILENCE_AT_FIRST_MS;
let state = "starting";

/** A topic is announced at once, and then at most once a second: the last time is never lost. */
function announce(topic) {
  if (scheduled.has(topic)) return;
  const now = () => {
    scheduled.delete(topic);
    announcedAt.set(topic, Date.now());
    document.body.dispatchEvent(new CustomEvent(`live:${topic}`));
  };
  const wait = (announcedAt.get(topic) || 0) + MIN_GAP_MS - Date.now();
  if (wait <= 0) now();
  else scheduled.set(topic, setTimeout(now, wait));
}

function poll() {
  polledAt = Date.now();
  announce("poll");
}

function announceChange(data) {
  data.topics.forEach(announce);
  if (data.substations === null) announce("substation-any");
  else for (const id of data.substations) announce(`substation-${id}`);
}

function show(next) {
  if (next === state) return;
  const before = state;
  state = next;
  document.documentElement.dataset.stream = next;
  if (next !== "live") return;
  if (before !== "starting") poll();
  else setTimeout(poll, FIRST_LOOK_MS); // what changed after the page was made and before the server looked for it
}

function receive(message) {
  heardAt = Date.now();
  show("live");
  if (message.name === "change") announceChange(message.data);
  if (message.name === "hello") silenceMs = SILENT_BEATS * message.data.beat_s;
}

function open() {
  source = new EventSource(url);
  heardAt = Date.now();
  for (const name of ["hello", "change", "beat"]) {
    source.addEventListener(name, (event) => {
      const message = { name, data: JSON.parse(event.data) };
      receive(message);
      channel?.postMessage(message);
    });
  }
  source.onerror = () => show("polling");
}

function close() {
  source?.close();
  source = null;
}

function reopen() {
  close();
  open();
}

/** One tab holds the stream and passes it on to the others: a browser opens only six connections to a server. */
function lead() {
  if (!channel || !navigator.locks) {
    open();
    return;
  }
  channel.onmessage = (event) => receive(event.data);
  navigator.locks.request("ems-events", () => {
    open();
    return new Promise(() => {});
  });
}

function watch() {
  const silentMs = Date.now() - heardAt;
  if (silentMs > silenceMs) {
    show("polling");
    if (source && silentMs > 2 * silenceMs) reopen();
  }
  const every = state === "live" ? POLL_WHILE_LIVE_MS : POLL_MS;
  if (!document.hidden && Date.now() - polledAt >= every) poll();
}

if (url) {
  setInterval(watch, CHECK_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) poll();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    reopen();
    poll();
  });
  document.documentElement.dataset.stream = state;
  lead();
}
