# SPDX-License-Identifier: Apache-2.0
"""Virtual fixtures through the Python door: distances against numpy, refusals, moving regions."""

from collections.abc import Callable

import numpy as np
import pytest

from trocar import _core

from . import fixture_oracle as oracle

Fixture = _core.Fixture
GRID = _core.SignedDistanceGrid(*oracle.box(0.02), 0.002, 0.02)
I4 = np.eye(4)


def random_region(rng: np.random.Generator) -> tuple[_core.Fixture, oracle.Distance]:
    """A primitive and what numpy says of it; the margin is counted."""
    a, b = rng.uniform(-0.1, 0.1, (2, 3)) - [0.0, 0.0, 0.08]
    size, angle, margin = rng.uniform(0.005, 0.05), rng.uniform(0.05, 1.4), rng.uniform(0, 0.01)
    kind = rng.integers(4)
    shaft = bool(rng.integers(2))
    fixture, distance = [
        lambda: (Fixture.plane(a, b, margin=margin, shaft=shaft), oracle.plane(a, b)),
        lambda: (Fixture.sphere(a, size, margin=margin, shaft=shaft), oracle.sphere(a, size)),
        lambda: (Fixture.tube(a, b, size, margin=margin, shaft=shaft), oracle.tube(a, b, size)),
        lambda: (Fixture.cone(a, b, angle, margin=margin, shaft=shaft), oracle.cone(a, b, angle)),
    ][kind]()
    return fixture, lambda x: distance(x) - margin


def looked_at(fixtures: list[_core.Fixture], q: np.ndarray, now_ns: int = 10**9) -> _core.ArmState:
    """The state of an arm without power at joints q, one tick after the fixtures came."""
    arm = _core.Arm(_core.ArmConfig())
    arm.set_fixtures(fixtures)
    port = _core.LockstepPort(arm)
    port.exchange(np.append(q, 0.0), np.zeros(7), np.zeros(7), now_ns)
    return arm.state()


def random_q(rng: np.random.Generator) -> np.ndarray:
    q = rng.uniform(_core.Q_MIN[:6], _core.Q_MAX[:6])
    q[2] = rng.uniform(0.07, 0.24)
    return q


def test_distances_of_points_and_their_gradients_agree_with_numpy() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        fixture, distance = random_region(rng)
        x = rng.uniform(-0.2, 0.2, (50, 3))
        d, gradient = fixture.clearance(x)
        np.testing.assert_allclose(d, distance(x), atol=1e-12)
        h = 1e-6
        slope = np.stack(
            [(distance(x + h * e) - distance(x - h * e)) / (2 * h) for e in np.eye(3)], axis=1
        )
        smooth = np.abs(np.linalg.norm(slope, axis=1) - 1.0) < 1e-6  # not across a kink
        assert smooth.mean() > 0.9
        np.testing.assert_allclose(gradient[smooth], slope[smooth], atol=1e-4)


def test_the_distance_of_the_arm_is_the_least_of_4000_samples_of_shaft_and_link() -> None:
    rng = np.random.default_rng(2)
    for _ in range(150):
        q, pairs = random_q(rng), [random_region(rng) for _ in range(3)]
        frames = _core.psm_link_frames(q)
        assert np.linalg.norm(frames[4][:3, 3]) == pytest.approx(q[2] - 0.0156)
        report = looked_at([f for f, _ in pairs], q).constraint
        singles = [looked_at([f], q).constraint.measured_distance for f, _ in pairs]
        assert report.measured_distance == min(singles)
        assert report.measured_index == int(np.argmin(singles))
        assert report.measured_breach == max(0.0, -report.measured_distance)
        for (fixture, distance), found in zip(pairs, singles, strict=True):
            with_shaft = oracle.arm_distance(distance, frames, shaft=True)
            without = oracle.arm_distance(distance, frames, shaft=False)
            near = min(abs(found - with_shaft), abs(found - without))
            assert near < 2e-7, fixture  # samples are 60 um apart


def test_the_shaft_counts_where_it_is_said_so() -> None:
    q = np.array([0.0, 0.0, 0.15, 0.0, 0.0, 0.0])
    frames = _core.psm_link_frames(q)
    beside = 0.5 * frames[4][:3, 3] + [0.02, 0.0, 0.0]
    distance = oracle.sphere(beside, 0.01)
    for shaft in (True, False):
        fixture = Fixture.sphere(beside, 0.01, shaft=shaft)
        found = looked_at([fixture], q).constraint.measured_distance
        assert found == pytest.approx(oracle.arm_distance(distance, frames, shaft=shaft), abs=1e-7)
    assert found > 0.03  # without the shaft only the link beyond the wrist


def test_a_region_to_stay_in_is_the_outside_turned_round() -> None:
    x = np.random.default_rng(3).uniform(-0.1, 0.1, (100, 3))
    for make in (
        lambda keep_in: Fixture.sphere([0, 0, 0], 0.05, keep_in=keep_in),
        lambda keep_in: Fixture.tube([0, 0, 0], [0, 0, 0.05], 0.05, keep_in=keep_in),
        lambda keep_in: Fixture.cone([0, 0, 0], [0, 0, 1], 0.5, keep_in=keep_in),
    ):
        np.testing.assert_array_equal(make(True).clearance(x)[0], -make(False).clearance(x)[0])


def test_the_mesh_of_a_cube_agrees_with_its_formula() -> None:
    x = np.random.default_rng(4).uniform(-0.035, 0.035, (2000, 3))
    truth = oracle.box_distance(0.02)(x)
    d, gradient = GRID.sample(x)
    assert np.abs(d - truth).max() < 0.002 / 3  # beside edges; see signed_distance_grid.hpp
    assert np.median(np.abs(d - truth)) < 2e-5
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(Fixture.mesh(GRID, margin=0.003).clearance(x)[0], d - 0.003)
    assert GRID.spacing == 0.002
    assert np.prod(GRID.shape) < 200_000
    assert (GRID.lower <= -0.04).all() and (GRID.upper >= 0.04).all()


def test_a_moving_region_is_where_its_twist_brings_it_within_its_horizon() -> None:
    T = I4.copy()
    T[:3, 3] = [0.01, 0.02, -0.12]
    twist = [0.01, 0.0, 0.02, 0.0, 0.0, 0.5]
    f = Fixture.sphere([0.005, 0, 0], 0.01).placed(T, twist, stamp_ns=10**9, horizon_s=0.2)
    x = np.array([[0.0, 0.0, 0.0], [0.02, 0.01, -0.1]])
    for age_s, moved_s in ((-0.1, 0.0), (0.0, 0.0), (0.1, 0.1), (0.2, 0.2), (3.0, 0.2)):
        angle = 0.5 * moved_s
        centre = T[:3, 3] + moved_s * np.array(twist[:3])
        centre = centre + 0.005 * np.array([np.cos(angle), np.sin(angle), 0.0])
        now_ns = 10**9 + round(age_s * 1e9)
        expected = oracle.sphere(centre, 0.01)(x)
        np.testing.assert_allclose(f.clearance(x, now_ns)[0], expected, atol=1e-12)
        q = np.array([0.1, 0.0, 0.12, 0.0, 0.0, 0.0])
        state = looked_at([f], q, now_ns).constraint
        assert state.measured_distance == pytest.approx(
            oracle.arm_distance(oracle.sphere(centre, 0.01), _core.psm_link_frames(q)), abs=1e-7
        )


def bad_fixtures() -> list[tuple[Callable[[], object], str]]:
    nan, z = float("nan"), [0, 0, 1]
    broken = np.diag([1.0, 1.0, 2.0, 1.0])
    half = np.eye(4) * [1, 1, 1, 0.5]
    ball = Fixture.sphere([0, 0, 0], 0.01)
    return [
        (lambda: Fixture.sphere([0, 0, 0], 0.0), r"Fixture.sphere: radius: allowed \(0, 10\] m"),
        (lambda: Fixture.sphere([0, 0, 0], nan), "Fixture.sphere: radius"),
        (lambda: Fixture.sphere([0, nan, 0], 0.1), "Fixture.sphere: a point is not finite"),
        (lambda: Fixture.sphere([0, 0], 0.1), r"centre has shape \(2,\), allowed \(3,\)"),
        (lambda: Fixture.tube([0, 0, 0], [0, 0, 11], 0.1), "farther than 10 m"),
        (lambda: Fixture.plane([0, 0, 0], [0, 0, 0]), "normal is .*, allowed"),
        (lambda: Fixture.plane([0, 0, 0], [0, nan, 0]), "normal is .*, allowed"),
        (lambda: Fixture.plane([0, 0, 0], z, margin=-0.1), r"Fixture.plane: margin: allowed"),
        (lambda: Fixture.cone([0, 0, 0], z, 1.6), r"Fixture.cone: half_angle: allowed"),
        (lambda: Fixture.line_guide([0, 0, 0], z, scale=1.1), "Fixture.line_guide: scale"),
        (lambda: ball.placed(broken), "Fixture.sphere: T_base_fixture is no rigid transform"),
        (lambda: ball.placed(half), "T_base_fixture is no rigid transform"),
        (lambda: ball.placed(I4, [0, 0, 11, 0, 0, 0]), "Fixture.sphere: twist: allowed up to"),
        (lambda: ball.placed(I4, horizon_s=2.0), r"horizon_s: allowed \[0, 1\] s"),
        (lambda: ball.placed(I4, stamp_ns=-1), "stamp_ns: allowed 0 or more"),
        (lambda: ball.clearance([[0, 0, nan]]), r"points\[0\] is not finite"),
        (lambda: _core.SignedDistanceGrid([[0, 0, 0]], [[0, 0, 1]], 0.1, 0.1), "names vertex 1"),
        (lambda: _core.SignedDistanceGrid(*oracle.box(0.02), 0.0, 0.1), "spacing: allowed"),
        (lambda: _core.SignedDistanceGrid(*oracle.box(0.02), 1e-5, 0.1), "larger spacing"),
        (lambda: _core.SignedDistanceGrid([[0, 0, 0]], [[0.5, 0, 0]], 1, 1), "names vertex -1"),
    ]


@pytest.mark.parametrize(("make", "message"), bad_fixtures())
def test_what_is_no_fixture_is_refused_in_one_line(
    make: Callable[[], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_list_with_something_wrong_in_it_changes_nothing() -> None:
    arm = _core.Arm(_core.ArmConfig())
    port = _core.LockstepPort(arm)
    ball = Fixture.sphere([0, 0, 0], 0.01)
    arm.set_fixtures([ball])
    for wrong, message in (
        ([ball] * 9, r"set_fixtures: fixtures\[8\]: one too many: allowed up to 8"),
        ([ball, "ball"], r"set_fixtures: fixtures\[1\] is str, allowed Fixture"),
        (ball, "set_fixtures: fixtures is Fixture, allowed a list of up to 8"),
        (None, "set_fixtures: fixtures is NoneType, allowed a list"),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            arm.set_fixtures(wrong)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
    port.exchange([0, 0, 0.1, 0, 0, 0, 0], np.zeros(7), np.zeros(7), 10**9)
    assert arm.state().constraint.measured_index == 0
    arm.set_fixtures([])
    port.exchange([0, 0, 0.1, 0, 0, 0, 0], np.zeros(7), np.zeros(7), 10**9 + 10**6)
    assert arm.state().constraint.measured_index == -1
    assert arm.state().constraint.measured_distance == 1e9


def test_grids_are_kept_for_the_tick_and_let_go_of_later() -> None:
    arm = _core.Arm(_core.ArmConfig())
    port = _core.LockstepPort(arm)
    for k in range(50):
        grid = _core.SignedDistanceGrid(*oracle.box(0.02), 0.01, 0.02)
        arm.set_fixtures([Fixture.mesh(grid).placed(I4)])
        del grid
        if k % 3:
            port.exchange([0, 0, 0.1, 0, 0, 0, 0], np.zeros(7), np.zeros(7), (k + 1) * 10**6)
    assert arm.state().constraint.measured_breach > 0.0
