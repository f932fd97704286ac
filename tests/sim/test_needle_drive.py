# SPDX-License-Identifier: Apache-2.0
"""A needle through tissue: its holes, what the tissue does to it, and faults that must cost."""

from collections.abc import Callable

import numpy as np
import pytest

from trocar.geometry import Array, exp_so3, make_transform
from trocar.sim.objects.bullet import GRAVITY
from trocar.sim.objects.handling import Handling
from trocar.sim.objects.needle import Needle
from trocar.sim.tasks.env import TaskEnv
from trocar.sim.tasks.experts.catalogue import make_expert
from trocar.sim.tasks.experts.needle_drive import NeedleDriveExpert
from trocar.sim.tasks.stitch import (
    CLING,
    CUTTING,
    FRICTION,
    HOLE_STIFFNESS,
    TEAR,
    Push,
    Stitch,
    wrench_of,
)

HEIGHT = 0.008  # m of the arc's middle over the surface: holes 6 mm to either side, 2 mm deep
DOWN = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # x down, z on world x


def turned(angle: float, aside: float = 0.0) -> Array:
    """`T_world_needle`: the point at an angle from straight down towards world y."""
    in_plane = exp_so3([0.0, 0.0, angle - 0.5 * Needle().angle])
    return make_transform(DOWN @ in_plane, np.array([aside, 0.0, HEIGHT]))


def driven(last: float, first: float = -0.9) -> tuple[Stitch, list[Push]]:
    stitch, pushes = Stitch(Needle()), []
    for angle in np.linspace(first, last, 400):
        pushes = stitch.look(turned(float(angle)), 0.0)
    return stitch, pushes


def test_a_turn_about_the_arcs_middle_makes_two_holes_and_moves_nothing_sideways() -> None:
    half = np.arccos(0.8)
    stitch, _ = driven(half + 0.3)
    assert stitch.is_deep
    assert stitch.entry == pytest.approx([0.0, -0.006, 0.0], abs=5e-5)
    assert stitch.exit == pytest.approx([0.0, 0.006, 0.0], abs=5e-5)
    assert stitch.out == pytest.approx(0.003, abs=5e-5)
    assert stitch.farthest < 6e-5


def test_the_tissue_rubs_against_the_motion_and_holds_against_a_shift() -> None:
    stitch, pushes = driven(0.0)
    force, _ = wrench_of(pushes, np.zeros(3))
    inside = 0.010 * np.arccos(0.8)  # m of wire
    chord = 0.006  # m of that along the surface: what rubs along an arc adds up to its chord
    assert force[1] == pytest.approx(-(FRICTION * chord + CUTTING), rel=0.06)
    assert np.linalg.norm(force) < FRICTION * inside + CUTTING
    back = float(CLING / Needle().radius)  # rad: let go by as much as the tissue clings
    force, _ = wrench_of(stitch.look(turned(-back), 0.0), np.zeros(3))
    assert np.linalg.norm(force) < 0.05 * CUTTING
    for aside, most in ((0.001, HOLE_STIFFNESS * 0.001), (0.01, HOLE_STIFFNESS * TEAR)):
        force, torque = wrench_of(stitch.look(turned(-back, aside), 0.0), np.zeros(3))
        assert force[0] == pytest.approx(-most, rel=0.02)  # beyond TEAR it has torn
        assert torque[2] == pytest.approx(-0.006 * most, rel=0.03)  # it pulls at the entry
        assert stitch.farthest == pytest.approx(aside, rel=0.02)


def test_pulled_back_or_laid_in_by_its_side_it_has_made_no_stitch() -> None:
    stitch, _ = driven(0.2)
    for angle in np.linspace(0.2, -0.9, 100):
        stitch.look(turned(float(angle)), 0.0)
    assert stitch.entry is None and stitch.exit is None and not stitch.is_deep
    stitch = Stitch(Needle())
    T = turned(1.3)  # the middle of the wire is its lowest
    for above in np.linspace(0.004, 0.0, 50):
        lowered = T.copy()
        lowered[2, 3] += above
        stitch.look(lowered, 0.0)
    assert stitch.entry is None and stitch.exit is None


def episode(change: Callable[[TaskEnv, Array], Array]) -> tuple[list[bool], dict, Array]:
    """Successes, the last `info` and what was achieved, to 30 steps short of the horizon."""
    env = TaskEnv("needle_drive")
    expert = make_expert(env.task, env.layout)
    observation, info = env.reset(seed=100)
    expert.reset()
    successes = []
    for _ in range(60):
        action = change(env, expert.act(observation))
        observation, _, _, _, info = env.step(action)
        successes.append(bool(info["is_success"]))
    env.close()
    return successes, info, observation["achieved_goal"]


def test_going_in_beside_the_mark_fails_by_the_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = NeedleDriveExpert._pose
    beside = 0.003 * np.array([0.9325, -0.3612, 0.0])  # along the tool, across the stitch

    def shifted(self: NeedleDriveExpert, *args: object) -> Array:
        T = whole(self, *args)  # type: ignore[arg-type]
        T[:3, 3] += beside
        return T

    monkeypatch.setattr(NeedleDriveExpert, "_pose", shifted)
    successes, info, achieved = episode(lambda env, action: action)
    assert not any(successes)
    assert achieved[:3].tolist() == [1.0, 1.0, 1.0] and info["out"] > 3.0
    assert info["entry_error"] == pytest.approx(3.0, abs=0.3)
    assert info["exit_error"] == pytest.approx(3.0, abs=0.5)


def test_a_wire_dragged_sideways_tears_and_fails_though_it_comes_out() -> None:
    dragged = 0

    def drag(env: TaskEnv, action: Array) -> Array:
        nonlocal dragged
        if env.task.achieved(env.cell)[0] and dragged < 2:
            dragged += 1
            action[:2] += [0.37, -0.14]  # 2 mm along the tool
        return action

    successes, info, achieved = episode(drag)
    assert dragged == 2 and not any(successes)
    assert achieved[:3].tolist() == [1.0, 1.0, 1.0] and info["out"] > 3.0
    assert info["sideways"] > 1.5 and info["entry_error"] < 2.0
    assert info["tissue_force"] > HOLE_STIFFNESS * TEAR


def test_the_force_of_the_tissue_reaches_the_arm(monkeypatch: pytest.MonkeyPatch) -> None:
    pushed = []
    push = Handling.push

    def watched(self: Handling, name: str, force: Array, torque: Array) -> None:
        pushed.append((force, torque))
        push(self, name, force, torque)

    monkeypatch.setattr(Handling, "push", watched)
    env = TaskEnv("needle_drive")
    expert = make_expert(env.task, env.layout)
    observation, _ = env.reset(seed=100)
    expert.reset()
    while not env.task.achieved(env.cell)[0]:
        observation, *_ = env.step(expert.act(observation))
    load = env.cell.surroundings.loads()["PSM1"]
    force, torque = pushed[-1]
    things = env.cell.handling.things
    assert load is not None and np.linalg.norm(force) > 0.02
    ahead = env.task.extra(env.cell)[3:6] - env.task.extra(env.cell)[:3]
    assert force @ ahead < 0.0  # against the drive
    carried = force - [0.0, 0.0, GRAVITY * things.shapes["needle"].mass]
    assert load.force == pytest.approx(carried, abs=1e-9)
    lever = things.centre("needle") - env.cell.tools()["PSM1"].T_world_cp[:3, 3]
    assert load.torque == pytest.approx(torque + np.cross(lever, carried), abs=1e-6)
    env.close()
