// SPDX-License-Identifier: Apache-2.0
// Joins sockets, input and view.  The page only asks; every limit and every time-out is elsewhere.

import { Input } from "./input.js";
import { View } from "./view.js";

const INPUT_PERIOD_MS = 15, RETRY_MS = 1000, PING_MS = 500;
const HEALTH = { GOOD: "good", DEGRADED: "warn", LOST: "bad" };
const STATES = { ENABLED: "good", PAUSED: "warn", DISABLED: "warn", FAULT: "bad" };
const $ = (id) => document.getElementById(id);
const view = new View();
let control = null, seq = 0, rtt = NaN, refusedUntil = 0, lastSample = performance.now();

const send = (message) => control?.readyState === WebSocket.OPEN && control.send(JSON.stringify(message));
const sendInput = () => {
  const now = performance.now();
  const dt = Math.max((now - lastSample) / 1000, 0.001);
  lastSample = now;
  send({ type: "input", seq: ++seq, ...input.sample(dt) });
};
const input = new Input(view.eyes, sendInput);

function banner(text, kind) {
  $("banner").textContent = text;
  $("banner").className = kind;
}

function put(id, text, kind = "") {
  $(id).textContent = text ?? "-";
  $(id).className = kind;
}

function showStatus(status) {
  const arm = status.arm ?? {};
  put("state", arm.state ? `${arm.state}${arm.is_homed ? ", homed" : ", not homed"}${arm.is_busy ? ", busy" : ""}` : "-", STATES[arm.state]);
  put("source", arm.source);
  put("answer", arm.answer);
  put("reason", arm.reason);
  put("jaw", arm.jaw === undefined ? "-" : `${(arm.jaw * 180 / Math.PI).toFixed(0)} deg`);
  put("target-health", status.target?.text, HEALTH[status.target?.health]);
  put("tool-health", status.tool?.text, HEALTH[status.tool?.health]);
  $("lamp-driving").classList.toggle("on", status.driving);
  view.eyes.classList.toggle("driving", status.driving);
  $("estop").classList.toggle("pressed", status.estop);
  $("release").disabled = !status.estop;
  if (performance.now() < refusedUntil) return;
  if (status.estop) banner("EMERGENCY STOP pressed: power off, latched. Release it, then enable.", "bad");
  else if (arm.state === "FAULT") banner(`FAULT: ${arm.reason}`, "bad");
  else if (status.taken) banner("another operator is holding the dead-man", "warn");
  else if (!arm.state) banner("no news from the arm", "warn");
  else banner(status.driving ? "you are in control" : `${arm.state}, source: ${arm.source}`, STATES[arm.state]);
}

function connectControl() {
  control = new WebSocket(`ws://${location.host}/control`);
  control.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "status") showStatus(message);
    else if (message.type === "pong") rtt = performance.now() - message.t;
    else if (message.type === "error") { refusedUntil = performance.now() + 2500; banner(`refused: ${message.reason}`, "warn"); }
  };
  control.onclose = () => {
    input.release();
    banner("connection to the console server lost: the arm holds", "bad");
    setTimeout(connectControl, RETRY_MS);
  };
}

function connectMedia() {
  const media = new WebSocket(`ws://${location.host}/media`);
  media.binaryType = "arraybuffer";
  media.onmessage = async (event) => {
    try { await view.draw(event.data); } finally { media.readyState === WebSocket.OPEN && media.send("ack"); }
  };
  media.onclose = () => setTimeout(connectMedia, RETRY_MS);
}

function setScale(value) {
  input.scale = Math.min(1, Math.max(0.05, Math.round(value * 100) / 100));
  $("scale").value = input.scale;
  $("scale-value").textContent = input.scale.toFixed(2);
}

$("estop").addEventListener("click", () => send({ type: "estop" }));
$("release").addEventListener("click", () => send({ type: "estop_release" }));
addEventListener("keydown", (event) => {
  if (event.code === "Escape") send({ type: "estop" });
  if (event.code === "BracketLeft") setScale(input.scale - 0.05);
  if (event.code === "BracketRight") setScale(input.scale + 0.05);
});
$("scale").addEventListener("input", (event) => setScale(Number(event.target.value)));
$("mode").addEventListener("change", (event) => view.eyes.classList.toggle("mono", event.target.value === "mono"));
document.querySelectorAll("[data-command]").forEach((b) => b.addEventListener("click", () => send({ type: "state_command", command: b.dataset.command })));
document.querySelectorAll("[data-source]").forEach((b) => b.addEventListener("click", () => send({ type: "request_source", source: b.dataset.source })));
document.querySelectorAll("button").forEach((b) => b.addEventListener("click", () => b.blur())); // Space must stay the dead-man
$("left").addEventListener("click", (event) => {
  if (input.deadman) return;
  const box = $("left").getBoundingClientRect();
  send({ type: "select", u: (event.clientX - box.left) / box.width * $("left").width - 0.5, v: (event.clientY - box.top) / box.height * $("left").height - 0.5 });
});

setInterval(() => input.deadman && sendInput(), INPUT_PERIOD_MS);
setInterval(() => send({ type: "ping", t: performance.now() }), PING_MS);
setInterval(() => {
  $("lamp-deadman").classList.toggle("on", input.deadman);
  $("lamp-clutch").classList.toggle("on", input.clutch);
  put("age", Number.isFinite(view.age) ? `${view.age.toFixed(0)} ms` : "-", view.age < 100 ? "good" : view.age < 200 ? "warn" : "bad");
  put("rtt", Number.isFinite(rtt) ? `${rtt.toFixed(1)} ms` : "-");
  put("fps", `${view.fps().toFixed(1)} Hz`);
  put("points-seen", view.pointsSeen);
  view.refreshStale();
}, 100);
connectControl();
connectMedia();
