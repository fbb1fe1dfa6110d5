// What has changed on the server: one stream of events per browser, told to this page as "live:<topic>" on the body.
// Topics: readings, scores, alerts, uploads, models, substation-<id>, and "poll" for everything that may have been missed.
(function () {
  "use strict";
  const url = document.body.dataset.events;
  if (!url) return;
  const POLL_MS = 5000, SAFETY_MS = 60000, LEAST_GAP_MS = 1000;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("ems-events") : null;
  let source = null, heardAt = Date.now(), silenceMs = 25000, polledAt = Date.now(), state = "starting";
  const told = new Map(), later = new Map();

  // A topic is told at once, and then at most once a second: the last time is never lost.
  function tell(topic) {
    const wait = (told.get(topic) || 0) + LEAST_GAP_MS - Date.now();
    if (later.has(topic)) return;
    const now = () => {
      later.delete(topic);
      told.set(topic, Date.now());
      document.body.dispatchEvent(new CustomEvent("live:" + topic));
    };
    if (wait <= 0) now();
    else later.set(topic, setTimeout(now, wait));
  }

  function poll() {
    polledAt = Date.now();
    tell("poll");
  }

  function changed(data) {
    data.topics.forEach(tell);
    if (data.substations === null) tell("substation-any");
    else data.substations.forEach((id) => tell("substation-" + id));
  }

  function show(next) {
    if (next === state) return;
    const missed = next === "live" && state !== "starting";
    state = next;
    document.documentElement.dataset.stream = next;
    if (missed) poll();
  }

  function heard(message) {
    heardAt = Date.now();
    show("live");
    if (message.name === "change") changed(message.data);
    if (message.name === "hello") silenceMs = 2500 * message.data.beat_s;
  }

  function open() {
    source = new EventSource(url);
    heardAt = Date.now();
    ["hello", "change", "beat"].forEach((name) => source.addEventListener(name, (event) => {
      const message = { name, data: JSON.parse(event.data) };
      heard(message);
      if (channel) channel.postMessage(message);
    }));
    source.onerror = () => show("polling");
  }

  function close() {
    if (source) source.close();
    source = null;
  }

  // One tab holds the stream and tells the others: a browser opens only six connections to a server.
  function lead() {
    if (!channel || !navigator.locks) return open();
    channel.onmessage = (event) => heard(event.data);
    navigator.locks.request("ems-events", () => { open(); return new Promise(() => {}); });
    return undefined;
  }

  setInterval(() => {
    const now = Date.now();
    if (now - heardAt > silenceMs) {
      show("polling");
      if (source && now - heardAt > 2 * silenceMs) { close(); open(); }
    }
    const every = state === "live" ? SAFETY_MS : POLL_MS;
    if (!document.hidden && now - polledAt >= every) poll();
  }, 1000);

  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => { if (event.persisted) { close(); open(); poll(); } });
  document.documentElement.dataset.stream = state;
  lead();
})();
