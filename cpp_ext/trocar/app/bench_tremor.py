# SPDX-License-Identifier: Apache-2.0
"""The row `tremor`: what the tremor filter removes of 8-12 Hz, and its delay at 1 Hz.

A hand moves 10 mm at 1 Hz and trembles by 0.1 mm: a tone, three tones, or one that drifts in
frequency and amplitude; seen regularly at the control node's 200 Hz, or at the console's 67 Hz with
30 % jitter.  The share removed is of the RMS of all that is not the 1 Hz motion, so that whatever
the filter adds counts against it.  The worst run is judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from trocar import _core
from trocar.geometry import Array

SAMPLING = ((200.0, 0.0), (1 / 0.015, 0.3))  # Hz, jitter
VOLUNTARY = 0.010  # m at 1 Hz
TREMOR = 1e-4  # m
BAND = (8.0, 12.0)  # Hz
BEGIN, END = 2.0, 8.0  # s; whole seconds, so that 1 Hz and the tremor are told apart


class PoseFilter(Protocol):
    """What is measured: `_core.TremorFilter`, or another one."""

    def start(self, T_camera_hand: Array, stamp_ns: int) -> None:
        """Begin at this pose (4, 4)."""

    def step(self, T_camera_hand: Array, stamp_ns: int) -> Array:
        """The filtered pose (4, 4)."""


@dataclass(frozen=True)
class Run:
    """One hand: what it is called, when it is seen (N,) in s, and how it trembles (N,) in m."""

    name: str
    t: Array
    tremor: Array


@dataclass(frozen=True)
class Measured:
    """Share of the tremor's RMS that is gone, and how late (s) and large (1) the 1 Hz motion is."""

    removed: float
    delay: float
    gain: float


def runs(seeds: int) -> Iterator[Run]:
    """The hands: single tones over the band, mixed tones, drifting ones, each seen both ways."""
    for seed in range(1, seeds + 1):
        random = np.random.default_rng(seed)
        for rate, jitter in SAMPLING:
            t = np.cumsum((1 + jitter * random.uniform(-1, 1, int(END * rate * 1.2))) / rate)
            t = t[t < END]
            seen = f"{rate:.0f} Hz, seed {seed}"
            for hz in np.linspace(*BAND, 17):
                yield Run(f"{hz:g} Hz, {seen}", t, tone(t, hz, random))
            for _ in range(4):
                tones = random.uniform(*BAND, 3)
                mixed = sum(random.uniform(0.3, 1.0) * tone(t, hz, random) for hz in tones)
                yield Run(f"mixed {tones.round(2)}, {seen}", t, np.asarray(mixed))
                yield Run(f"drifting, {seen}", t, drifting(t, random))


def tone(t: Array, hz: float, random: np.random.Generator) -> Array:
    """A steady tone at any phase."""
    return TREMOR * np.sin(2 * np.pi * hz * t + random.uniform(0, 2 * np.pi))


def drifting(t: Array, random: np.random.Generator) -> Array:
    """A tone that wanders over the band within seconds, and swells and fades meanwhile."""
    turn = 2 * np.pi * random.uniform(0.1, 0.4)
    low, high = np.sort(random.uniform(*BAND, 2))
    phase = 2 * np.pi * (0.5 * (low + high) * t - 0.5 * (high - low) * np.cos(turn * t) / turn)
    swell = 0.65 + 0.35 * np.sin(2 * np.pi * random.uniform(0.1, 0.4) * t + random.uniform(0, 6))
    return TREMOR * swell * np.sin(phase + random.uniform(0, 2 * np.pi))


def measure(run: Run, tremor_filter: PoseFilter) -> Measured:
    """One hand through a filter, along a line that no axis of the filter is."""
    axis = np.array([2.0, -1.0, 2.0]) / 3.0
    x = VOLUNTARY * np.sin(2 * np.pi * run.t) + run.tremor
    T = np.eye(4)
    T[:3, 3] = x[0] * axis
    tremor_filter.start(T, 0)
    out = np.zeros_like(x)
    out[0] = x[0]
    stamps = ((run.t - run.t[0]) * 1e9).astype(int)
    for k in range(1, len(x)):
        T[:3, 3] = x[k] * axis
        out[k] = tremor_filter.step(T, int(stamps[k]))[:3, 3] @ axis
    late = run.t >= BEGIN
    wave_in, rest_in = slow_motion(run.t[late], x[late])
    wave_out, rest_out = slow_motion(run.t[late], out[late])
    ratio = wave_out / wave_in
    delay = float(-np.angle(ratio) / (2 * np.pi))
    return Measured(1.0 - rest_out / rest_in, delay, float(abs(ratio)))


def slow_motion(t: Array, x: Array) -> tuple[complex, float]:
    """The 1 Hz wave in x as a complex amplitude, and the RMS of what is not it (or constant)."""
    basis = np.stack([np.ones_like(t), np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)], axis=1)
    share, *_ = np.linalg.lstsq(basis, x, rcond=None)
    rest = x - basis @ share
    return complex(share[1], -share[2]), float(np.sqrt(np.mean(rest**2)))


def measure_tremor(seeds: int) -> dict[str, Any]:
    """Figures of the campaign: the worst run (judged) and the median."""
    named = [(run.name, measure(run, _core.TremorFilter())) for run in runs(seeds)]
    worst = min(named, key=lambda one: one[1].removed)
    removed = np.array([m.removed for _, m in named])
    delay = np.array([m.delay for _, m in named])
    return {
        "removed": float(removed.min()),
        "removed_median": float(np.median(removed)),
        "removed_worst_run": worst[0],
        "delay_s": float(delay.max()),
        "delay_s_median": float(np.median(delay)),
        "delay_s_stated": _core.TremorFilter.delay(1.0),
        "gain_1hz_worst": float(max((m.gain for _, m in named), key=lambda g: abs(g - 1.0))),
        "n": len(named),
    }
