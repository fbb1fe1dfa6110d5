/**
 * The sound of alarms: a tone for each severity, made here. A critical alert repeats until somebody silences or
 * acknowledges it; a new one sounds again; a flood sounds once. Off until the person allows it. One tab of a browser
 * sounds for all. Also the buttons on the page of preferences.
 */
const REPEAT_MS = 10_000; // chosen: insistent, and people can speak between two of them
const LOUDEST = 0.5; // of full scale: several tones together stay below it
const CRITICAL = 20;
const WARNING = 10;
// Hertz and start in seconds of each beep. Critical: three pairs, high; warning: one, low.
const TONES = {
  critical: [880, 660, 880, 660, 880, 660].map((hz, index) => ({ hz, at: 0.22 * index, lasts: 0.18 })),
  warning: [{ hz: 440, at: 0, lasts: 0.5 }],
};
const NOTHING_YET = { silencedCritical: 0, silencedWarning: 0, floodSeverity: 0 };

const bar = document.getElementById("alarm-bar");
const memoryKey = `ems-alarms-${bar.dataset.user}`;
const silencer = bar.querySelector("[data-silences]");
const soundSwitch = bar.querySelector("[data-sound-switch]");
let audio = null;
let mayLead = false;
let isLeading = false;
let state = null;
let timer = 0;
let sounding = "";

function memory() {
  try {
    return { ...NOTHING_YET, ...JSON.parse(localStorage.getItem(memoryKey) || "{}") };
  } catch {
    return { ...NOTHING_YET };
  }
}

function remember(changes) {
  localStorage.setItem(memoryKey, JSON.stringify({ ...memory(), ...changes }));
}

/** Which tone is due: what was announced after the last silence; in a flood, only what is worse than the silenced. */
function dueTone(now, known) {
  const held = now.isFlood ? known.floodSeverity : 0;
  if (now.critical && now.criticalAnnounced > known.silencedCritical && held < CRITICAL) return "critical";
  if (now.warning && now.warningAnnounced > known.silencedWarning && held < WARNING) return "warning";
  return "";
}

const isOn = () => bar.dataset.sound !== undefined;

function play(name, volume) {
  const gain = audio.createGain();
  gain.gain.value = (LOUDEST * volume) / 100;
  gain.connect(audio.destination);
  for (const { hz, at, lasts } of TONES[name]) {
    const tone = audio.createOscillator();
    tone.type = name === "critical" ? "square" : "sine";
    tone.frequency.value = hz;
    tone.connect(gain);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + lasts);
  }
}

/** Browsers give sound to a page only after somebody has touched it. */
async function wake() {
  audio ||= new AudioContext();
  if (audio.state === "suspended") await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 300))]);
  const isAllowed = audio.state === "running";
  soundSwitch.querySelector("[data-sound-blocked]").hidden = isAllowed || !isOn();
  if (isAllowed) lead();
  return isAllowed;
}

function lead() {
  if (mayLead) return;
  mayLead = true;
  if (!navigator.locks) {
    isLeading = true;
    return;
  }
  navigator.locks.request(`${memoryKey}-sound`, () => {
    isLeading = true;
    follow();
    return new Promise(() => {});
  });
}

/** Sound what is due, and show the button that silences it. */
function follow() {
  if (!state) return;
  if (!state.isFlood && memory().floodSeverity) remember({ floodSeverity: 0 });
  const due = isOn() ? dueTone(state, memory()) : "";
  silencer.hidden = due !== "critical";
  if (due === sounding) return;
  clearInterval(timer);
  sounding = due;
  if (!due) return;
  sound(due);
  if (due === "critical") timer = setInterval(() => sound("critical"), REPEAT_MS);
}

async function sound(name) {
  if (!(await wake()) || !isLeading || sounding !== name) {
    if (name === "warning") sounding = ""; // nobody has heard it yet
    return;
  }
  play(name, Number(bar.dataset.volume));
  if (name === "critical") return;
  remember({ silencedWarning: state.warningAnnounced, ...(state.isFlood ? { floodSeverity: WARNING } : {}) });
  sounding = "";
}

/** Silence is not acknowledge: the alerts stay as they are, and what comes after sounds again. */
function silence() {
  remember({
    silencedCritical: state.criticalAnnounced,
    silencedWarning: state.warningAnnounced,
    floodSeverity: state.isFlood ? CRITICAL : 0,
  });
  follow();
}

async function saveSound(button) {
  const body = new FormData(soundSwitch);
  body.append(button.name, button.value);
  const headers = { "X-Requested-With": "XMLHttpRequest" };
  const answer = await fetch(soundSwitch.action, { method: "POST", body, headers, credentials: "same-origin" });
  if (!answer.ok) soundSwitch.requestSubmit(button);
}

async function switchSound(button) {
  const isNowOn = button.value === "true";
  bar.toggleAttribute("data-sound", isNowOn);
  button.setAttribute("aria-pressed", String(isNowOn));
  saveSound(button);
  button.value = String(!isNowOn);
  if (await wake()) {
    if (isNowOn && !state?.critical) play("warning", Number(bar.dataset.volume));
  }
  follow();
}

document.body.addEventListener("alarms:read", (event) => {
  state = event.detail;
  follow();
});
window.addEventListener("storage", (event) => {
  if (event.key === memoryKey) follow();
});
for (const touched of ["pointerdown", "keydown"]) {
  document.addEventListener(touched, async () => {
    if (!isOn() || (audio?.state === "running" && isLeading)) return;
    if ((await wake()) && sounding) sound(sounding);
  });
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-silences]")) silence();
  const button = event.target.closest("[data-sound-switch] button");
  if (!button) return;
  event.preventDefault();
  // A click with the keyboard on a button that says "blocked" allows the sound and does not turn it off.
  if (isOn() && !soundSwitch.querySelector("[data-sound-blocked]").hidden) wake().then(follow);
  else switchSound(button);
});

const page = document.querySelector("[data-alarm-preferences]");

function showPermission() {
  const found = "Notification" in window ? Notification.permission : "missing";
  for (const text of page.querySelectorAll("[data-when]")) text.hidden = text.dataset.when !== found;
  page.querySelector("[data-asks-permission]").disabled = found !== "default";
}

if (page) {
  showPermission();
  page.addEventListener("click", async (event) => {
    const tester = event.target.closest("[data-tests-tone]");
    if (tester && (await wake())) play(tester.dataset.testsTone, Number(page.querySelector("[type=range]").value));
    if (!event.target.closest("[data-asks-permission]")) return;
    await Notification.requestPermission();
    showPermission();
  });
}
