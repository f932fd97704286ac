# SPDX-License-Identifier: Apache-2.0
"""/truth of what the pictures show, with their stamps; only with `truth:=true`, best effort.

/truth/endoscope/{left,right}/{depth,mask,flow,camera_info}  32FC1 m, mono8, 32FC2 px, CameraInfo
/truth/endoscope/measured_cp        PoseStamped of the left eye in `world`
/truth/<PSM or passing>/keypoints   PointCloud2, fields of truth_messages.POINT_TYPE, ids in the
                                    order of render.keypoints.KEYPOINTS
/truth/tissue/tracks                the same of every second vertex of the patch, ids v * 45 + u
/truth/soft/<name>/tracks           the same of the surface nodes of a soft body, ids the nodes'

Flow is to the frame before: what comes next nobody knows yet.  What nobody subscribes to is not
worked out: depth, masks and `visible` need truth from the renderer, flow the motion of each pixel.
"""

import re
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from trocar.camera import StereoRig
from trocar.sim.nodes.camera_messages import camera_info_message, eyes, image_message
from trocar.sim.nodes.truth_messages import WORLD, points_message, pose_message
from trocar.sim.render.cast import mask_offsets
from trocar.sim.render.frame import EyeTruth, RenderedFrame
from trocar.sim.render.keypoints import keypoints_seen, project_keypoints
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.truth import Truth

TRACK_STEP = 2  # of the patch's vertices, along each side


def topic_name(name: str) -> str:
    """A name from a scene as part of a topic's."""
    return re.sub(r"\W", "_", name)


class TruthTopics:
    """Publishers of one cell's truth; `frame` after each picture."""

    def __init__(self, node: Any, truth: Truth) -> None:
        """The rig of the truth's scene must be the one that is drawn."""
        self._truth = truth
        self._rig: StereoRig = truth.scene.rig

        def make(kind: Any, topic: str) -> Any:
            return node.create_publisher(kind, f"/truth/{topic}", qos_profile_sensor_data)

        self._depth, self._mask, self._flow, self._info = (
            {name: make(kind, f"endoscope/{name}/{what}") for name, *_ in eyes(self._rig)}
            for kind, what in (
                *((Image, what) for what in ("depth", "mask", "flow")),
                (CameraInfo, "camera_info"),
            )
        )
        self._camera = make(PoseStamped, "endoscope/measured_cp")
        self._offsets = mask_offsets(truth.scene.psms)
        self._keypoints = {
            name: make(PointCloud2, f"{topic_name(name)}/keypoints") for name in self._offsets
        }
        self._tracks = make(PointCloud2, "tissue/tracks")
        self._soft = {
            name: make(PointCloud2, f"soft/{topic_name(name)}/tracks") for name in truth.cast.soft
        }
        side = truth.tissue.parameters.vertices_per_side
        row, column = (np.arange(0, side, TRACK_STEP),) * 2
        self._ids = (row[:, None] * side + column).ravel()

    def wants_flow(self) -> bool:
        """Whether anyone listens to the flow."""
        return any(_heard(p) for p in self._flow.values())

    def wants_truth(self) -> bool:
        """Whether anyone listens to what only the renderer can tell."""
        drawn = (self._depth, self._mask, self._flow, self._keypoints, self._soft)
        return _heard(self._tracks) or any(_heard(p) for topics in drawn for p in topics.values())

    def frame(self, snapshot: CellSnapshot, frame: RenderedFrame) -> None:
        """Publish what is listened to."""
        stamp_ns = frame.stereo.stamp_ns
        if _heard(self._camera):
            T_world_camera = self._truth.scene.camera_pose(snapshot)
            self._camera.publish(pose_message(T_world_camera, stamp_ns, WORLD))
        for name, eye, baseline in eyes(self._rig):
            frame_id = f"endoscope_{name}"
            if _heard(self._info[name]):
                info = camera_info_message(eye, baseline, stamp_ns, frame_id)
                self._info[name].publish(info)
            eye_truth = frame.left if name == "left" else frame.right
            if eye_truth is not None:
                self._images(name, eye_truth, stamp_ns)
        if frame.left is not None and frame.right is not None:
            self._points(snapshot, frame, frame.left, frame.right)

    def _images(self, name: str, truth: EyeTruth, stamp_ns: int) -> None:
        for publisher, image in (
            (self._depth[name], truth.depth),
            (self._mask[name], truth.mask),
            (self._flow[name], truth.flow),
        ):
            if image is not None and _heard(publisher):
                publisher.publish(image_message(image, stamp_ns, f"endoscope_{name}"))

    def _points(
        self, snapshot: CellSnapshot, frame: RenderedFrame, left: EyeTruth, right: EyeTruth
    ) -> None:
        stamp_ns, scene = frame.stereo.stamp_ns, self._truth.scene
        for name, instrument in self._truth.cast.instruments(snapshot).items():
            if not _heard(self._keypoints[name]):
                continue
            k = project_keypoints(instrument, self._rig, scene.camera_pose(snapshot))
            offset, ids = self._offsets[name], np.arange(len(k.names))
            sees_left = keypoints_seen(k.uv_left, left, offset)
            sees_right = keypoints_seen(k.uv_right, right, offset)
            message = points_message(
                ids, k.p_camera, k.uv_left, k.uv_right, sees_left, sees_right, stamp_ns
            )
            self._keypoints[name].publish(message)
        if _heard(self._tracks):
            tracks = self._truth.tracks(snapshot, self._truth.tissue.uv[self._ids], frame)
            self._tracks.publish(_tracks_message(self._ids, tracks, stamp_ns))
        for name, publisher in self._soft.items():
            if _heard(publisher):
                nodes, tracks = self._truth.soft_tracks(snapshot, name, frame)
                publisher.publish(_tracks_message(nodes, tracks, stamp_ns))


def _tracks_message(ids: Any, tracks: Any, stamp_ns: int) -> Any:
    return points_message(
        ids, tracks.p_camera, tracks.uv_left, tracks.uv_right,
        tracks.visible_left, tracks.visible_right, stamp_ns,
    )  # fmt: skip


def _heard(publisher: Any) -> bool:
    return bool(publisher.get_subscription_count() > 0)
