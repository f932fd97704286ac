// SPDX-License-Identifier: Apache-2.0
// The stereo view: one packed frame in, both eyes drawn with that frame's own estimates.

const STATE_COLOURS = ["#3ecf8e", "#f2b84b", "#ff5c5c"]; // visible, occluded, lost
const AXIS_COLOURS = ["#ff5c5c", "#3ecf8e", "#4fb3ff"]; // x, y, z
const STALE_MS = 1000;

export class View {
  constructor() {
    this.canvases = { left: document.getElementById("left"), right: document.getElementById("right") };
    this.eyes = document.querySelector(".eyes");
    this.arrivals = [];
    this.age = NaN;
    this.info = document.getElementById("frame-info");
  }

  async draw(buffer) {
    const header = new DataView(buffer, 0, 12);
    const sizes = [0, 4, 8].map((offset) => header.getUint32(offset, true));
    const meta = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 12, sizes[0])));
    const pictures = await Promise.all([
      decode(buffer, 12 + sizes[0], sizes[1]), decode(buffer, 12 + sizes[0] + sizes[1], sizes[2])]);
    ["left", "right"].forEach((eye, i) => this.drawEye(eye, pictures[i], meta));
    const now = performance.now();
    this.arrivals = this.arrivals.filter((t) => now - t < 2000).concat(now);
    this.age = Date.now() - Number(BigInt(meta.stamp_ns) / 1000000n);
    const seen = meta.points ? meta.points.state.filter((s) => s === 0).length : 0;
    this.pointsSeen = meta.points ? `${seen} of ${meta.points.state.length}` : "none in this frame";
    this.info.textContent = meta.points || meta.tool
      ? `frame ${meta.seq}: drawn from its own estimates` : `frame ${meta.seq}: no estimates for it`;
    return meta;
  }

  drawEye(eye, picture, meta) {
    const canvas = this.canvases[eye];
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width; canvas.height = picture.height;
    }
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    picture.close();
    const shown = (id) => document.getElementById(id).checked;
    // Integer pixel centres: pixel (u, v) covers [u, u + 1) of the canvas.
    context.save();
    context.translate(0.5, 0.5);
    if (meta.points && shown("show-points")) drawPoints(context, meta.points[eye], meta.points.state);
    if (meta.tool && shown("show-tool")) drawAxes(context, meta.tool[eye], "tool");
    if (meta.target && shown("show-target")) drawAxes(context, meta.target[eye], "target");
    context.restore();
  }

  fps() {
    const now = performance.now();
    return this.arrivals.filter((t) => now - t < 2000).length / 2;
  }

  refreshStale() {
    const last = this.arrivals.at(-1);
    this.eyes.classList.toggle("stale", last === undefined || performance.now() - last > STALE_MS);
  }
}

function decode(buffer, start, length) {
  return createImageBitmap(new Blob([new Uint8Array(buffer, start, length)], { type: "image/jpeg" }));
}

function drawPoints(context, pixels, states) {
  pixels.forEach((pixel, i) => {
    if (!pixel || states[i] === 2) return;
    context.strokeStyle = STATE_COLOURS[states[i]];
    context.strokeRect(pixel[0] - 2, pixel[1] - 2, 4, 4);
  });
}

function drawAxes(context, pixels, label) {
  const origin = pixels[0];
  if (!origin) return;
  context.lineWidth = 3;
  AXIS_COLOURS.forEach((colour, i) => {
    const end = pixels[i + 1];
    if (!end) return;
    context.strokeStyle = colour;
    context.beginPath(); context.moveTo(...origin); context.lineTo(...end); context.stroke();
  });
  context.lineWidth = 1;
  context.font = "13px sans-serif";
  context.strokeStyle = "#000"; context.fillStyle = "#fff";
  context.strokeText(label, origin[0] + 8, origin[1] - 8);
  context.fillText(label, origin[0] + 8, origin[1] - 8);
}
