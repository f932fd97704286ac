# SPDX-License-Identifier: Apache-2.0
"""Where the four parts of an instrument are at one instant, and balls around them."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from trocar.geometry import Array
from trocar.kinematics import JAW_TIP_OFFSET, SHAFT_DIAMETER, link_frames
from trocar.sim.objects.vectors import cross
from trocar.sim.render.instrument import PITCH_TO_YAW

PARTS = ("shaft", "wrist", "jaw_a", "jaw_b")
JAWS = PARTS[2:]
WRIST_RADIUS = 0.0030  # m, half of the clevis as drawn
SHAFT_SPAN = (-0.036, -0.005)  # m along its z: what of it can meet something
_SLACK = 3e-4  # m: from rest, 10 ms at 1 m/s2 are 0.05 mm
_ARM = 0.03  # m: what turns with the control point reaches no farther from it
# z of its centre along the part and radius, m, of a ball around each part: for a quick look.
_BALLS = {
    "shaft": (0.5 * sum(SHAFT_SPAN), math.hypot(0.0155, 0.5 * SHAFT_DIAMETER)),
    "wrist": (0.5 * PITCH_TO_YAW, 0.5 * PITCH_TO_YAW + WRIST_RADIUS),
    "jaw_a": (0.5 * JAW_TIP_OFFSET, 0.5 * JAW_TIP_OFFSET + 0.001),
    "jaw_b": (0.5 * JAW_TIP_OFFSET, 0.5 * JAW_TIP_OFFSET + 0.001),
}
_BALL_Z = np.array([_BALLS[part][0] for part in PARTS])
BALL_RADII: Array = np.array([_BALLS[part][1] for part in PARTS])  # (4,) m


class ToolPose:
    """An instrument at one instant, from its arm's link frames.

    `T_world_cp` (4, 4) control point; `jaw` rad, `jaw_speed` rad/s; `twist` (6,) of the control
    point, linear m/s and angular rad/s, world axes.
    """

    def __init__(self, link_frames: Array, jaw: float, jaw_speed: float, twist: Array) -> None:
        """link_frames: `T_world_link` (8, 4, 4), six axes, the jaw's, the control point's."""
        self._frames = link_frames
        self.T_world_cp: Array = link_frames[7]
        self.jaw, self.jaw_speed, self.twist = jaw, jaw_speed, twist

    @cached_property
    def parts(self) -> dict[str, Array]:
        """`T_world_part` (4, 4) of each part, as `render.instrument` has them."""
        z4, T5, T_cp = self._frames[3, :3, 2], self._frames[4], self.T_world_cp
        y = cross(T5[:3, 0], T_cp[:3, 0])
        half = 0.5 * max(self.jaw, 0.0)  # closed steel does not pass through itself
        return {
            "shaft": _frame(z4, y, T5[:3, 3]),
            "wrist": _frame(T5[:3, 0], y, T5[:3, 3]),
            "jaw_a": _turned_about_x(T_cp, -half),
            "jaw_b": _turned_about_x(T_cp, half),
        }

    @cached_property
    def ball_centres(self) -> Array:
        """Centres (4, 3) in m of the balls around the parts."""
        T = np.array([self.parts[part] for part in PARTS])
        return np.asarray(T[:, :3, 3] + _BALL_Z[:, None] * T[:, :3, 2])

    @property
    def tip(self) -> Array:
        """Jaw tip (3,) m."""
        return np.asarray(self.T_world_cp[:3, 3] + JAW_TIP_OFFSET * self.T_world_cp[:3, 2])

    @property
    def T_world_tip(self) -> Array:
        """Pose (4, 4) of the jaw tip."""
        T = self.T_world_cp.copy()
        T[:3, 3] = self.tip
        return T

    def velocity_at(self, point: Array) -> Array:
        """Velocity (3,) in m/s of a point (3,) that the wrist carries."""
        return self.twist[:3] + cross(self.twist[3:], point - self.T_world_cp[:3, 3])


def ball_gaps(a: ToolPose, b: ToolPose) -> Array:
    """Distances (4, 4) in m of the balls around the parts of two instruments."""
    apart = a.ball_centres[:, None] - b.ball_centres[None]
    return np.asarray(
        np.sqrt((apart * apart).sum(axis=-1)) - BALL_RADII[:, None] - BALL_RADII[None]
    )


def reach_of(tool: ToolPose, seconds: float) -> float:
    """How far in m any point of an instrument may go: twice what it goes at its present speed."""
    v, w = tool.twist[:3], tool.twist[3:]
    speed = math.sqrt(float(v @ v)) + _ARM * math.sqrt(float(w @ w))
    speed += 0.5 * JAW_TIP_OFFSET * abs(tool.jaw_speed)
    return _SLACK + 2.0 * seconds * speed


def tool_at(T_world_base: Array, q: ArrayLike) -> ToolPose:
    """The instrument of a PSM at rest, base (RCM frame) at `T_world_base`; q (7,), jaw last."""
    q = np.asarray(q, dtype=float)
    frames = T_world_base @ np.asarray(link_frames(q[:6]))
    return ToolPose(np.concatenate([frames, frames[6:]]), float(q[6]), 0.0, np.zeros(6))


def _frame(z: Array, y: Array, origin: Array) -> Array:
    T = np.eye(4)
    T[:3, 0], T[:3, 1], T[:3, 2], T[:3, 3] = cross(y, z), y, z, origin
    return T


def _turned_about_x(T: Array, angle: float) -> Array:
    c, s = math.cos(angle), math.sin(angle)
    turned = T.copy()
    turned[:3, 1] = c * T[:3, 1] + s * T[:3, 2]
    turned[:3, 2] = c * T[:3, 2] - s * T[:3, 1]
    return turned
