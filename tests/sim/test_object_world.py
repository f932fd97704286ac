# SPDX-License-Identifier: Apache-2.0
"""Rigid objects in the scaled world: weights, falls, rest, friction, nearness, starts."""

import numpy as np
import pytest

from trocar.errors import ConfigurationError
from trocar.geometry import exp_so3, make_transform, quat_xyzw_from_matrix
from trocar.sim.objects.bullet import GRAVITY, BulletWorld, quat_of
from trocar.sim.objects.handling import Handling
from trocar.sim.objects.held import rest
from trocar.sim.objects.kinds import KINDS, shape_of
from trocar.sim.objects.nearness import Boxes, covering_balls
from trocar.sim.objects.shape import Shape
from trocar.sim.objects.spec import ObjectSpec
from trocar.sim.objects.start_check import check_scene
from trocar.sim.objects.things import Things
from trocar.sim.objects.vectors import cross, relative
from trocar.sim.scene import load_scene

from .kinematic_tool import Puppet, pose

SOLID = [kind for kind in KINDS if kind != "marker"]
FREE = {"needle": 5e-4, "block": 4e-3, "gauze": 0.0}  # height of their origins when they lie, m


def shape(kind: str, **values: float) -> Shape:
    return shape_of(ObjectSpec(kind, np.eye(4), values))


def on_a_pad(kind: str, turn: float, above: float) -> Things:
    things = Things(BulletWorld(), {"pad": shape("pad"), "thing": shape(kind)})
    T = make_transform(exp_so3([0.0, 0.0, turn]), [0.003, -0.002, above + FREE[kind]])
    things.reset({"pad": np.eye(4), "thing": T})
    return things


@pytest.mark.parametrize("kind", FREE)
@pytest.mark.parametrize("turn", [0.0, 0.3, 0.77])
def test_a_free_object_comes_to_rest_where_it_was_put(kind: str, turn: float) -> None:
    things = on_a_pad(kind, turn, 1e-4)
    before = things.poses["thing"].copy()
    assert things.settle() and things.at_rest
    moved = things.poses["thing"][:3, 3] - before[:3, 3]
    assert moved == pytest.approx([0.0, 0.0, -1e-4], abs=5e-6)
    assert things.poses["thing"][:3, :3] == pytest.approx(before[:3, :3], abs=1e-4)
    for _ in range(100):
        things.step()
    weight = things.shapes["thing"].mass * GRAVITY
    load = things._world.load(things.body["thing"])
    assert load == pytest.approx([0.0, 0.0, weight], abs=1e-3 * weight)


@pytest.mark.parametrize("kind", FREE)
def test_a_free_object_falls_as_gravity_says(kind: str) -> None:
    things = on_a_pad(kind, 0.0, 0.02)
    height = things.poses["thing"][2, 3]
    for _ in range(50):
        things.step()
    fallen = GRAVITY * 1e-6 * sum(range(1, 51))  # speeds of the steps' ends
    assert height - things.poses["thing"][2, 3] == pytest.approx(fallen, rel=1e-6)


def test_what_never_rests_is_said() -> None:
    things = Things(BulletWorld(), {"block": shape("block")})
    things.reset({"block": np.eye(4)})
    assert not things.settle()


def test_a_push_slides_a_block_and_friction_stops_it() -> None:
    things = on_a_pad("block", 0.0, 1e-5)
    assert things.settle()
    start = things.poses["thing"][:3, 3].copy()
    things._world.set_velocity(things.body["thing"], np.array([0.1, 0.0, 0.0]), np.zeros(3))
    things.wake()
    for _ in range(200):
        things.step()
    mu = np.sqrt(things.shapes["thing"].friction * things.shapes["pad"].friction)
    slid = things.poses["thing"][0, 3] - start[0]
    assert slid == pytest.approx(0.1**2 / (2.0 * mu * GRAVITY), rel=0.05)
    assert things.at_rest


def test_an_instrument_pushes_what_is_free_and_is_stopped_by_what_is_not() -> None:
    handling = Handling({"pad": shape("pad"), "needle": shape("needle")})
    start = {"pad": np.eye(4), "needle": make_transform(translation=[0.0, 0.0, 5.1e-4])}
    hand = Puppet(handling, [0.016, 0.0, 0.0003], 0.0)
    assert handling.reset(start, {"PSM1": hand.pose})
    hand.go([0.008, 0.0, 0.0003], ms=200)
    assert handling.things.poses["needle"][0, 3] < -0.001  # its wire was at +0.010
    hand.go([0.03, 0.0, 0.02], ms=200)
    hand.go([0.03, 0.0, 0.0005], ms=200)
    hand.go([0.03, 0.0, -0.0004], ms=200)
    hand.go(ms=2)
    assert ("PSM1", "pad") in handling.touched
    # Two blades, 5 N/mm each, 0.4 mm deep; Bullet draws a hull 0.01 mm wider than it is.
    assert hand.load.force == pytest.approx([0.0, 0.0, 2 * 5e3 * 4.1e-4], abs=0.01)
    assert handling.max_force == pytest.approx(5e3 * 4.1e-4, rel=0.1)
    handling.close()


def test_bounds_are_below_the_true_distances() -> None:
    rng = np.random.default_rng(0)
    world = BulletWorld()
    shapes = [shape(kind) for kind in SOLID]
    boxes = Boxes(shapes)
    bodies = [world.add(one, np.eye(4)) for one in shapes]
    for _ in range(20):
        poses = [
            make_transform(exp_so3(rng.standard_normal(3)), rng.uniform(-0.05, 0.05, 3))
            for _ in shapes
        ]
        for body, T in zip(bodies, poses):
            world.set_pose(body, T)
        for i, one in enumerate(shapes):
            centres, radii = covering_balls(one)
            low = boxes.lower_bounds(
                centres @ poses[i][:3, :3].T + poses[i][:3, 3], radii, poses
            ).min(axis=0)
            for j, other in enumerate(bodies):
                near = [n.distance for n in world.closest(bodies[i], other, 0.1)] if i != j else []
                assert not near or low[j] <= max(min(near), 0.0) + 1e-6
    world.close()


def test_equilibrium_of_a_held_object_is_one() -> None:
    com = np.array([0.003, 0.0, 0.001])
    T = make_transform(exp_so3([0.1, -0.2, 0.3]), [0.01, 0.02, 0.03])
    targets = [
        T @ make_transform(exp_so3([0.0, 0.0, s * 1e-3]), [s * 1e-4, 0.0, 0.0]) for s in (1, -2)
    ]
    push = np.array([0.1, -0.2, 0.3, 1e-3, -2e-3, 3e-3])
    held = rest(T, com, targets, push, [])
    assert sum(held.forces) + push[:3] == pytest.approx(np.zeros(3), abs=1e-9)
    assert sum(held.torques) + push[3:] == pytest.approx(np.zeros(3), abs=1e-9)
    alone = rest(T, com, targets[:1], push, [])
    assert alone.forces[0] == pytest.approx(-push[:3]) and alone.contact_force == 0.0
    assert alone.torques[0] == pytest.approx(-push[3:])


def test_small_vector_functions_agree_with_numpy() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        a, b = rng.standard_normal((2, 3))
        assert cross(a, b) == pytest.approx(np.cross(a, b))
        T_a, T_b = (make_transform(exp_so3(3 * rng.standard_normal(3)), v) for v in (a, b))
        assert T_a @ relative(T_a, T_b) == pytest.approx(T_b)
        quat = quat_of(T_a.tolist())
        assert abs(np.dot(quat, quat_xyzw_from_matrix(T_a))) == pytest.approx(1.0)


def test_tools_are_where_the_renderer_draws_them() -> None:
    from trocar.sim.objects.tool import tool_at
    from trocar.sim.render.instrument import from_joints

    rng = np.random.default_rng(2)
    for _ in range(10):
        q = np.array([0.3, 0.2, 0.15, 1.0, 0.4, 0.5, 0.6]) * rng.uniform(-1.0, 1.0, 7)
        q[2] = 0.12
        T_base = make_transform(exp_so3(rng.standard_normal(3)), rng.standard_normal(3))
        drawn = from_joints(T_base, q).part_poses()
        for part, T in tool_at(T_base, q).parts.items():
            assert T == pytest.approx(drawn[part], abs=1e-12), part


def test_a_start_with_an_instrument_in_an_object_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = load_scene("follow")
    check_scene(scene)
    tip = scene.T_world_base("PSM1")  # any pose will do: the pad goes to where the instrument is
    from trocar.sim.objects.tool import tool_at

    tip = tool_at(tip, scene.initial_q["PSM1"]).tip
    pad = ObjectSpec("pad", make_transform(translation=tip + [0.0, 0.0, 0.002]), {})
    object.__setattr__(scene, "objects", {"pad": pad})
    with pytest.raises(ConfigurationError) as refusal:
        check_scene(scene)
    line = str(refusal.value)
    assert line.startswith("scene file follow.yaml: arms: PSM1: initial_q: it stands ")
    assert "deep in pad" in line and "keep them apart" in line and "\n" not in line


def test_two_instruments_in_one_place_are_found() -> None:
    handling = Handling({"pad": shape("pad")})
    tools = {"PSM1": pose([0.0, 0.0, 0.02], 0.3), "PSM2": pose([0.001, 0.0, 0.02], 0.3)}
    assert handling.reset({"pad": np.eye(4)}, tools)
    assert [(a, b) for a, b, _ in handling.overlaps(tools)] == [("PSM1", "PSM2")]
    apart = tools | {"PSM2": pose([0.03, 0.0, 0.02], 0.3)}
    assert handling.overlaps(apart) == []
    handling.close()
