# SPDX-License-Identifier: Apache-2.0
"""What perception says and control consumes: every datum carries its capture stamp.

`stamp_ns` is an integer nanosecond count of ROS system time (simulated time in
lockstep) at capture.  Covariances are ordered like the state they belong to,
(linear, angular), in m and rad.  The frame `camera` is the left optical frame.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array


class PointState(IntEnum):
    """State of one tracked tissue point in one frame."""

    VISIBLE = 0
    OCCLUDED = 1  # hidden by a tool or a highlight; its position is carried by the neighbours
    LOST = 2


class Health(IntEnum):
    """Whether an estimate may be used: GOOD fully, DEGRADED by its covariance, LOST not at all."""

    GOOD = 0
    DEGRADED = 1
    LOST = 2


@dataclass(frozen=True)
class StereoFrame:
    """One capture of both eyes: `left_rgb`, `right_rgb` (H, W, 3) uint8."""

    stamp_ns: int
    left_rgb: NDArray[np.uint8]
    right_rgb: NDArray[np.uint8]


@dataclass(frozen=True)
class TissuePoints:
    """Tracked points of one frame; N points, raw left-image pixels, unknown = NaN.

    ids (N,) int32, uv_left (N, 2) px, uv_right (N, 2) px, state (N,) uint8 of
    `PointState`, p_camera (N, 3) m, covariance (N, 3, 3) m^2.
    """

    stamp_ns: int
    ids: NDArray[np.int32]
    uv_left: Array
    uv_right: Array
    state: NDArray[np.uint8]
    p_camera: Array
    covariance: Array


@dataclass(frozen=True)
class TargetEstimate:
    """A smooth frame on the tissue: origin on the surface, z along the outward normal.

    T_camera_target (4, 4); twist (6,) of its origin in camera axes, m/s and rad/s;
    covariance (6, 6) of the pose (left perturbation at the target's origin, camera
    axes); twist_covariance (6, 6); visible = points seen in this frame.
    """

    stamp_ns: int
    T_camera_target: Array
    twist: Array
    covariance: Array
    twist_covariance: Array
    visible: int
    health: Health
    reason: str = ""


@dataclass(frozen=True)
class ToolEstimate:
    """The lumped correction of one arm's kinematics, seen by the camera.

    T_camera_tool = T_correction @ T_camera_base(nominal) @ FK(q measured), where tool is
    the control point (wrist-yaw axis).  covariance (6, 6) is that of T_camera_tool: a left
    perturbation at the control point in camera axes, (linear, angular).
    """

    stamp_ns: int
    arm: str
    T_correction: Array
    T_camera_tool: Array
    covariance: Array
    health: Health
    reason: str = ""
