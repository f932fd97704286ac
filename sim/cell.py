# SPDX-License-Identifier: Apache-2.0
"""The simulated cell: arms, objects, soft bodies, the breathing patch; it owns simulated time.

One tick is 1 ms: every arm measures, exchanges with its controller and moves; every 10 ticks the
surroundings are looked at.  The same scene, seed and commands give the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.arms import Port, SimulatedArm, SimulatedEcm
from trocar.sim.faults.board import FaultBoard
from trocar.sim.faults.plant import PlantFaults
from trocar.sim.faults.tissue import TissueFaults
from trocar.sim.instrument_path import JAW_ANGLE, InstrumentPath
from trocar.sim.objects.handling import LOOK_TICKS
from trocar.sim.objects.tool import ToolPose
from trocar.sim.scene import ECM, Scene
from trocar.sim.snapshot import CellSnapshot, Passing
from trocar.sim.surroundings import Surroundings
from trocar.sim.truth import Clearance, Truth

ARM = "PSM1"
GRAVITY = 9.81  # m/s2, along -z of the world
# Clearances are looked at this often: 50 Hz, where a tip at 50 mm/s moves 1 mm.
_CLEARANCE_TICKS = 20
# Lockstep stamps start here: a stamp of 0 means "unknown" everywhere (design.md, section 2).
_FIRST_STAMP_NS = 1_000_000_000


class Cell:
    """`arms` by name, the ECM apart; `tick()` or `run(n)` advance everything by 1 or n ms.

    `ticks` counts them, `time_s` is simulated time, `touched` holds what PSM1 has touched so far
    ("tissue", "PSM2"), `lowest` the smallest clearances seen (looked at every 20 ticks).
    """

    def __init__(
        self,
        scene: Scene,
        seed: int,
        drivers: Mapping[str, _core.Arm | Port],
        *,
        parameters: _core.DynamicParameters | None = None,
        first_stamp_ns: int = _FIRST_STAMP_NS,
        second_instrument_at: float | None = None,
        watch_clearance: bool = True,
        beside: bool = False,
        faults: FaultBoard | None = None,
    ) -> None:
        """Realise the scene with a seed; the plants' own dynamics default to the nominal ones.

        drivers: for each arm that holds an instrument the controller (lockstep) or a port.
        second_instrument_at: s, < 0 never, None the scene's own.  beside: soft bodies in a thread.
        faults: what may break and when; default, what the scene says.
        """
        if sorted(drivers) != sorted(scene.psms):
            raise ConfigurationError(
                f"scene {scene.name}: drivers for {', '.join(drivers) or 'no arm'}; one is needed "
                f"for each of {', '.join(scene.psms)}"
            )
        self.scene = scene
        self.truth = Truth(scene, seed)
        cell = self.truth.cell
        self.arms = {
            name: SimulatedArm(scene, cell, name, drivers[name], parameters) for name in scene.psms
        }
        self.ecm = SimulatedEcm(scene) if ECM in scene.arms else None
        self.surroundings = Surroundings(scene, beside)
        poses = {name: spec.T_world_object for name, spec in scene.objects.items()}
        self.surroundings.reset(poses, self.tools())
        self.path = InstrumentPath(scene.instrument, scene.T_world_camera, cell.sweep_sense)
        start = scene.instrument.start_s if second_instrument_at is None else second_instrument_at
        self._pass_start_s = start if start >= 0.0 else np.inf
        self._first_stamp_ns = first_stamp_ns
        self._watch = watch_clearance
        self._is_near = False
        self.faults = FaultBoard(scene.faults, seed) if faults is None else faults
        self._plant_faults = PlantFaults(self.faults, self._every_arm())
        self._tears = TissueFaults(self.faults, lambda: self.surroundings.soft)
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

    @property
    def plants(self) -> dict[str, _core.ArmPlant]:
        """Every simulated arm's plant, the ECM's too."""
        plants = {name: arm.plant for name, arm in self.arms.items()}
        return plants if self.ecm is None else {**plants, ECM: self.ecm.plant}

    def _every_arm(self) -> dict[str, SimulatedArm | SimulatedEcm]:
        return {**self.arms} if self.ecm is None else {**self.arms, ECM: self.ecm}

    def set_first_stamp(self, stamp_ns: int) -> None:
        """Map time 0 to a stamp; before the first tick (the real-time process, at its start)."""
        self._first_stamp_ns = stamp_ns

    def tools(self) -> dict[str, ToolPose]:
        """Where the instruments truly are."""
        return {name: arm.tool() for name, arm in self.arms.items()}

    def tick(self) -> dict[str, _core.PlantOutput]:
        """One millisecond; what each plant was told."""
        return self._advance(1)

    def run(self, ticks: int) -> None:
        """So many milliseconds, in as few steps as the surroundings allow."""
        while ticks > 0:
            step = 1 if self._is_near else min(ticks, LOOK_TICKS - self.ticks % LOOK_TICKS)
            self._advance(step)
            ticks -= step

    def start_pass(self) -> None:
        """Send the second instrument over the work point now."""
        self._pass_start_s = self.time_s

    def snapshot(self) -> CellSnapshot:
        """The present state, as the renderer and the truth take it."""
        T_world_cp = self.path.pose(self.time_s - self._pass_start_s)
        return CellSnapshot(
            self.time_s,
            {name: plant.q_true for name, plant in self.plants.items()},
            None if T_world_cp is None else Passing(T_world_cp, JAW_ANGLE),
            dict(self.surroundings.handling.things.poses),
            {name: body.nodes for name, body in self.surroundings.soft.bodies.items()},
        )

    def cut(self, name: str, a: Array, b: Array, depth: Array) -> _core.CutReport:
        """Part a soft body under a blade: the parallelogram from a-b (3,) m to depth beyond it."""
        self.surroundings.soft.wait()
        return self.surroundings.soft.bodies[name].cut(a, b, depth)

    def close(self) -> None:
        """Free the physics world."""
        self.surroundings.close()

    def _advance(self, ticks: int) -> dict[str, _core.PlantOutput]:
        self._plant_faults.update(self.time_s)
        outputs = {name: arm.run(ticks, self.stamp_ns) for name, arm in self.arms.items()}
        if self.ecm is not None:
            self.ecm.run(ticks)
        self.ticks += ticks
        at_look = self.ticks % LOOK_TICKS == 0
        if self._is_near or at_look:
            self._meet(at_look)
        if self._watch and self.ticks % _CLEARANCE_TICKS == 0:
            self._note_clearance()
        return outputs

    def _meet(self, at_look: bool) -> None:
        """Arms and surroundings act on each other."""
        tools = self.tools()
        if self._is_near:
            self.surroundings.step(tools)
        if at_look:
            self._tears.update(self.time_s)
            self._is_near = self.surroundings.look(self.time_s, tools)
        for name, load in self.surroundings.loads().items():
            self.arms[name].feel(load)
            felt = np.zeros(6) if load is None else np.concatenate([load.force, load.torque])
            self.truth.wrenches[name] = felt

    def _note_clearance(self) -> None:
        now = self.truth.clearance(self.snapshot())
        self.lowest = Clearance(
            min(self.lowest.tissue, now.tissue), min(self.lowest.instrument, now.instrument)
        )
        if now.tissue <= 0.0:
            self.touched.add("tissue")
        if now.instrument <= 0.0:
            self.touched.add("PSM2")


def plant_gravity_base(scene: Scene, arm: str = ARM) -> Array:
    """Gravity (3,) in m/s2 in an arm's nominal base frame: what a controller is told at set-up."""
    return scene.gravity_base(arm, GRAVITY)
