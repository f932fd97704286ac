# SPDX-License-Identifier: Apache-2.0
"""Grasps: made by two jaws and force, without a jump; held by friction only; let go, they fall."""

from collections.abc import Iterator

import numpy as np
import pytest

from trocar.geometry import exp_so3, log_so3, make_transform
from trocar.sim.objects.bullet import GRAVITY
from trocar.sim.objects.grasp import HOLD_FORCE
from trocar.sim.objects.handling import Handling
from trocar.sim.objects.held import HOLD_TURN_STIFFNESS
from trocar.sim.objects.kinds import shape_of
from trocar.sim.objects.shape import Shape
from trocar.sim.objects.spec import ObjectSpec

from .kinematic_tool import Puppet, pose

TOP = 0.007  # m: the pad's upper face
BLOCK = np.array([0.0, 0.0, TOP + 0.0041])
OPEN = 0.45  # rad


def shapes(*kinds: str) -> dict[str, Shape]:
    return {kind: shape_of(ObjectSpec(kind, np.eye(4))) for kind in ("pad", *kinds)}


def poses() -> dict[str, np.ndarray]:
    return {
        "pad": make_transform(translation=[0.0, 0.0, TOP]),
        "block": make_transform(translation=BLOCK),
    }


# Jaws that close along y over the wall at -y, tips 2 mm below its upper edge.
WALL = BLOCK + [0.0, -0.0060, 0.0020]


@pytest.fixture
def handling() -> Iterator[Handling]:
    made = Handling(shapes("block"))
    yield made
    made.close()


def over_the_wall(handling: Handling, tip=WALL) -> Puppet:
    # A block's walls face x and every 60 deg on: turned by 30 deg one of them faces -y.

    start = poses()
    start["block"] = start["block"] @ make_transform(exp_so3([0.0, 0.0, np.pi / 6]))
    hand = Puppet(handling, np.asarray(tip) + [0.0, 0.0, 0.010], OPEN)
    assert handling.reset(start, {"PSM1": hand.pose})
    hand.go(tip)
    return hand


def squeezed(hand: Puppet, force: float) -> None:
    """Close until the jaws meet, then on to a grip of that many newtons."""
    grasps = hand.handling.jaws.grasps
    while grasps["PSM1"] is None:
        hand.go(jaw=hand.jaw - 0.002, ms=1)
        assert hand.jaw > 0.1, "the jaws met nothing"
    grasp = grasps["PSM1"]
    angle = grasp.contact_jaw - force * grasp.softness / grasp.lever
    hand.go(jaw=angle, ms=10)


def test_a_grasp_holds_and_nothing_moves_when_it_is_made(handling: Handling) -> None:
    hand = over_the_wall(handling)
    before = handling.things.poses["block"].copy()
    squeezed(hand, 5.0)
    grasp = handling.jaws.grasps["PSM1"]
    assert grasp is not None and grasp.is_held and grasp.name == "block"
    assert grasp.force(hand.jaw) == pytest.approx(5.0, rel=0.02)
    moved = handling.things.poses["block"] - before
    assert np.abs(moved[:3, 3]).max() < 3e-5  # m: what two jaws that touch may leave between them
    assert np.abs(moved[:3, :3]).max() < 1e-3


def test_the_jaws_feel_what_they_hold(handling: Handling) -> None:
    hand = over_the_wall(handling)
    squeezed(hand, 5.0)
    grasp = handling.jaws.grasps["PSM1"]
    hand.go(ms=1)  # at rest
    assert hand.load.grip == pytest.approx(grasp.force(hand.jaw) * grasp.lever)
    assert 0.006 < grasp.lever < 0.0103


def test_a_held_object_follows_and_its_weight_is_the_load(handling: Handling) -> None:
    hand = over_the_wall(handling)
    squeezed(hand, 5.0)
    start = handling.things.poses["block"].copy()
    up = WALL + [0.004, -0.003, 0.015]
    hand.go(up, ms=300)
    hand.go(ms=2)
    T = handling.things.poses["block"]
    assert T[:3, 3] - start[:3, 3] == pytest.approx(up - WALL, abs=5e-6)
    assert T[:3, :3] == pytest.approx(start[:3, :3], abs=1e-4)
    weight = shapes("block")["block"].mass * GRAVITY
    assert hand.load.force == pytest.approx([0.0, 0.0, -weight], rel=1e-9, abs=1e-12)
    lever = handling.things.centre("block") - hand.pose.T_world_cp[:3, 3]
    assert hand.load.torque == pytest.approx(np.cross(lever, hand.load.force), abs=1e-12)


def test_one_jaw_alone_pushes_and_holds_nothing(handling: Handling) -> None:
    beside = WALL - [0.0, 0.0035, 0.0]  # both blades on the wall's outer side
    hand = over_the_wall(handling, beside)
    hand.go(jaw=0.1, ms=60)
    hand.go(beside + [0.0, 0.004, 0.0], ms=200)
    pushed = handling.things.poses["block"][:3, 3]
    assert pushed[1] > BLOCK[1] + 0.0005
    assert handling.jaws.grasps["PSM1"] is None and handling.jaws.made == 0
    hand.go(beside + [0.0, 0.004, 0.02], ms=200)
    assert handling.things.poses["block"][2, 3] == pytest.approx(BLOCK[2], abs=2e-4)


def test_a_grip_below_the_threshold_does_not_hold(handling: Handling) -> None:
    hand = over_the_wall(handling)
    squeezed(hand, 0.5 * HOLD_FORCE)
    assert handling.jaws.grasps["PSM1"] is not None and handling.jaws.made == 0
    hand.go(WALL + [0.0, 0.0, 0.015], ms=300)
    assert handling.jaws.made == 0
    assert handling.things.poses["block"][2, 3] == pytest.approx(BLOCK[2], abs=2e-4)


@pytest.mark.parametrize(("share", "slips"), [(0.9, False), (1.1, True)])
def test_friction_holds_up_to_twice_mu_times_the_grip(
    handling: Handling, share: float, slips: bool
) -> None:
    hand = over_the_wall(handling)
    squeezed(hand, 1.0)
    up = WALL + [0.0, 0.0, 0.010]
    hand.go(up, ms=200)
    grasp = handling.jaws.grasps["PSM1"]
    most = 2.0 * grasp.friction * 1.0
    height = handling.things.poses["block"][2, 3]
    # Pull at the grip's height and beside the wall: no torque about the grip that would turn it.
    handling.push("block", [0.0, -share * most, 0.0])
    hand.go(ms=20)
    assert (grasp.slipped > 1e-5) == slips
    felt = float(np.linalg.norm(hand.load.force))
    assert felt == pytest.approx(min(share, 1.0) * most, rel=0.02)
    assert handling.things.poses["block"][2, 3] == pytest.approx(height, abs=1e-3)


def test_a_torque_turns_what_is_held_about_its_centre_and_loads_the_arm(
    handling: Handling,
) -> None:
    hand = over_the_wall(handling)
    squeezed(hand, 5.0)
    hand.go(WALL + [0.0, 0.0, 0.010], ms=200)
    before = handling.things.poses["block"].copy()
    centre = handling.things.centre("block").copy()
    unloaded = hand.load.torque.copy()
    torque = np.array([0.0, 0.0, 1e-3])  # N m, less than the friction of the blades carries
    handling.push("block", np.zeros(3), torque)
    hand.go(ms=20)
    turn = log_so3(handling.things.poses["block"][:3, :3] @ before[:3, :3].T)
    assert turn == pytest.approx(torque / HOLD_TURN_STIFFNESS, rel=1e-3, abs=1e-6)
    assert handling.things.centre("block") == pytest.approx(centre, abs=1e-7)
    assert hand.load.torque - unloaded == pytest.approx(torque, rel=1e-3, abs=1e-7)


def test_what_is_pulled_out_of_the_jaws_falls(handling: Handling) -> None:
    hand = over_the_wall(handling)
    squeezed(hand, 1.0)
    hand.go(WALL + [0.0, 0.0, 0.010], ms=200)
    handling.push("block", [0.0, 0.0, -4.0])
    hand.go(ms=100)
    assert handling.jaws.slipped_away == 1 and handling.jaws.dropped == 1
    assert not handling.jaws.holders("block")
    hand.go(ms=200)
    assert handling.things.poses["block"][2, 3] == pytest.approx(BLOCK[2], abs=2e-4)


def test_released_it_falls_as_fast_as_anything(handling: Handling) -> None:
    hand = over_the_wall(handling)
    squeezed(hand, 2.0)
    hand.go(WALL + [0.0, 0.0, 0.015], ms=300)
    hand.go(jaw=OPEN, ms=1)
    assert not handling.jaws.holders("block") and handling.jaws.dropped == 1
    height = handling.things.poses["block"][2, 3]
    hand.go(ms=30)
    fallen = height - handling.things.poses["block"][2, 3]
    # From rest, with the speed of a step's end: g dt2 (2 + 3 + ... + 31), the first fell before.
    assert fallen == pytest.approx(GRAVITY * 1e-6 * sum(range(2, 32)), rel=1e-3)
    hand.go(ms=300)
    assert handling.things.poses["block"][2, 3] == pytest.approx(BLOCK[2], abs=2e-4)
    assert handling.things.at_rest


def test_a_held_object_yields_to_what_it_is_pressed_on_and_the_arm_feels_it(
    handling: Handling,
) -> None:
    hand = over_the_wall(handling)
    squeezed(hand, 8.0)
    hand.go(WALL - [0.0, 0.0, 0.0008], ms=100)  # on into the pad
    hand.go(ms=2)
    # At most what the grip's 20 N/mm give and friction holds: 16 and 14.4 N; at least a corner's
    # 5 N/mm in a row with it.
    assert 0.8e-3 / (1.0 / 5e3 + 1.0 / 2e4) < hand.load.force[2] < 14.4
    assert 0.0 < handling.max_force < hand.load.force[2]
    assert handling.things.poses["block"][2, 3] > BLOCK[2] - 0.0007


def test_two_arms_that_pull_at_one_object_feel_each_other(handling: Handling) -> None:
    left = over_the_wall(handling)
    other = WALL + [0.0, 0.0120, 0.0]
    right = Puppet(handling, other + [0.0, 0.0, 0.010], OPEN, name="PSM2")
    assert handling.reset(
        {**poses(), "block": handling.things.poses["block"]},
        {"PSM1": left.pose, "PSM2": right.pose},
    )

    def both(hand: Puppet, still: Puppet, **move) -> None:
        hand.go(**move, still={still.name: still.pose})

    both(right, left, tip=other)
    for hand, still in ((left, right), (right, left)):
        both(hand, still, jaw=0.2, ms=60)
    assert handling.jaws.holders("block") == ["PSM1", "PSM2"]
    both(right, left, tip=other + [0.0, 0.0002, 0.0], ms=20)
    both(right, left, ms=2)
    assert right.load.force[1] < -0.5  # held back
    loads = handling.step({"PSM1": left.pose, "PSM2": right.pose})
    total = loads["PSM1"].force + loads["PSM2"].force
    weight = shapes("block")["block"].mass * GRAVITY
    # The pad carries the block still: what the arms feel adds up to at most its weight.
    assert abs(total[1]) < 1e-9 and -weight - 1e-9 < total[2] < weight


def test_the_same_movements_give_the_same_bits(handling: Handling) -> None:
    seen = []
    for _ in range(2):
        hand = over_the_wall(handling)
        squeezed(hand, 3.0)
        hand.go(WALL + [0.005, 0.0, 0.012], ms=150)
        hand.go(jaw=OPEN, ms=80)
        hand.go(ms=150)
        seen.append((handling.things.poses["block"].tobytes(), hand.load.torque.tobytes()))
    assert seen[0] == seen[1]


def test_a_needle_is_found_by_the_jaws_from_either_side() -> None:
    handling = Handling(shapes("needle"))
    start = {"pad": poses()["pad"], "needle": make_transform(translation=[0.0, 0.0, TOP + 5e-4])}
    # At the arc's end of -x the wire runs along y: jaws turned by 90 deg close along x.
    from trocar.sim.objects.needle import Needle

    R = exp_so3([0.0, 0.0, np.pi / 2]) @ exp_so3([np.pi, 0.0, 0.0])
    for offset in (-0.0008, 0.0, 0.0008):  # one jaw comes first and pushes the needle
        tip = np.array([Needle().radius + offset, 0.0, TOP + 2e-4])
        hand = Puppet(handling, tip + [0.0, 0.0, 0.01], 0.6, R)
        assert handling.reset(start, {"PSM1": hand.pose})
        hand.go(tip, ms=100)
        hand.go(jaw=0.09, ms=200)
        assert handling.jaws.holders("needle") == ["PSM1"], offset
        hand.go(tip + [0.0, 0.0, 0.01], ms=100)
        assert handling.things.poses["needle"][2, 3] == pytest.approx(TOP + 0.0105, abs=3e-4)
    handling.close()


def test_far_away_nothing_is_computed_and_nothing_changes(handling: Handling) -> None:
    far = pose([0.0, 0.0, 0.06], OPEN)
    assert handling.reset(poses(), {"PSM1": far})
    before = handling.things.poses["block"].copy()
    assert handling.is_idle({"PSM1": far})
    loads = handling.step({"PSM1": far})["PSM1"]
    assert np.array_equal(handling.things.poses["block"], before)
    assert not loads.force.any() and loads.grip == 0.0
    near = pose([0.0, 0.0, TOP + 0.0002], 0.1)  # tip 0.2 mm above the pad, inside the hole
    assert handling.reset(poses(), {"PSM1": near})
    assert not handling.is_idle({"PSM1": near})
