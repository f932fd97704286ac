# SPDX-License-Identifier: Apache-2.0
"""ROS side of the console: keeps the newest of what it hears, publishes what operators do."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PointStamped, PoseWithCovarianceStamped
from rclpy.node import Node
from rclpy.qos import (
    DurabilityPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_profile_sensor_data,
)
from sensor_msgs.msg import CameraInfo, Image, JointState, Joy, PointCloud2
from std_msgs.msg import Empty, String

from trocar import estop
from trocar.camera import Intrinsics, StereoRig
from trocar.console import overlay
from trocar.console.frames import FrameJoiner
from trocar.console.messages import OperatorInput, Request
from trocar.geometry import make_transform, matrix_from_quat_xyzw

LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
RELIABLE = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
NEWEST_IMAGE = QoSProfile(depth=2, reliability=ReliabilityPolicy.BEST_EFFORT)


def stamp_ns(stamp: Time) -> int:
    """Integer nanoseconds of a message stamp."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


class ConsoleTopics:
    """A `server.Sink` whose inputs become topics; `status()` and `joiner` feed the page."""

    def __init__(self, node: Node, arm: str, segment: str) -> None:
        """`segment` is the cell's shared memory, where the emergency stop is pressed as well."""
        self._node = node
        self._segment = segment
        self.lock = threading.Lock()
        self.joiner = FrameJoiner()
        self._eyes: dict[str, CameraInfo] = {}
        self._arm: dict[str, Any] = {}
        self._health: dict[str, dict[str, str]] = {}
        self.arm_name = arm
        self._publish(node, arm)
        self._subscribe(node, arm)

    def _publish(self, node: Node, arm: str) -> None:
        self._input = node.create_publisher(Joy, "/operator/input", RELIABLE)
        self._source = node.create_publisher(String, f"/{arm}/request_source", RELIABLE)
        self._state = node.create_publisher(String, f"/{arm}/std/state_command", RELIABLE)
        self._select = node.create_publisher(PointStamped, "/tissue/select", RELIABLE)
        self._estop = node.create_publisher(Empty, "/estop", RELIABLE)
        self._release = node.create_publisher(Empty, "/estop/release", RELIABLE)

    def _subscribe(self, node: Node, arm: str) -> None:
        sensor = qos_profile_sensor_data
        for eye in ("left", "right"):
            self._listen(node, Image, f"/endoscope/{eye}/image_raw", NEWEST_IMAGE, self._image(eye))
            self._listen(node, CameraInfo, f"/endoscope/{eye}/camera_info", sensor, self._info(eye))
        self._listen(node, PointCloud2, "/tissue/points", sensor, self._points)
        pose = PoseWithCovarianceStamped
        self._listen(node, pose, "/tissue/target", sensor, self._pose("target"))
        self._listen(node, pose, f"/{arm}/visual/tool_pose", sensor, self._pose("tool"))
        self._listen(node, DiagnosticArray, f"/{arm}/std/operating_state", LATCHED, self._operating)
        self._listen(node, String, f"/{arm}/active_source", LATCHED, self._text("source"))
        self._listen(node, DiagnosticStatus, f"/{arm}/command_result", RELIABLE, self._result)
        for name in ("error", "warning"):
            self._listen(node, String, f"/{arm}/{name}", RELIABLE, self._text("reason"))
        self._listen(node, JointState, f"/{arm}/jaw/measured_js", sensor, self._jaw)
        self._listen(node, DiagnosticArray, "/diagnostics", RELIABLE, self._diagnostics)

    def _listen(
        self, node: Node, kind: Any, topic: str, qos: QoSProfile, take: Callable[[Any], None]
    ) -> None:
        def locked(message: Any) -> None:
            with self.lock:
                take(message)

        node.create_subscription(kind, topic, locked, qos)

    # --- heard -----------------------------------------------------------------------

    def _image(self, eye: str) -> Callable[[Image], None]:
        def take(message: Image) -> None:
            pixels = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)
            self.joiner.add_image(stamp_ns(message.header.stamp), eye, pixels)

        return take

    def _info(self, eye: str) -> Callable[[CameraInfo], None]:
        def take(message: CameraInfo) -> None:
            self._eyes[eye] = message

        return take

    def _rig(self) -> StereoRig | None:
        if len(self._eyes) < 2:
            return None
        eyes = [
            Intrinsics(m.width, m.height, m.p[0], m.p[5], m.p[2], m.p[6])
            for m in (self._eyes["left"], self._eyes["right"])
        ]
        right = self._eyes["right"]
        baseline = -right.p[3] / right.p[0]  # CameraInfo: P[0, 3] = -fx * baseline
        return StereoRig(
            eyes[0], eyes[1], make_transform(translation=np.array([baseline, 0.0, 0.0]))
        )

    def _points(self, message: PointCloud2) -> None:
        rig = self._rig()
        if rig is None:
            return
        formats = {7: "<f4", 8: "<f8", 5: "<i4", 6: "<u4", 2: "u1"}
        layout = np.dtype(
            {
                "names": [f.name for f in message.fields],
                "formats": [
                    formats[f.datatype] if f.count == 1 else (formats[f.datatype], (f.count,))
                    for f in message.fields
                ],
                "offsets": [f.offset for f in message.fields],
                "itemsize": message.point_step,
            }
        )
        cloud = np.frombuffer(bytes(message.data), layout)
        xyz = np.stack([cloud["x"], cloud["y"], cloud["z"]], axis=1).astype(float)
        uv = np.stack([cloud["u"], cloud["v"]], axis=1).astype(float)
        drawn = overlay.points(rig, xyz, uv, cloud["state"])
        self.joiner.add_overlay(stamp_ns(message.header.stamp), "points", drawn)

    def _pose(self, part: str) -> Callable[[PoseWithCovarianceStamped], None]:
        def take(message: PoseWithCovarianceStamped) -> None:
            rig = self._rig()
            if rig is None:
                return
            p, q = message.pose.pose.position, message.pose.pose.orientation
            T = make_transform(matrix_from_quat_xyzw([q.x, q.y, q.z, q.w]), [p.x, p.y, p.z])
            self.joiner.add_overlay(stamp_ns(message.header.stamp), part, overlay.axes(rig, T))

        return take

    def _operating(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {v.key: v.value for v in status.values}
            self._arm["state"] = status.message
            self._arm["is_homed"] = values.get("is_homed", "").lower() == "true"
            self._arm["is_busy"] = values.get("is_busy", "").lower() == "true"
            if values.get("fault") and values["fault"].lower() != "none":
                self._arm["reason"] = values.get("reason", values["fault"])

    def _text(self, key: str) -> Callable[[String], None]:
        def take(message: String) -> None:
            self._arm[key] = message.data

        return take

    def _result(self, message: DiagnosticStatus) -> None:
        is_routine = message.level == DiagnosticStatus.OK and "servo" in message.name
        if not is_routine:  # a stream's hundred acceptances must not hide one refusal
            self._arm["answer"] = message.message

    def _jaw(self, message: JointState) -> None:
        if message.position:
            self._arm["jaw"] = float(message.position[0])

    def _diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name != "perception: pipeline":
                continue
            values = {v.key: v.value for v in status.values}
            for part, key in (("target", "target"), ("tool", self.arm_name)):
                if key in values:
                    health, _, reason = values[key].partition(" ")
                    self._health[part] = {"health": health, "text": f"{health} {reason}".strip()}

    def status(self) -> dict[str, Any]:
        """What the page shows at 10 Hz."""
        with self.lock:
            return {
                "arm": {"name": self.arm_name, **self._arm},
                "estop": estop.is_pressed(self._segment),
                **self._health,
            }

    # --- said ------------------------------------------------------------------------

    def operator_input(self, sample: OperatorInput) -> None:
        """Publish one operator input (docs/contracts.md, `/operator/input`)."""
        message = Joy()
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.header.frame_id = "endoscope_left"
        message.axes = [*sample.twist, sample.jaw_rate, sample.scale]
        message.buttons = [int(sample.deadman), int(sample.clutch)]
        self._input.publish(message)

    def request(self, request: Request) -> None:
        """Publish anything else; the emergency stop also goes straight into the segment."""
        if request.kind == "estop":
            estop.press(self._segment)
            self._estop.publish(Empty())
        elif request.kind == "estop_release":
            estop.release(self._segment)
            self._release.publish(Empty())
        elif request.kind == "request_source":
            self._source.publish(String(data=request.value))
        elif request.kind == "state_command":
            self._state.publish(String(data=request.value))
        elif request.kind == "select":
            message = PointStamped()
            message.header.stamp = self._node.get_clock().now().to_msg()
            message.header.frame_id = "endoscope_left"
            message.point.x, message.point.y = request.value
            self._select.publish(message)
