# SPDX-License-Identifier: Apache-2.0
"""What camera faults do downstream: the whole loop of tissue following in lockstep, bit-repeatable.

Each test forces one fault and holds the sentence of the catalogue (`follows`) to account.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from trocar.app.follow_trial import FollowTrial
from trocar.control.follow import FollowState
from trocar.errors import MissingDependencyError
from trocar.estimates import Health
from trocar.sim.faults.schedule import parse_fault
from trocar.sim.render.context import open_context

pytestmark = pytest.mark.gl
PERIOD_S = 1.0 / 15.0
HOLD_S = 4.0 * PERIOD_S  # without news
GIVE_UP_S = 1.0


class Following(FollowTrial):
    """A trial that follows, and then whatever a test wants."""

    def __init__(self) -> None:
        super().__init__(1)
        while self._since_following() is None:
            assert self.cell.time_s < 10.0
            self._tick()
        self.play("", 2.5)  # the score begins 2 s after following
        assert self.state is FollowState.FOLLOWING

    @property
    def state(self) -> FollowState:
        return self.supervisor.follower.state

    def play(self, words: str, seconds: float) -> list[tuple[float, FollowState, float]]:
        """Time since the fault began, state and error (m) of each control tick."""
        if words:
            self.faults.add(parse_fault(words), self.cell.time_s)
        begun, rows = self.cell.time_s, []
        while self.cell.time_s - begun < seconds:
            self._tick()
            if self.trial.error and self.cell.ticks % 5 == 0:
                rows.append((self.cell.time_s - begun, self.state, self.trial.error[-1]))
        self.faults.clear("", self.cell.time_s)
        return rows

    def close(self) -> None:
        self.cell.close()
        self._renderer.close()


Row = tuple[float, FollowState, float]


@pytest.fixture
def following() -> Iterator[Following]:
    try:
        open_context().release()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    trial = Following()
    yield trial
    trial.close()


def first(rows: list[Row], states: set[FollowState]) -> float:
    return next(t for t, state, _ in rows if state in states)


def worst(rows: list[Row]) -> float:
    return max(error for *_, error in rows)


def test_nobody_notices_a_frozen_picture_with_new_stamps(following: Following) -> None:
    before = worst(following.play("", 0.5))
    rows = following.play("camera_freeze:stamp=new", 1.5)
    assert {state for _, state, _ in rows} == {FollowState.FOLLOWING}
    target = following.supervisor.follower._target
    assert target is not None and target.health == Health.GOOD  # and it is wrong:
    assert before < 0.001 and worst(rows) > 0.002
    after = following.play("", 1.5)
    assert after[-1][1] is FollowState.FOLLOWING and after[-1][2] < 0.001


def test_a_frozen_picture_with_its_old_stamp_is_held_by_age_and_given_up(
    following: Following,
) -> None:
    rows = following.play("camera_freeze:stamp=old", 0.7)
    held = first(rows, {FollowState.HOLDING})
    # a frame may have come just before, and is on its way for 80 ms
    assert held <= HOLD_S and FollowState.GIVEN_UP not in {state for _, state, _ in rows}
    assert "no newer image" in following.supervisor.follower.reason
    assert following.play("", 1.0)[-1][1] is FollowState.FOLLOWING  # by itself, it was not a second
    rows = following.play("camera_freeze:stamp=old", 1.2)
    assert first(rows, {FollowState.GIVEN_UP}) <= GIVE_UP_S
    assert following.play("", 1.0)[-1][1] is FollowState.GIVEN_UP  # never again by itself


@pytest.mark.slow
def test_a_short_blackout_is_bridged_a_long_one_is_held_and_given_up(following: Following) -> None:
    assert {s for _, s, _ in following.play("blackout", 0.5)} == {FollowState.FOLLOWING}
    assert following.play("", 1.0)[-1][1] is FollowState.FOLLOWING
    rows = following.play("blackout", 2.5)
    held, given_up = first(rows, {FollowState.HOLDING}), first(rows, {FollowState.GIVEN_UP})
    assert 0.3 < held < 1.5 and held < given_up <= held + GIVE_UP_S
    assert "target lost" in following.supervisor.follower.reason
    moved = [error for t, _, error in rows if t > held]
    # held: the tissue moves away from the tool, not the tool from the tissue (breath 6 and 3.7 mm)
    assert max(moved) < 0.009


@pytest.mark.slow
def test_late_frames_are_held_beyond_four_periods_and_nothing_is_given_up(
    following: Following,
) -> None:
    assert {s for _, s, _ in following.play("frame_delay:delay=0.05", 1.0)} == {
        FollowState.FOLLOWING
    }
    rows = following.play("frame_delay:delay=0.3", 1.5)
    late = {state for t, state, _ in rows if t > 0.6}
    assert late == {FollowState.HOLDING}
    assert following.play("", 1.0)[-1][1] is FollowState.FOLLOWING


@pytest.mark.slow
def test_reordered_frames_are_dropped_where_they_are_not_newer(following: Following) -> None:
    seen: list[int] = []
    original: Callable[..., object] = following._pipeline.process

    def process(frame, q):  # type: ignore[no-untyped-def]
        seen.append(frame.stamp_ns)
        return original(frame, q)

    following._pipeline.process = process  # type: ignore[method-assign,assignment]
    rows = following.play("frame_reorder:group=2", 1.0)
    assert seen == sorted(set(seen)) and 6 <= len(seen) <= 8  # half of 15
    assert {state for _, state, _ in rows} == {FollowState.FOLLOWING}
    assert worst(rows) < 0.002


@pytest.mark.slow
def test_half_of_the_frames_lost_is_followed_with_holds(following: Following) -> None:
    rows = following.play("frame_loss:share=0.5", 2.0)
    states = {state for _, state, _ in rows}
    assert states <= {FollowState.FOLLOWING, FollowState.HOLDING, FollowState.APPROACHING}
    assert np.median([error for *_, error in rows]) < 0.002
    assert following.play("", 1.0)[-1][1] is FollowState.FOLLOWING


@pytest.mark.slow
def test_lagging_stamps_pass_unnoticed(following: Following) -> None:
    rows = following.play("stamp_lag:lag=0.1", 1.5)
    assert {state for _, state, _ in rows} == {FollowState.FOLLOWING}
    target = following.supervisor.follower._target
    assert target is not None and target.health == Health.GOOD
    # 0.1 s of breathing at up to 6 mm/s along the normal and of the arm that goes with it
    assert worst(rows) < 0.003


@pytest.mark.slow
@pytest.mark.parametrize("ev", [-2.0, 2.0])
def test_two_stops_are_followed_or_held_and_come_back(following: Following, ev: float) -> None:
    rows = following.play(f"wrong_exposure:ev={ev}", 1.0)
    assert FollowState.GIVEN_UP not in {state for _, state, _ in rows}
    following.play("", 3.0)
    assert following.state is FollowState.FOLLOWING and not following.trial.failure
    assert not following.cell.touched  # whatever it lost, nothing was touched


@pytest.mark.slow
def test_a_fault_at_a_time_is_repeated_to_the_bit() -> None:
    def errors() -> list[float]:
        trial = Following()
        trial.play("frame_loss:share=0.3", 0.5)
        trial.close()
        return trial.trial.error

    assert errors() == errors()
