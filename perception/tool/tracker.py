# SPDX-License-Identifier: Apache-2.0
"""Tool tracker: kinematics as prior, silhouette edges and tip of both eyes as measurements."""

import numpy as np

from trocar.camera import StereoRig
from trocar.errors import ConfigurationError
from trocar.estimates import Health, StereoFrame, ToolEstimate
from trocar.geometry import Array, inverse
from trocar.perception.interfaces import Mask
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.filter import LumpedFilter
from trocar.perception.tool.model import ToolPose, make_eyes, pose_tool
from trocar.perception.tool.observer import Observer, View
from trocar.perception.tool.segmentation import ChromaSegmenter
from trocar.perception.tool.silhouettes import instrument_mask, predicted_mask
from trocar.perception.tool.tip import point_jacobian


class LumpedToolTracker:
    """Corrects one arm's kinematics by sight (protocol `ToolTracker`).

    Images must be rectified and belong to `rig`.  `mask_left`, `mask_right` (H, W) bool cover
    every instrument in view, dilated, after each update.  Deterministic: no clock, fixed seed.
    """

    def __init__(
        self,
        arm: str,
        rig: StereoRig,
        T_camera_base: Array,
        config: ToolTrackerConfig | None = None,
    ) -> None:
        """`T_camera_base` (4, 4) is the nominal placement of the arm's RCM frame."""
        T = np.asarray(T_camera_base, dtype=float)
        if T.shape != (4, 4) or not np.isfinite(T).all():
            raise ConfigurationError(
                f"tool tracker of {arm}: T_camera_base must be a finite (4, 4) transform, got shape {T.shape}"
            )
        self.arm = arm
        self._config = config or ToolTrackerConfig()
        self._eyes = make_eyes(rig)
        self._T_camera_base = T
        self._filter = LumpedFilter(T, self._config)
        self._observer = Observer(self._eyes, T, self._config)
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
        images = (frame.left_rgb, frame.right_rgb)
        views = [View(e, i, self._segmenter.analyse(i)) for e, i in zip(self._eyes, images, strict=True)]
        joints, jaw, fault = self._joints(q)
        if fault:
            self._set_masks(views, None, jaw)
            return self._lost(frame.stamp_ns, joints, fault)
        dt = self._elapsed(frame.stamp_ns)
        self._filter.predict(dt, self._pose(joints).T_camera_tool[:3, 3])
        if self._locked:
            health, reason = self._follow(views, joints, jaw, dt)
        else:
            health, reason = self._acquire(views, joints, jaw)
        self._set_masks(views, self._pose(joints) if self._locked else None, jaw)
        return self._estimate(frame.stamp_ns, joints, health, reason)

    def _joints(self, q: Array | None) -> tuple[Array, float, str]:
        jaw = self._config.jaw_angle
        if q is None:
            return np.zeros(6), jaw, "joints at capture unknown"
        q = np.asarray(q, dtype=float)
        if q.shape not in ((6,), (7,)) or not np.isfinite(q).all():
            return np.zeros(6), jaw, f"joints unusable: {q.tolist()}, need 6 or 7 finite values"
        return q[:6], float(q[6]) if len(q) == 7 else jaw, ""

    def _elapsed(self, stamp_ns: int) -> float:
        last, self._last_stamp_ns = self._last_stamp_ns, stamp_ns
        if last is None:
            return 0.0
        return float(np.clip((stamp_ns - last) * 1e-9, 0.0, self._config.max_gap))

    def _pose(self, joints: Array) -> ToolPose:
        return pose_tool(self._filter.T_correction, self._T_camera_base, joints, self._filter.wrist_bias)

    def _acquire(self, views: list[View], joints: Array, jaw: float) -> tuple[Health, str]:
        fault = self._observer.acquire(self._filter, views, joints, jaw)
        if fault:
            return Health.LOST, fault
        self._locked = True
        self._unseen_s = self._inconsistent_s = 0.0
        return Health.DEGRADED, "just acquired"

    def _follow(
        self, views: list[View], joints: Array, jaw: float, dt: float
    ) -> tuple[Health, str]:
        report = self._observer.follow(self._filter, views, joints, jaw)
        self._unseen_s = 0.0 if report.accepted else self._unseen_s + dt
        self._inconsistent_s = self._inconsistent_s + dt if report.inconsistent else 0.0
        c = self._config
        if self._unseen_s > c.hold_limit or self._inconsistent_s > c.reinit_after:
            self._locked = False
            self._filter.widen()
            reason = "inconsistent with the image" if report.inconsistent else report.reason
            return Health.LOST, f"searching again: {reason}"
        return (Health.DEGRADED, report.reason) if report.reason else (Health.GOOD, "")

    def _set_masks(self, views: list[View], pose: ToolPose | None, jaw: float) -> None:
        masks = []
        for view in views:
            own = predicted_mask(view.eye, pose, jaw) if pose is not None else None
            masks.append(instrument_mask(view.segmentation, own, self._config.mask_margin_px))
        self.mask_left, self.mask_right = masks

    def _lost(self, stamp_ns: int, joints: Array, reason: str) -> ToolEstimate:
        return self._estimate(stamp_ns, joints, Health.LOST, reason)

    def _estimate(self, stamp_ns: int, joints: Array, health: Health, reason: str) -> ToolEstimate:
        """T_correction as documented: wrist biases at this q are folded into it."""
        pose = self._pose(joints)
        nominal = pose_tool(np.eye(4), self._T_camera_base, joints, np.zeros(2)).T_camera_tool
        J = np.zeros((6, 8))
        J[:3] = point_jacobian(pose, pose.T_camera_tool[:3, 3])
        J[3:, 3:6] = np.eye(3)
        J[3:, 6:] = pose.wrist_axes.T
        return ToolEstimate(
            stamp_ns,
            self.arm,
            pose.T_camera_tool @ inverse(nominal),
            pose.T_camera_tool,
            self._filter.tool_covariance(J),
            health,
            reason,
        )
