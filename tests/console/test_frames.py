# SPDX-License-Identifier: Apache-2.0
"""A frame is only ever drawn with its own estimates, the newest wins, each goes out once."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trocar.console.frames import OVERLAY_DEAD_NS, OVERLAY_WAIT_NS, FrameJoiner, pack, unpack

RGB = np.full((24, 32, 3), (200, 40, 40), np.uint8)


def pair(joiner, stamp_ns):
    joiner.add_image(stamp_ns, "left", RGB)
    joiner.add_image(stamp_ns, "right", RGB)


def test_a_frame_waits_for_its_estimates_and_then_goes_bare():
    joiner = FrameJoiner()
    joiner.add_overlay(900, "points", {})  # perception is alive
    joiner.add_image(1000, "left", RGB)
    assert joiner.take(1000) is None
    joiner.add_image(1000, "right", RGB)
    assert joiner.take(1000) is None
    frame = joiner.take(1000 + OVERLAY_WAIT_NS)
    assert frame is not None and frame.overlay == {}
    assert joiner.take(1000 + OVERLAY_WAIT_NS) is None


def test_a_silent_perception_delays_no_picture():
    joiner = FrameJoiner()
    pair(joiner, 1000)
    assert joiner.take(1000) is not None
    joiner.add_overlay(2000, "points", {})
    pair(joiner, 2001)
    assert joiner.take(2001) is None
    later = 2000 + OVERLAY_DEAD_NS
    pair(joiner, later)
    assert joiner.take(later) is not None


def test_packing_keeps_colours_and_metadata():
    joiner = FrameJoiner()
    joiner.add_image(5, "left", RGB)
    joiner.add_image(5, "right", RGB)
    joiner.add_overlay(5, "points", {"left": [[1.0, 2.0]], "right": [None], "state": [0]})
    frame = joiner.take(6)
    assert frame is not None
    meta, left, _right = unpack(pack(frame, 7, 12.0))
    assert meta["seq"] == 7 and meta["stamp_ns"] == "5" and meta["points"]["left"] == [[1.0, 2.0]]
    decoded = cv2.imdecode(np.frombuffer(left, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(decoded.astype(int) - RGB).max() < 12


@given(
    st.lists(
        st.tuples(st.integers(1, 12), st.sampled_from(["left", "right", "points", "take"])),
        max_size=80,
    )
)
def test_stamps_rise_and_overlays_belong(events):
    joiner, last = FrameJoiner(), 0
    for stamp, what in events:
        if what in ("left", "right"):
            joiner.add_image(stamp, what, RGB)
        elif what == "points":
            joiner.add_overlay(stamp, "points", {"of": stamp})
        else:
            frame = joiner.take(stamp)
            if frame is not None:
                assert frame.stamp_ns > last
                last = frame.stamp_ns
                assert frame.overlay.get("points", {"of": last})["of"] == last
