# SPDX-License-Identifier: Apache-2.0
"""Faults of pictures and stamps: what goes in, what arrives, and that nothing else changes."""

import numpy as np
import pytest

from trocar.estimates import StereoFrame
from trocar.perception.nodes.pairing import StereoPairer
from trocar.sim.faults.board import FaultBoard
from trocar.sim.faults.camera import CameraFaults, exposure_table
from trocar.sim.faults.schedule import load_faults

PERIOD_NS = 100_000_000


def frame(k: int) -> StereoFrame:
    """A picture that says which capture it is."""
    left = np.full((4, 6, 3), 40 + k % 100, np.uint8)
    return StereoFrame((k + 1) * PERIOD_NS, left, left + 100)


def play(faults: str, count: int = 10, seed: int = 0) -> list[list[tuple[int, int, int]]]:
    """For each capture what arrives then: (capture shown left, stamp in frames, shown right)."""
    camera = CameraFaults(FaultBoard(load_faults(faults), seed))
    return [
        [
            (
                int(d.frame.left_rgb[0, 0, 0]) - 40,
                d.frame.stamp_ns // PERIOD_NS - 1,
                int(d.frame.right_rgb[0, 0, 0]) - 140,
            )
            for d in camera.apply(frame(k), 0.1 * k)
        ]
        for k in range(count)
    ]


def shown(faults: str, count: int = 10) -> list[int]:
    return [d[0] for delivery in play(faults, count) for d in delivery]


def test_without_faults_every_frame_passes_untouched() -> None:
    camera = CameraFaults(FaultBoard())
    given = frame(3)
    (delivered,) = camera.apply(given, 0.3)
    assert delivered.frame.left_rgb is given.left_rgb  # not even copied
    assert (delivered.frame.stamp_ns, delivered.captured_ns) == (given.stamp_ns, given.stamp_ns)
    assert camera.due(0.35) == []


def test_a_freeze_with_new_stamps_repeats_the_last_picture_and_looks_alive() -> None:
    arrived = play("camera_freeze:at=0.3,for=0.4")
    assert [d[0][0] for d in arrived] == [0, 1, 2, 2, 2, 2, 2, 7, 8, 9]
    assert [d[0][1] for d in arrived] == list(range(10))  # stamps go on


def test_a_freeze_with_the_old_stamp_is_dropped_by_whoever_pairs_pictures() -> None:
    arrived = play("camera_freeze:at=0.3,for=0.4,stamp=old")
    assert [d[0][1] for d in arrived] == [0, 1, 2, 2, 2, 2, 2, 7, 8, 9]
    pairer: StereoPairer[int] = StereoPairer()
    taken = []
    for ((capture, stamp, _),) in arrived:
        pairer.add("left", stamp + 1, capture)
        if pairer.add("right", stamp + 1, capture):
            taken.append(capture)
    assert taken == [0, 1, 2, 7, 8, 9]


def test_one_eye_freezes_alone() -> None:
    arrived = play("camera_freeze:at=0.3,for=0.2,eye=right")
    assert [(left, right) for ((left, _, right),) in arrived[2:6]] == [
        (2, 2),
        (3, 2),
        (4, 2),
        (5, 5),
    ]


def test_a_freeze_from_the_first_frame_on_has_that_one() -> None:
    assert shown("camera_freeze", 3) == [0, 0, 0]


def test_truth_of_a_frozen_picture_is_that_of_its_capture() -> None:
    camera = CameraFaults(FaultBoard(load_faults("camera_freeze:at=0.1; stamp_lag:lag=1")))
    captured = [camera.apply(frame(k), 0.1 * k)[0].captured_ns for k in range(3)]
    assert captured == [PERIOD_NS] * 3


def test_a_blackout_is_black_in_its_eye_only() -> None:
    camera = CameraFaults(FaultBoard(load_faults("blackout:at=0,for=0.05,eye=left")))
    (dark,) = camera.apply(frame(0), 0.0)
    assert not dark.frame.left_rgb.any() and (dark.frame.right_rgb == 140).all()
    (light,) = camera.apply(frame(1), 0.1)
    assert (light.frame.left_rgb == 41).all()


def test_exposure_is_what_more_light_makes_of_the_sensor() -> None:
    light = np.linspace(0.0, 2.0, 400)
    gain = 2.2  # of the shoulder; any other gives the same table

    def sensed(x: np.ndarray) -> np.ndarray:
        return 255.0 * np.sqrt(1.0 - np.exp2(-gain * x))

    for ev in (-3.0, -0.5, 1.0, 2.0):
        y = sensed(light)
        brighter = np.interp(y, np.arange(256), exposure_table(ev).astype(float))
        usable = y < 250.0  # near white a grey level stands for many lights
        slope = 2.0 ** max(ev, 0.0) + 1.0  # of the table: rounding in, rounding out
        assert np.abs(brighter - sensed(light * 2.0**ev))[usable].max() < slope
    assert (np.diff(exposure_table(2.0).astype(int)) >= 0).all()
    np.testing.assert_array_equal(exposure_table(0.0), np.arange(256))
    assert exposure_table(-10.0)[200] < 15 and exposure_table(10.0)[20] > 200


def test_a_delay_keeps_stamps_and_order_and_is_released_between_frames() -> None:
    camera = CameraFaults(FaultBoard(load_faults("frame_delay:delay=0.25,for=0.45")))
    assert camera.apply(frame(0), 0.0) == []
    assert camera.apply(frame(1), 0.1) == []
    assert camera.apply(frame(2), 0.2) == []
    (first,) = camera.due(0.26)
    assert first.frame.stamp_ns == PERIOD_NS  # captured at 0, arrives at 0.25, says so
    assert [d.frame.stamp_ns // PERIOD_NS for d in camera.apply(frame(4), 0.4)] == [2]
    # the fault is over: the buffer empties in order, then the new frame
    assert [d.frame.stamp_ns // PERIOD_NS for d in camera.apply(frame(5), 0.5)] == [3, 5, 6]


def test_reordered_frames_come_newest_first_and_none_is_lost() -> None:
    assert shown("frame_reorder:group=3,for=0.85") == [2, 1, 0, 5, 4, 3, 8, 7, 6, 9]
    arrived = play("frame_reorder:group=3,for=0.75", 8)
    assert [d[0] for d in arrived[-1]] == []  # two wait for a third ...
    assert [d[0] for d in play("frame_reorder:group=3,for=0.75", 9)[-1]] == [6, 7, 8]  # ... in vain


def test_lost_frames_are_a_function_of_the_seed_and_their_share_is_right() -> None:
    count = 2000
    kept = [len(d) for d in play("frame_loss:share=0.3", count)]
    assert kept == [len(d) for d in play("frame_loss:share=0.3", count)]
    assert kept != [len(d) for d in play("frame_loss:share=0.3", count, seed=1)]
    sigma = np.sqrt(0.3 * 0.7 / count)
    assert abs(1.0 - np.mean(kept) - 0.3) < 5.0 * sigma
    assert sum(len(d) for d in play("frame_loss:share=1")) == 0


def test_a_stamp_lag_moves_stamps_alone() -> None:
    camera = CameraFaults(FaultBoard(load_faults("stamp_lag:lag_ms=30")))
    (late,) = camera.apply(frame(0), 0.0)
    assert late.frame.stamp_ns == PERIOD_NS + 30_000_000
    assert late.captured_ns == PERIOD_NS
    assert (late.frame.left_rgb == 40).all()


def test_faults_combine() -> None:
    camera = CameraFaults(
        FaultBoard(load_faults("blackout; stamp_lag:lag=0.5; frame_delay:delay=0.1"))
    )
    assert camera.apply(frame(0), 0.0) == []
    (late,) = camera.apply(frame(1), 0.1)
    assert not late.frame.left_rgb.any()
    assert late.frame.stamp_ns == PERIOD_NS + 500_000_000


def test_a_command_in_the_midst_acts_from_then_on_and_can_be_cleared() -> None:
    board = FaultBoard()
    camera = CameraFaults(board)
    camera.apply(frame(0), 0.0)
    (fault,) = load_faults("blackout")
    board.add(fault, 0.05)
    assert not camera.apply(frame(1), 0.1)[0].frame.left_rgb.any()
    board.clear("", 0.15)
    assert camera.apply(frame(2), 0.2)[0].frame.left_rgb.any()


@pytest.mark.parametrize("faults", ["frame_loss", "frame_reorder; frame_delay:delay=0.15"])
def test_two_runs_are_the_same(faults: str) -> None:
    assert play(faults, 50) == play(faults, 50)
