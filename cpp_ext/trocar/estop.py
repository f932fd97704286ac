# SPDX-License-Identifier: Apache-2.0
"""The emergency-stop flag of a running cell, in shared memory: needs neither ROS nor console.

Pressed, its cause persists until it is released (design.md, section 2, "Stopping").
"""

from trocar._core import Segment
from trocar.process import segment_name


def press(segment: str | None = None) -> bool:
    """Press the flag; False where no cell runs in this domain."""
    return bool(Segment.press_estop(segment or segment_name()))


def release(segment: str | None = None) -> bool:
    """Clear the cause; the arm stays in FAULT until enabled again.  False where no cell runs."""
    return bool(Segment.release_estop(segment or segment_name()))


def is_pressed(segment: str | None = None) -> bool:
    """Whether the flag is pressed; False where no cell runs."""
    return bool(Segment.estop_pressed(segment or segment_name()))
