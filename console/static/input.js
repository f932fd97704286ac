// SPDX-License-Identifier: Apache-2.0
// Keyboard and mouse to a velocity of the hand, in camera axes (x right, y down, z away).
// The dead-man is a held key; everything that can take the hand away releases it.

const LINEAR = 0.05, ANGULAR = 1.0, JAW = 2.0; // m/s, rad/s, rad/s before the scale
const MOUSE_GAIN = 0.0004; // m of hand motion per pixel of mouse
const KEYS = {
  KeyD: [0, 1], KeyA: [0, -1], KeyS: [1, 1], KeyW: [1, -1], KeyR: [2, 1], KeyF: [2, -1],
  ArrowDown: [3, -1], ArrowUp: [3, 1], ArrowRight: [4, 1], ArrowLeft: [4, -1], KeyE: [5, 1], KeyQ: [5, -1],
};

export class Input {
  constructor(surface, onRelease) {
    this.pressed = new Set();
    this.mouse = [0, 0, 0];
    this.deadman = false;
    this.scale = 0.2;
    this.onRelease = onRelease;
    addEventListener("keydown", (e) => this.onKey(e, true));
    addEventListener("keyup", (e) => this.onKey(e, false));
    addEventListener("blur", () => this.release());
    addEventListener("pagehide", () => this.release());
    document.addEventListener("visibilitychange", () => document.hidden && this.release());
    surface.addEventListener("pointermove", (e) => {
      if (this.deadman && e.buttons & 1) { this.mouse[0] += e.movementX; this.mouse[1] += e.movementY; }
    });
    surface.addEventListener("wheel", (e) => {
      if (this.deadman) { this.mouse[2] -= e.deltaY / 4; e.preventDefault(); }
    }, { passive: false });
  }

  onKey(event, down) {
    if (event.target instanceof HTMLSelectElement || event.ctrlKey || event.metaKey || event.altKey) {
      if (!down && event.code === "Space") this.release();
      return;
    }
    const ours = event.code === "Space" || event.code in KEYS || event.code === "KeyC" || event.code === "KeyO" || event.code === "KeyP";
    if (ours) event.preventDefault();
    if (event.code === "Space") {
      if (down && !event.repeat) this.deadman = true;
      if (!down) this.release();
    } else if (down) this.pressed.add(event.code);
    else this.pressed.delete(event.code);
  }

  release() {
    const was = this.deadman;
    this.deadman = false;
    this.pressed.clear();
    this.mouse = [0, 0, 0];
    if (was) this.onRelease();
  }

  get clutch() { return this.pressed.has("KeyC"); }

  sample(dt) {
    const twist = [0, 0, 0, 0, 0, 0];
    for (const code of this.pressed) {
      if (code in KEYS) { const [axis, sign] = KEYS[code]; twist[axis] += sign * (axis < 3 ? LINEAR : ANGULAR); }
    }
    for (let i = 0; i < 3; i++) {
      // The mouse gives a displacement: it is handed out as a velocity no faster than the keys' limit.
      const step = Math.max(-2 * LINEAR * dt, Math.min(2 * LINEAR * dt, this.mouse[i] * MOUSE_GAIN));
      twist[i] += step / dt;
      this.mouse[i] -= step / MOUSE_GAIN;
    }
    const jaw = (this.pressed.has("KeyO") - this.pressed.has("KeyP")) * JAW;
    return { twist, jaw, deadman: this.deadman, clutch: this.clutch, scale: this.scale };
  }
}
