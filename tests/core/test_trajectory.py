# SPDX-License-Identifier: Apache-2.0
"""The fastest move of one axis against Ruckig (durations), and what a move must be."""

import numpy as np
import pytest
import ruckig

from trocar import _core

SEED = 4


def problems(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States (n, 3), goals (n,), limits (n, 3): decades of limits, far and near goals, rest too."""
    random = np.random.default_rng(seed)
    v_max = 10.0 ** random.uniform(-1.5, 1.3, n)
    a_max = v_max * 10.0 ** random.uniform(0.0, 1.5, n)
    j_max = a_max * 10.0 ** random.uniform(0.0, 3.0, n)
    a = random.uniform(-0.99, 0.99, n) * a_max
    # Ruckig wants a velocity that letting go of the acceleration does not push beyond v_max.
    spare = np.maximum(v_max - 0.5 * a * a / j_max, 0.0)
    v = random.uniform(-0.99, 0.99, n) * spare
    a[spare == 0.0] = 0.0
    rest = random.random(n) < 0.2
    v[rest] = a[rest] = 0.0
    q = random.uniform(-1.0, 1.0, n)
    far = random.random(n) < 0.5
    goal = q + np.where(
        far, 10.0 ** random.uniform(-1, 1, n), 10.0 ** random.uniform(-6, -1, n)
    ) * (random.choice([-1.0, 1.0], n) * v_max)
    return np.stack([q, v, a], 1), goal, np.stack([v_max, a_max, j_max], 1)


def ruckig_duration(state: np.ndarray, goal: float, limits: np.ndarray) -> float:
    """Duration in s, NaN where Ruckig refuses the problem."""
    given = ruckig.InputParameter(1)
    given.current_position, given.current_velocity, given.current_acceleration = (
        [float(x)] for x in state
    )
    given.target_position = [float(goal)]
    given.max_velocity, given.max_acceleration, given.max_jerk = ([float(x)] for x in limits)
    trajectory = ruckig.Trajectory(1)
    result = ruckig.Ruckig(1).calculate(given, trajectory)
    return (
        trajectory.duration if result in (ruckig.Result.Working, ruckig.Result.Finished) else np.nan
    )


@pytest.fixture(scope="module")
def sweep() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return problems(4000, SEED)


def test_durations_are_ruckigs(sweep: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    ours = _core.axis_move_durations(*sweep)
    theirs = np.array([ruckig_duration(*one) for one in zip(*sweep, strict=True)])
    solved = np.isfinite(theirs)
    assert solved.sum() >= 3900, f"Ruckig refused {(~solved).sum()} of {len(theirs)}"
    difference = np.abs(ours - theirs)[solved]
    worst = int(np.argmax(difference))
    assert difference[worst] <= 1e-7, [x[solved][worst] for x in (*sweep, ours, theirs)]


def test_a_move_is_a_motion_of_its_jerks_within_limits_to_rest_at_its_goal(
    sweep: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    for state, goal, limits in list(zip(*sweep, strict=True))[:400]:
        move = _core.AxisMove(state, goal, limits)
        segments = move.segments
        assert np.all(segments[:, 1] >= 0.0)
        assert np.sum(segments[:, 1]) == pytest.approx(move.duration)
        assert np.all(np.abs(segments[:, 0]) <= limits[2] * (1 + 1e-12))
        np.testing.assert_allclose(move.at(0.0), state, atol=1e-12)
        times = np.linspace(0.0, move.duration, 60)
        samples = np.array([move.at(t) for t in times])
        # From a state inside the limits, velocity and acceleration never leave them.
        assert np.all(np.abs(samples[:, 1]) <= limits[0] * (1 + 1e-9))
        assert np.all(np.abs(samples[:, 2]) <= limits[1] * (1 + 1e-9))
        before_end = move.at(move.duration * (1 - 1e-12))
        assert before_end[0] == pytest.approx(goal, abs=1e-7 * (1 + abs(goal)))
        np.testing.assert_array_equal(move.at(move.duration + 1.0), [goal, 0.0, 0.0])
        assert move.goal == goal


@pytest.mark.parametrize(
    ("state", "goal", "limits", "what"),
    [
        ([np.nan, 0, 0], 1.0, [1, 1, 1], "state: allowed finite"),
        ([0, 1e300, 0], 1.0, [1, 1, 1], "state: allowed finite"),
        ([0, 0, 0], np.inf, [1, 1, 1], "goal: allowed finite"),
        ([0, 0, 0], 1.0, [1, 0.0, 1], "limits: allowed 1e-6 to 1e6"),
        ([0, 0, 0], 1.0, [1, 1, -1], "limits: allowed 1e-6 to 1e6"),
        ([0, 0, 0], 1.0, [1, 1, np.nan], "limits: allowed 1e-6 to 1e6"),
        ([0, 0], 1.0, [1, 1, 1], "state has shape"),
    ],
)
def test_what_is_no_problem_is_refused(
    state: list[float], goal: float, limits: list[float], what: str
) -> None:
    with pytest.raises(ValueError, match=what):
        _core.AxisMove(state, goal, limits)


def test_a_batch_names_the_row_that_is_wrong() -> None:
    states, goals, limits = problems(5, 1)
    goals[3] = np.nan
    with pytest.raises(ValueError, match=r"goal\[3\]: allowed finite"):
        _core.axis_move_durations(states, goals, limits)
    with pytest.raises(ValueError, match="goal has shape"):
        _core.axis_move_durations(states, goals[:3], limits)
    assert _core.axis_move_durations(np.zeros((0, 3)), np.zeros(0), np.zeros((0, 3))).shape == (0,)
