# SPDX-License-Identifier: Apache-2.0
"""One stereo frame and the joints at its capture in; points, target and tool out.

rectify -> tool tracker (its masks) -> tissue tracker -> target.  Trackers work on rectified
images; everything that leaves is in raw left pixels and in the left optical frame `camera`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from trocar.camera import StereoRig
from trocar.errors import ConfigurationError
from trocar.estimates import StereoFrame, TargetEstimate, TissuePoints, ToolEstimate
from trocar.geometry import Array, make_transform
from trocar.perception.interfaces import ToolTracker
from trocar.perception.rectify import Rectifier
from trocar.perception.tissue.config import TargetConfig, TissueConfig
from trocar.perception.tissue.target import TargetTracker
from trocar.perception.tissue.tracker import TissueTracker
from trocar.perception.tool.tracker import LumpedToolTracker
from trocar.site import Site


@dataclass(frozen=True)
class PipelineConfig:
    """What to run and how; `arm` None tracks tissue only, with no instrument masked."""

    arm: str | None = "PSM1"
    tissue: TissueConfig = field(default_factory=TissueConfig)
    target: TargetConfig = field(default_factory=TargetConfig)
    select_uv: tuple[float, float] | None = None  # raw left px; None: the image centre
    threads: int = 1  # of OpenCV: two busy cores are shared with the control loop


@dataclass(frozen=True)
class PerceptionResult:
    """Estimates of one frame, all with its stamp; stage_cpu_ms: CPU time of this thread."""

    points: TissuePoints
    target: TargetEstimate | None
    tool: ToolEstimate | None
    stage_cpu_ms: dict[str, float]


class Pipeline:
    """The whole of perception for one endoscope and one arm, without ROS."""

    def __init__(
        self,
        site: Site,
        config: PipelineConfig | None = None,
        tool_tracker: ToolTracker | None = None,
    ) -> None:
        """`tool_tracker`, when given, works on rectified images and replaces the default one.

        Raises ConfigurationError for an arm that the site does not have.  Sets OpenCV's thread
        count, which is process-wide.
        """
        self.config = config or PipelineConfig()
        cv2.setNumThreads(self.config.threads)
        self.rectifier = Rectifier(site.endoscope)
        rig = self.rectifier.rig
        self.tool_tracker = tool_tracker or self._default_tool_tracker(site, rig)
        self.tissue_tracker = TissueTracker(rig, self.config.tissue)
        eye = site.endoscope.left
        centre = (0.5 * (eye.width - 1), 0.5 * (eye.height - 1))
        self.target_tracker = TargetTracker(
            replace(
                self.config.target,
                select_uv=self.config.select_uv or centre,
                baseline_m=rig.baseline,
            )
        )
        self._no_mask = np.zeros((eye.height, eye.width), dtype=np.bool_)
        self._cpu_ms: dict[str, float] = {}

    def _default_tool_tracker(self, site: Site, rig: StereoRig) -> ToolTracker | None:
        arm = self.config.arm
        if arm is None:
            return None
        if arm not in site.T_camera_base:
            raise ConfigurationError(
                f"pipeline: arm {arm!r} is not in the site file; "
                f"arms there: {', '.join(site.T_camera_base)}"
            )
        T_rectified_base = self.rectifier.transform_to_rectified(site.T_camera_base[arm])
        return LumpedToolTracker(arm, rig, T_rectified_base)

    def select(self, uv: Array | tuple[float, float]) -> None:
        """Follow the tissue at raw left pixel uv (2,) from the next frame on."""
        self.target_tracker.select(uv)

    def process(self, frame: StereoFrame, q_at_capture: Array | None) -> PerceptionResult:
        """All estimates of one raw frame; q_at_capture (6,) or None where it is not known."""
        self._cpu_ms = {}
        with self._stage("rectify"):
            rectified = self.rectifier.rectify(frame)
        tool, mask_left, mask_right = None, self._no_mask, self._no_mask
        if self.tool_tracker is not None:
            with self._stage("tool"):
                tool = self._tool_to_camera(self.tool_tracker.update(rectified, q_at_capture))
                mask_left, mask_right = self.tool_tracker.mask_left, self.tool_tracker.mask_right
        with self._stage("tissue"):
            points = self._points_to_camera(
                self.tissue_tracker.update(rectified, mask_left, mask_right)
            )
        with self._stage("target"):
            target = self.target_tracker.update(points)
            uv = self.target_tracker.uv
            self.tissue_tracker.focus_uv = (
                None if uv is None else self.rectifier.to_rectified(uv[None])[0]
            )
        return PerceptionResult(points, target, tool, self._cpu_ms)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        start = time.thread_time_ns()
        yield
        self._cpu_ms[name] = (time.thread_time_ns() - start) * 1e-6

    def _points_to_camera(self, points: TissuePoints) -> TissuePoints:
        r = self.rectifier
        if r.identity:
            return points
        return replace(
            points,
            uv_left=r.to_raw(points.uv_left),
            uv_right=r.to_raw(points.uv_right, "right"),
            p_camera=r.points_to_camera(points.p_camera),
            covariance=r.covariance_to_camera(points.covariance),
        )

    def _tool_to_camera(self, tool: ToolEstimate) -> ToolEstimate:
        if self.rectifier.identity:
            return tool
        R = self.rectifier.R_camera_rectified
        T = make_transform(R)
        turn = np.kron(np.eye(2), R)
        return replace(
            tool,
            T_correction=T @ tool.T_correction @ T.T,  # a pure rotation: its transpose inverts it
            T_camera_tool=T @ tool.T_camera_tool,
            covariance=turn @ tool.covariance @ turn.T,
        )
