# SPDX-License-Identifier: Apache-2.0
"""`trocar bench sim`: the whole cell, as fast as it goes and against the wall clock.

The cell is the scene `cell`: PSM1, PSM2 and the ECM in torque mode, each with its controller, and a
breathing lobe of about 1000 nodes that PSM1 presses and strokes.
"""

import dataclasses
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from trocar import _core
from trocar.app.launch_file import load
from trocar.app.launch_runner import LaunchRunner
from trocar.app.leftovers import refuse_second_cell
from trocar.app.libexec import link_executables
from trocar.app.report import Goal, at_least, at_most
from trocar.app.share import find_launch_file
from trocar.kinematics import forward_kinematics
from trocar.process import RUN_DIR
from trocar.sim.cell import Cell, plant_gravity_base
from trocar.sim.scene import Scene, load_scene

Say = Callable[[str], object]
SCENE, SEED = "cell", 0
LAUNCH_FILE = "cell.launch.xml"
FAST_WITH_TISSUE, FAST_WITHOUT = 4.0, 12.0
REALTIME_MIN = 0.98
IMAGES_MIN = 0.95  # of the camera's rate
MEMORY_MAX_MIB = 1024.0
_READY_TICKS = 4000
_COMMAND_TICKS = 10
_PRESS = {"PSM1": 0.004, "PSM2": -0.003}  # m that the true tips go below the lobe's top at rest


def cell_rows(body: dict[str, Any], goals: list[Goal], quick: bool, say: Say) -> None:
    """All rows of the whole cell."""
    seconds = 2.0 if quick else 10.0
    body["cell_realtime_factor"] = {}
    fast(body, goals, seconds, say)
    repeat(body, goals, say)
    realtime(body, goals, 8.0 if quick else 30.0, say)


class Played:
    """The cell with controllers in this process and a motion that touches the tissue."""

    def __init__(self, scene: Scene) -> None:
        """Enable and home every arm."""
        self.controllers = {arm: _controller(scene, arm) for arm in scene.psms}
        self.cell = Cell(scene, SEED, self.controllers, watch_clearance=False)
        self.cell.run(10)
        for arm in self.controllers.values():
            arm.state_command(_core.StateCommand.ENABLE)
            arm.state_command(_core.StateCommand.HOME)
        self.cell.run(_READY_TICKS)
        self._start = {
            name: np.array(forward_kinematics(arm.state().setpoint_q[:6]))
            for name, arm in self.controllers.items()
        }
        self._bases = {name: scene.T_world_base(name)[:3, :3] for name in self.controllers}
        self._down = {name: tool.tip[2] + _PRESS[name] for name, tool in self.cell.tools().items()}
        self._began = self.cell.time_s

    def run(self, seconds: float) -> None:
        """The tips go down, then in circles of 8 mm, a turn a second; the ECM pans."""
        for _ in range(round(seconds * 1000.0) // _COMMAND_TICKS):
            t = self.cell.time_s - self._began
            turn = 2.0 * np.pi * t
            for name, arm in self.controllers.items():
                down = self._down[name] * min(1.0, t)
                offset = np.array([0.004 * (np.cos(turn) - 1.0), 0.004 * np.sin(turn), -down])
                T = self._start[name].copy()
                T[:3, 3] += self._bases[name].T @ offset
                arm.servo_cp(T)
            if self.cell.ecm is not None and not self.cell.ecm.servo.is_busy:
                pan = 0.02 if int(t) % 2 else -0.02
                self.cell.ecm.servo.move([pan, 0.0, 0.1, 0.0])
            self.cell.run(_COMMAND_TICKS)


def _controller(scene: Scene, name: str) -> _core.Arm:
    config = _core.ArmConfig()
    dynamics = _core.DynamicParameters().perturbed(0.1, SEED)
    dynamics.gravity_base = plant_gravity_base(scene, name)
    config.dynamics = dynamics
    config.home_q = scene.initial_q[name]
    return _core.Arm(config)


def fast(body: dict[str, Any], goals: list[Goal], seconds: float, say: Say) -> None:
    """Simulated over CPU time of one process without pictures, with and without the tissue."""
    whole = load_scene(SCENE)
    for key, limit, scene in (
        ("no_render", FAST_WITH_TISSUE, whole),
        ("no_tissue", FAST_WITHOUT, dataclasses.replace(whole, soft={})),
    ):
        played = Played(scene)
        cpu, wall = time.process_time(), time.perf_counter()
        played.run(seconds)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        faults = [arm.state().fault for arm in played.controllers.values()]
        felt = float(np.linalg.norm(played.cell.truth.wrenches["PSM1"][:3]))
        played.cell.close()
        is_well = all(fault == _core.Fault.NONE for fault in faults)
        factor = seconds / cpu if is_well else None
        body["cell_realtime_factor"][key] = factor
        body.setdefault("cell_fast", {})[key] = {
            "cpu_factor": factor, "wall_factor": seconds / wall, "contact_n": felt,
            "faults": [fault.name for fault in faults],
        }  # fmt: skip
        goals.append(at_least(f"cell.fast.{key}", factor, "1", limit, round(1000 * seconds)))
        say(
            f"cell, {key}: {seconds / cpu:.1f} x real time by CPU, {seconds / wall:.1f} x by the "
            f"clock, PSM1 feels {felt:.2f} N"
        )


def repeat(body: dict[str, Any], goals: list[Goal], say: Say) -> None:
    """Two runs of the whole cell, everything that moves compared to the bit."""

    def trace() -> bytes:
        scene = load_scene(SCENE)
        played = Played(scene)
        states = []
        for _ in range(10):
            played.run(0.2)
            states.append(scene.layout.to_vector(played.cell.snapshot()))
        played.cell.close()
        return np.array(states).tobytes()

    same = trace() == trace()
    body["cell_repeat"] = same
    goals.append(at_least("repeat.cell", float(same), "1", 1.0, 2))
    say(f"two runs of the cell: {'the same' if same else 'NOT the same'} bits")


def realtime(body: dict[str, Any], goals: list[Goal], seconds: float, say: Say) -> None:
    """The system's own processes against the wall clock: 30 Hz, and 15 Hz with perception."""
    for key, fps, perception in (("30hz", 30, "false"), ("15hz_perception", 15, "true")):
        reports, memory, reason = _launch(fps, perception, seconds)
        sim, render = reports.get("sim", {}), reports.get("render", {})
        factor = sim.get("realtime_factor") if reason == "clean" else None
        rate = render.get("rates", {}).get("/endoscope/left/image_raw")
        body["cell_realtime_factor"][key] = factor
        body.setdefault("cell_realtime", {})[key] = {
            "image_hz": rate, "ticks": sim.get("ticks"), "overruns": sim.get("overruns"),
            "tissue_late": sim.get("tissue_late"), "seams": sim.get("seams"), "ended": reason,
            "cpu_cores": {n: r.get("cpu_s", 0.0) / seconds for n, r in reports.items()},
            "memory_mib": memory,
        }  # fmt: skip
        n = int(sim.get("ticks") or 0)
        goals.append(at_least(f"cell.realtime.{key}", factor, "1", REALTIME_MIN, n))
        goals.append(at_least(f"cell.realtime.{key}_images", rate, "Hz", IMAGES_MIN * fps, n))
        goals.append(at_most(f"memory.{key}", memory, "MiB", MEMORY_MAX_MIB, 1))
        told = "none" if rate is None else f"{rate:.1f} Hz"
        say(f"cell against the wall, {key}: factor {factor}, images {told}, {memory} MiB, {reason}")


def _launch(fps: int, perception: str, seconds: float) -> tuple[dict[str, Any], float | None, str]:
    """Reports by process, memory of all processes in MiB near the end, and how it ended."""
    given = {"scene": SCENE, "seed": str(SEED), "fps": str(fps), "perception": perception}
    description = load(find_launch_file(LAUNCH_FILE), given)
    refuse_second_cell()
    link_executables()
    folder = Path(tempfile.mkdtemp(prefix="trocar-bench-"))
    try:
        runner = LaunchRunner(description, {RUN_DIR: str(folder)}, lambda _line: None)
        runner.start()
        memory: list[float | None] = []
        near_end = threading.Timer(
            0.8 * seconds, lambda: memory.append(_memory_mib([c.pid for c in runner.children]))
        )
        near_end.start()
        ending = runner.wait(threading.Event(), seconds)
        near_end.cancel()
        reports = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
        return reports, memory[0] if memory else None, ending.reason
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory_mib(pids: list[int]) -> float | None:
    """Proportional set size (shared pages by share) of some processes; None if one is gone."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            return None
        total += next(int(line.split()[1]) for line in text.splitlines() if line[:4] == "Pss:")
    return round(total / 1024.0, 1)
