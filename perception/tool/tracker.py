# SPDX-License-Identifier: Apache-2.0
"""Tool tracker: kinematics as prior, the silhouette in both eyes as measurement."""

import numpy as np
from numpy.typing import ArrayLike

from trocar.camera import StereoRig
from trocar.errors import ConfigurationError
from trocar.estimates import Health, StereoFrame, ToolEstimate
from trocar.geometry import Array, inverse
from trocar.perception.interfaces import Mask
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.eye import make_eyes
from trocar.perception.tool.filter import LumpedFilter
from trocar.perception.tool.model import SIZE, ToolPose, pose_tool
from trocar.perception.tool.observer import Observer, View
from trocar.perception.tool.search import acquire
from trocar.perception.tool.segmentation import ChromaSegmenter
from trocar.perception.tool.silhouettes import draw_tool, instrument_mask


class LumpedToolTracker:
    """Corrects one arm's kinematics by sight (protocol `ToolTracker`).

    Images must be rectified and belong to `rig`.  `mask_left`, `mask_right` (H, W) bool cover
    every instrument in view, dilated, after each update.  Deterministic: no clock, no dice.
    """

    def __init__(
        self,
        arm: str,
        rig: StereoRig,
        T_camera_base: ArrayLike,
        config: ToolTrackerConfig | None = None,
    ) -> None:
        """`T_camera_base` (4, 4) is the nominal placement of the arm's RCM frame."""
        T = np.asarray(T_camera_base, dtype=float)
        if T.shape != (4, 4) or not np.isfinite(T).all():
            raise ConfigurationError(
                f"tool tracker of {arm}: T_camera_base has shape {T.shape}, "
                "must be a finite (4, 4) transform; see arms in the site file"
            )
        self.arm = arm
        self._config = config or ToolTrackerConfig()
        self._eyes = make_eyes(rig)
        self._T_camera_base = T
        self._filter = LumpedFilter(T, self._config)
        self._observer = Observer(T, self._config)
        self._segmenter = ChromaSegmenter(self._config)
        self._locked = False
        self._last_stamp_ns: int | None = None
        self._unseen_s = 0.0  # since a measurement was accepted
        self._inconsistent_s = 0.0  # measurements seen, none accepted
        self.mask_left: Mask = np.zeros((rig.left.height, rig.left.width), bool)
        self.mask_right: Mask = np.zeros((rig.right.height, rig.right.width), bool)

    def update(self, frame: StereoFrame, q: Array | None) -> ToolEstimate:
        """Estimate at the frame's stamp from joints q (6,), or (7,) with the jaw, at that stamp.

        Never raises for what the images show; the reason says what is missing.
        """
        views = [
            View(eye, self._segmenter.analyse(image))
            for eye, image in zip(self._eyes, (frame.left_rgb, frame.right_rgb), strict=True)
        ]
        joints, fault = self._joints(q)
        if fault:
            self._set_masks(views, None)
            return self._estimate(frame.stamp_ns, joints, Health.LOST, fault)
        dt = self._elapsed(frame.stamp_ns)
        self._filter.predict(dt, self._pose(joints).T_camera_tool[:3, 3])
        if q is not None and len(q) == 6:
            self._filter.forget_jaw()
        if self._locked:
            health, reason = self._follow(views, joints, dt)
        else:
            health, reason = self._acquire(views, joints)
        self._set_masks(views, self._pose(joints) if self._locked else None)
        return self._estimate(frame.stamp_ns, joints, health, reason)

    def _joints(self, q: Array | None) -> tuple[Array, str]:
        """Joints (7,), the jaw assumed where it is not given, and what is wrong with them."""
        joints = np.append(np.zeros(6), self._config.jaw_angle)
        if q is None:
            return joints, "joints at capture unknown"
        q = np.asarray(q, dtype=float)
        if q.shape not in ((6,), (7,)) or not np.isfinite(q).all():
            return joints, f"joints {q.tolist()} are not 6 or 7 finite values"
        joints[: len(q)] = q
        return joints, ""

    def _elapsed(self, stamp_ns: int) -> float:
        last, self._last_stamp_ns = self._last_stamp_ns, stamp_ns
        if last is None:
            return 0.0
        return float(np.clip((stamp_ns - last) * 1e-9, 0.0, self._config.max_gap))

    def _pose(self, joints: Array) -> ToolPose:
        return self._observer.pose(self._filter.belief, joints)

    def _acquire(self, views: list[View], joints: Array) -> tuple[Health, str]:
        fault = acquire(self._observer, self._filter, views, joints)
        if fault:
            return Health.LOST, fault
        self._locked = True
        self._unseen_s = self._inconsistent_s = 0.0
        return Health.DEGRADED, "just acquired"

    def _follow(self, views: list[View], joints: Array, dt: float) -> tuple[Health, str]:
        report = self._observer.follow(self._filter, views, joints)
        self._unseen_s = 0.0 if report.eyes else self._unseen_s + dt
        self._inconsistent_s = self._inconsistent_s + dt if report.is_inconsistent else 0.0
        c = self._config
        if self._unseen_s > c.hold_limit or self._inconsistent_s > c.reinit_after:
            self._locked = False
            self._filter.widen()
            return Health.LOST, f"searching again: {report.reason}"
        return (Health.DEGRADED, report.reason) if report.reason else (Health.GOOD, "")

    def _set_masks(self, views: list[View], pose: ToolPose | None) -> None:
        margin = self._config.mask_margin_px
        self.mask_left, self.mask_right = (
            instrument_mask(v.segmentation, draw_tool(v.eye, pose) if pose else None, margin)
            for v in views
        )

    def _estimate(self, stamp_ns: int, joints: Array, health: Health, reason: str) -> ToolEstimate:
        """T_correction as documented: wrist biases at this q are folded into it."""
        pose = self._pose(joints)
        nominal = pose_tool(self._T_camera_base, joints[:6], 0.0, np.zeros(3)).T_camera_tool
        J = np.zeros((6, SIZE))
        J[:3] = pose.point_jacobian(pose.T_camera_tool[None, :3, 3], 2)[0]
        J[3:, 3:6] = np.eye(3)
        J[3:, 6:8] = pose.wrist_axes.T
        return ToolEstimate(
            stamp_ns,
            self.arm,
            pose.T_camera_tool @ inverse(nominal),
            pose.T_camera_tool,
            self._filter.covariance_of(J),
            health,
            reason,
        )
