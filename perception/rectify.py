# SPDX-License-Identifier: Apache-2.0
"""Rectification: lens distortion out, rows of both eyes aligned, and the way back.

`Rectifier.rig` describes the rectified pair: same camera matrix in both eyes, no
distortion, right eye at (baseline, 0, 0).  The rectified left frame differs from the
left optical frame `camera` by the rotation `R_camera_rectified` only.  Method: Bouguet's,
as in OpenCV's stereoRectify; fixed-point maps (1/32 px).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.camera import Intrinsics, StereoRig
from trocar.errors import ConfigurationError
from trocar.estimates import StereoFrame
from trocar.geometry import Array, inverse, make_transform
from trocar.perception.images import check_image

_ROTATION_TOLERANCE = 1e-6  # rad; at 640 px wide 1e-6 rad is 6e-4 px
_OFFSET_TOLERANCE = 1e-6  # of the baseline


def is_rectified(rig: StereoRig) -> bool:
    """Whether images of this rig need no remapping: stereo geometry already ideal."""
    left, right, T = rig.left, rig.right, rig.T_left_right
    return (
        not any(left.distortion)
        and not any(right.distortion)
        and bool(np.allclose(left.matrix, right.matrix, rtol=0, atol=1e-9))
        and (left.width, left.height) == (right.width, right.height)
        and bool(np.abs(T[:3, :3] - np.eye(3)).max() < _ROTATION_TOLERANCE)
        and T[0, 3] > 0.0
        and bool(np.abs(T[1:3, 3]).max() <= _OFFSET_TOLERANCE * T[0, 3])
    )


def scale_intrinsics(eye: Intrinsics, width: int, height: int) -> Intrinsics:
    """The same eye after its image was resized to (width, height) px.

    Pixel centres are integers, so the image's left edge is at -0.5: c' = (c + 0.5) s - 0.5.
    """
    su, sv = width / eye.width, height / eye.height
    return Intrinsics(
        width,
        height,
        eye.fx * su,
        eye.fy * sv,
        (eye.cx + 0.5) * su - 0.5,
        (eye.cy + 0.5) * sv - 0.5,
        eye.distortion,
    )


class Rectifier:
    """Maps raw frames of `raw_rig` to rectified frames of `rig`, and pixels both ways."""

    def __init__(self, raw_rig: StereoRig) -> None:
        """Build the maps; raises ConfigurationError where the eyes' sizes differ or coincide."""
        self.raw_rig = raw_rig
        self.identity = is_rectified(raw_rig)
        self.rig = raw_rig
        self.R_camera_rectified: Array = np.eye(3)
        self._R_right_rectified: Array = np.eye(3)
        if not self.identity:
            self._build(raw_rig)

    def _build(self, raw: StereoRig) -> None:
        size = (raw.left.width, raw.left.height)
        if size != (raw.right.width, raw.right.height) or raw.baseline <= 0.0:
            raise ConfigurationError(
                f"stereo rig: left {size}, right {(raw.right.width, raw.right.height)} px, "
                f"baseline {raw.baseline:g} m; both need one size and a baseline > 0: recalibrate"
            )
        T_right_left = inverse(raw.T_left_right)
        R1, R2, P1, P2 = cv2.stereoRectify(
            raw.left.matrix,
            np.array(raw.left.distortion),
            raw.right.matrix,
            np.array(raw.right.distortion),
            size,
            T_right_left[:3, :3],
            T_right_left[:3, 3:],
            flags=cv2.CALIB_ZERO_DISPARITY,
            alpha=0.0,
        )[:4]
        fx, fy, cx, cy = (float(P1[i]) for i in ((0, 0), (1, 1), (0, 2), (1, 2)))
        eye = Intrinsics(*size, fx, fy, cx, cy)
        baseline = np.array([-P2[0, 3] / P2[0, 0], 0.0, 0.0])
        if baseline[0] <= 0.0:
            raise ConfigurationError(
                f"stereo rig: the right eye lies at x = {baseline[0]:g} m of the left, "
                "it must be positive: swap the eyes"
            )
        self.rig = StereoRig(eye, eye, make_transform(translation=baseline))
        self.R_camera_rectified, self._R_right_rectified = R1.T, R2.T
        self._maps = [
            cv2.initUndistortRectifyMap(
                e.matrix, np.array(e.distortion), R, P[:3, :3], size, cv2.CV_16SC2
            )
            for e, R, P in ((raw.left, R1, P1), (raw.right, R2, P2))
        ]

    def rectify(self, frame: StereoFrame) -> StereoFrame:
        """Rectified frame with the same stamp; the very same object where nothing is to do."""
        eye = self.raw_rig.left
        check_image("left", frame.left_rgb, eye.height, eye.width)
        check_image("right", frame.right_rgb, eye.height, eye.width)
        if self.identity:
            return frame
        left, right = (
            np.asarray(cv2.remap(image, *maps, cv2.INTER_LINEAR), dtype=np.uint8)
            for image, maps in zip((frame.left_rgb, frame.right_rgb), self._maps, strict=True)
        )
        return StereoFrame(frame.stamp_ns, left, right)

    def to_raw(self, uv_rectified: Array, eye: str = "left") -> Array:
        """Raw pixels (N, 2) of rectified pixels (N, 2) of an `eye`; NaN stays NaN."""
        if self.identity or len(uv_rectified) == 0:
            return uv_rectified
        R, raw = self._eye(eye)
        ray = self.rig.left.unproject(uv_rectified, np.ones(len(uv_rectified))) @ R.T
        uv, _ = cv2.projectPoints(
            ray, np.zeros(3), np.zeros(3), raw.matrix, np.array(raw.distortion)
        )
        return np.asarray(uv, dtype=float).reshape(-1, 2)

    def to_rectified(self, uv_raw: Array, eye: str = "left") -> Array:
        """Rectified pixels (N, 2) of raw pixels (N, 2) of an `eye`: `left` or `right`."""
        if self.identity or len(uv_raw) == 0:
            return uv_raw
        R, raw = self._eye(eye)
        criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-9)
        uv = cv2.undistortPoints(
            np.ascontiguousarray(uv_raw, dtype=float).reshape(-1, 1, 2),
            raw.matrix,
            np.array(raw.distortion),
            R=R.T,
            P=self.rig.left.matrix,
            criteria=criteria,
        )
        return np.asarray(uv, dtype=float).reshape(-1, 2)

    def points_to_camera(self, p_rectified: Array) -> Array:
        """Points (..., 3) in m of the rectified left frame, expressed in `camera`."""
        return p_rectified if self.identity else p_rectified @ self.R_camera_rectified.T

    def covariance_to_camera(self, covariance: Array) -> Array:
        """Point covariances (..., 3, 3) in m^2, turned like `points_to_camera`."""
        R = self.R_camera_rectified
        return covariance if self.identity else R @ covariance @ R.T

    def transform_to_rectified(self, T_camera_x: Array) -> Array:
        """`T_rectified_x` of `T_camera_x`."""
        return make_transform(self.R_camera_rectified.T) @ T_camera_x

    def transform_to_camera(self, T_rectified_x: Array) -> Array:
        """`T_camera_x` of `T_rectified_x`."""
        return make_transform(self.R_camera_rectified) @ T_rectified_x

    def _eye(self, eye: str) -> tuple[NDArray[np.float64], Intrinsics]:
        if eye == "left":
            return self.R_camera_rectified, self.raw_rig.left
        if eye == "right":
            return self._R_right_rectified, self.raw_rig.right
        raise ConfigurationError(f"eye {eye!r} is unknown; allowed: left, right")
