# SPDX-License-Identifier: Apache-2.0
"""`trocar bench sim`: what a simulated arm costs a tick, alone and with its controller."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from trocar import _core
from trocar.app.report import Goal, at_most
from trocar.errors import TrocarError
from trocar.sim.arms import SimulatedArm, SimulatedEcm
from trocar.sim.cell import plant_gravity_base
from trocar.sim.scene import Scene, load_scene

SCENE, SEED, ARM = "cell", 0, "PSM1"
TICK_LIMIT_US = 20.0  # a PSM with its controller: what 3 x SurRoL's steps a second leave for it
_READY_TICKS = 4000
_COMMAND_TICKS = 10
_BULK_TICKS = 20_000


def arm_rows(
    body: dict[str, Any], goals: list[Goal], quick: bool, say: Callable[[str], object]
) -> None:
    """`arm_step_us`: quantiles of single calls from Python, and a mean without Python.

    `plant` one step of a PSM's plant; `tick` measure, link, controller and plant, the arm on its
    way in circles; `ecm_tick` the endoscope's arm with its servo; `tick_mean` of long runs.
    """
    n = 2_000 if quick else 20_000
    scene = load_scene(SCENE)
    arm = _controller(scene)
    simulated = SimulatedArm(scene, scene.realise(SEED), ARM, arm)
    simulated.run(10, 0)
    arm.state_command(_core.StateCommand.HOME)
    simulated.run(_READY_TICKS, 0)
    start = np.array(arm.state().setpoint_q[:6])

    def tick(k: int) -> None:
        if k % _COMMAND_TICKS == 0:
            turn = 2e-3 * np.pi * k
            arm.servo_jp(start + 0.05 * np.array([np.sin(turn), np.cos(turn) - 1.0, 0, 0, 0, 0]))

    def run(_k: int) -> object:
        return simulated.run(1, 0)

    rows = {"tick": _quantiles(n, run, tick)}
    if arm.state().fault != _core.Fault.NONE:
        raise TrocarError(f"the arm stopped: {_core.describe(arm.state().fault)}")
    before = time.perf_counter()
    output = simulated.run(_BULK_TICKS, 0)
    rows["tick_mean"] = {
        "mean": 1e6 * (time.perf_counter() - before) / _BULK_TICKS,
        "n": _BULK_TICKS,
    }
    rows["plant"] = _quantiles(n, lambda _: simulated.plant.step(output))
    ecm = SimulatedEcm(scene)
    ecm.servo.move(scene.initial_q["ECM"] + np.array([0.2, 0.1, 0.02, 0.2]))
    rows["ecm_tick"] = _quantiles(n, lambda _: ecm.run(1))
    body["arm_step_us"] = rows
    for name in ("plant", "tick", "ecm_tick"):
        row = rows[name]
        say(
            f"arm, {name}: median {row['median']:.1f} us, p99 {row['p99']:.1f}, "
            f"max {row['max']:.0f} (n {row['n']})"
        )
    say(f"arm, tick without Python: mean {rows['tick_mean']['mean']:.2f} us")
    goals.append(at_most("arm.tick_us", rows["tick"]["median"], "us", TICK_LIMIT_US, n))


def _controller(scene: Scene) -> _core.Arm:
    config = _core.ArmConfig()
    config.dynamics = _core.DynamicParameters().perturbed(0.1, SEED)
    config.dynamics.gravity_base = plant_gravity_base(scene, ARM)
    config.home_q = scene.initial_q[ARM]
    return _core.Arm(config)


def _quantiles(
    n: int, call: Callable[[int], object], before: Callable[[int], object] = lambda _: None
) -> dict[str, float]:
    """Median, p99 and maximum in us of n calls, each timed alone; `before` is not."""
    samples = np.empty(n)
    for k in range(n):
        before(k)
        begun = time.perf_counter_ns()
        call(k)
        samples[k] = 1e-3 * (time.perf_counter_ns() - begun)
    median, p99, most = (float(x) for x in np.percentile(samples, [50, 99, 100]))
    return {"median": median, "p99": p99, "max": most, "n": n}
