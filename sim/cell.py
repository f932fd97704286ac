# SPDX-License-Identifier: Apache-2.0
"""The simulated cell in lockstep: one tick = measure, exchange with the controller, step.

The cell owns simulated time.  The same scene, seed and commands give the same bits.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from trocar import _core
from trocar.geometry import Array
from trocar.sim.instrument_path import JAW_ANGLE, InstrumentPath
from trocar.sim.plant import GRAVITY, PsmPlant
from trocar.sim.scene import Scene
from trocar.sim.snapshot import CellSnapshot, Passing
from trocar.sim.truth import Clearance, Truth

ARM = "PSM1"
# Clearances are looked at this often: 62.5 Hz, where a tip at 50 mm/s moves 0.8 mm.
_CLEARANCE_TICKS = 16
# Lockstep stamps start here: a stamp of 0 means "unknown" everywhere (design.md, section 2).
_FIRST_STAMP_NS = 1_000_000_000


class Port(Protocol):
    """The plant's end of the arm seam: `_core.LockstepPort` or `_core.PlantPort`."""

    def exchange(self, q: Array, qd: Array, tau: Array, stamp_ns: int) -> _core.PlantOutput:
        """Hand over a measured state, get what the plant does in the coming tick."""
        ...


class Cell:
    """PSM1, tissue and the second instrument; `tick()` advances all of it by 1 ms.

    `ticks` counts them, `time_s` is simulated time, `touched` holds what PSM1 has touched so far
    ("tissue", "PSM2"), `lowest` the smallest clearances seen (looked at every 16 ticks).
    """

    def __init__(
        self,
        scene: Scene,
        seed: int,
        port: Port,
        *,
        parameters: _core.DynamicParameters | None = None,
        first_stamp_ns: int = _FIRST_STAMP_NS,
        second_instrument_at: float | None = None,
        watch_clearance: bool = True,
    ) -> None:
        """Realise the scene with a seed; the plant's own dynamics default to the nominal ones.

        second_instrument_at: s, < 0 never, None the scene's own.
        """
        self.scene = scene
        self.truth = Truth(scene, seed, ARM)
        cell = self.truth.cell
        self._port = port
        self._rng = np.random.default_rng(cell.noise_seed)
        self.plant = PsmPlant(
            parameters or _core.DynamicParameters(),
            cell.T_world_base[ARM],
            scene.initial_q[ARM],
            scene.encoder,
            cell.joint_bias[ARM],
            self._rng,
            name=ARM,
        )
        self.path = InstrumentPath(scene.instrument, scene.T_world_camera, cell.sweep_sense)
        start = scene.instrument.start_s if second_instrument_at is None else second_instrument_at
        self._pass_start_s = start if start >= 0.0 else np.inf
        self._first_stamp_ns = first_stamp_ns
        self._watch = watch_clearance
        self.ticks = 0
        self.touched: set[str] = set()
        self.lowest = Clearance(np.inf, np.inf)

    @property
    def time_s(self) -> float:
        """Simulated time in s."""
        return self.ticks * _core.TICK_NS * 1e-9

    @property
    def stamp_ns(self) -> int:
        """Stamp of the present state."""
        return self._first_stamp_ns + self.ticks * _core.TICK_NS

    def set_first_stamp(self, stamp_ns: int) -> None:
        """Map time 0 to a stamp; before the first tick (the real-time process, at its start)."""
        self._first_stamp_ns = stamp_ns

    def tick(self) -> _core.PlantOutput:
        """One millisecond: measure, exchange, step; returns what the plant was told."""
        q, qd, tau = self.plant.measure()
        output = self._port.exchange(q, qd, tau, self.stamp_ns)
        self.plant.step(output)
        self.ticks += 1
        if self._watch and self.ticks % _CLEARANCE_TICKS == 0:
            self._note_clearance()
        return output

    def start_pass(self) -> None:
        """Send the second instrument over the work point now."""
        self._pass_start_s = self.time_s

    def snapshot(self) -> CellSnapshot:
        """The present state, as the renderer and the truth take it."""
        T_world_cp = self.path.pose(self.time_s - self._pass_start_s)
        if T_world_cp is None:
            return CellSnapshot(self.time_s, {ARM: self.plant.q_true})
        return CellSnapshot(self.time_s, {ARM: self.plant.q_true}, Passing(T_world_cp, JAW_ANGLE))

    def close(self) -> None:
        """Free the physics world."""
        self.plant.close()

    def _note_clearance(self) -> None:
        now = self.truth.clearance(self.snapshot())
        self.lowest = Clearance(
            min(self.lowest.tissue, now.tissue), min(self.lowest.instrument, now.instrument)
        )
        if now.tissue <= 0.0:
            self.touched.add("tissue")
        if now.instrument <= 0.0:
            self.touched.add("PSM2")


def plant_gravity_base(scene: Scene) -> Array:
    """Gravity (3,) in m/s2 in PSM1's nominal base frame: what a controller is told at set-up."""
    return scene.gravity_base(ARM, GRAVITY)
