# SPDX-License-Identifier: Apache-2.0
"""What each effect costs: CPU time of a stereo frame with it and without, taken in turn."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from trocar.camera import StereoRig
from trocar.sim.render.effects import Effects
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.render.tool_path import joints_at
from trocar.sim.scene import Scene
from trocar.sim.snapshot import CellSnapshot

EFFECTS: dict[str, Effects] = {
    "exposure and gain": Effects(exposure_ev=-2.0, gain_db=12.0),
    "wet highlights": Effects(wetness=2.0),
    "instrument shadow": Effects(shadow=0.7),
    "blood": Effects(blood_rate=2.5e-8, blood_start_s=-5.0),
    "smoke": Effects(smoke=14.0),
    "fog": Effects(fog=0.8),
    "motion blur": Effects(shutter_s=0.017),
}
LENS = (-0.28, 0.10, 0.0012, -0.0008, 0.0)  # a barrel as small endoscopes have it
TIP = [-0.004, 0.002, 0.012]  # m, in world


@dataclass(frozen=True)
class Cost:
    """Median CPU ms of a stereo frame without and with one effect, and how many of each."""

    name: str
    without_ms: float
    with_ms: float
    n: int

    @property
    def extra_ms(self) -> float:
        """What the effect adds."""
        return self.with_ms - self.without_ms


def with_lens(rig: StereoRig, k: tuple[float, ...] = LENS) -> StereoRig:
    """The rig with the same distortion in both eyes."""
    return replace(
        rig, left=replace(rig.left, distortion=k), right=replace(rig.right, distortion=k)
    )


def cpu_ms(draw: Callable[[int], object], count: int) -> list[float]:
    """CPU ms of each of `count` calls, all threads of this process together."""
    samples = []
    for k in range(count):
        begun = time.process_time_ns()
        draw(k)
        samples.append((time.process_time_ns() - begun) / 1e6)
    return samples


def _abab(
    a: Callable[[int], object], b: Callable[[int], object], rounds: int
) -> tuple[float, float]:
    """Medians of both; they take turns, so that load and clock speed meet both alike."""
    a(0), b(0)  # shaders are compiled at the first frame
    taken: tuple[list[float], list[float]] = ([], [])
    for k in range(rounds):
        taken[0].extend(cpu_ms(lambda i, k=k: a(k + i), 1))  # type: ignore[misc]
        taken[1].extend(cpu_ms(lambda i, k=k: b(k + i), 1))  # type: ignore[misc]
    return float(np.median(taken[0])), float(np.median(taken[1]))


def effect_costs(scene: Scene, rounds: int, seed: int = 0) -> Iterator[Cost]:
    """One cost after the other: the effects, distortion, then what truth and flow add.

    One core: LP_NUM_THREADS is set to 0 unless it is set already, before the first context.
    """
    os.environ.setdefault("LP_NUM_THREADS", "0")
    q = [joints_at(scene, np.add(TIP, [0.00015 * k, 0.0, 0.0]), 0.6) for k in range(2)]

    def cell(k: int) -> tuple[CellSnapshot, CellSnapshot]:
        return (
            CellSnapshot(k / 30.0, {"PSM1": q[0]}),
            CellSnapshot((k + 1) / 30.0, {"PSM1": q[1]}),
        )

    renderer, lens = (
        EndoscopeRenderer.of(scene, seed, rig=rig) for rig in (scene.rig, with_lens(scene.rig))
    )

    def draw(k: int, effects: Effects, truth: bool = False, flow: bool = False) -> None:
        renderer.options = RenderOptions(effects=effects)
        now, following = cell(k)
        neighbour = following if flow or effects.shutter_s > 0.0 else None
        renderer.render(now, k, truth=truth, neighbour=neighbour)

    def plain(k: int) -> None:
        draw(k, Effects())

    try:
        for name, effects in EFFECTS.items():
            pair = _abab(plain, lambda k, e=effects: draw(k, e), rounds)  # type: ignore[misc]
            yield Cost(name, *pair, rounds)
        pair = _abab(plain, lambda k: lens.render(cell(k)[0], k), rounds)
        yield Cost("lens distortion", *pair, rounds)
        pair = _abab(plain, lambda k: draw(k, Effects(), truth=True), rounds)
        yield Cost("truth: depth and masks", *pair, rounds)
        pair = _abab(plain, lambda k: draw(k, Effects(), truth=True, flow=True), rounds)
        yield Cost("truth with flow", *pair, rounds)
    finally:
        renderer.close()
        lens.close()
