# SPDX-License-Identifier: Apache-2.0
"""The topics that carry this room's estimates; each message has the stamp of its capture.

The tissue's motion and the tool's correction are for control, so what is LOST is not sent: the
consumer's age limits then do what they are for.
"""

import time
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped, TwistWithCovarianceStamped
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import PointCloud2

from trocar.estimates import Health
from trocar.perception.nodes import messages
from trocar.perception.nodes.statistics import Rate
from trocar.perception.pipeline import PerceptionResult

_NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


class EstimateTopics:
    """Publishers of one node; `rates` by topic."""

    def __init__(self, node: Any, arm: str) -> None:
        """/tissue/{points,target,target_twist} and /<arm>/visual/{correction,tool_pose}."""
        pose, sensor = PoseWithCovarianceStamped, qos_profile_sensor_data
        self._correction, self._tool = f"/{arm}/visual/correction", f"/{arm}/visual/tool_pose"
        self._publishers: dict[str, Any] = {
            name: node.create_publisher(kind, name, qos)
            for name, kind, qos in (
                ("/tissue/points", PointCloud2, sensor),
                ("/tissue/target", pose, sensor),
                ("/tissue/target_twist", TwistWithCovarianceStamped, sensor),
                (self._tool, pose, sensor),
                (self._correction, pose, _NEWEST),
            )
        }
        self.rates = {name: Rate() for name in self._publishers}

    def send(self, result: PerceptionResult) -> None:
        """Everything that one frame gave, what control waits for first."""
        target, tool = result.target, result.tool
        if target is not None and target.health != Health.LOST:
            # the twist first: a consumer that joins the two can act when the pose comes
            twist = messages.to_twist(target.twist, target.twist_covariance, target.stamp_ns)
            self._send("/tissue/target_twist", twist)
            pose = messages.to_pose(target.T_camera_target, target.covariance, target.stamp_ns)
            self._send("/tissue/target", pose)
        if tool is not None and tool.health != Health.LOST:
            correction = messages.to_pose(tool.T_correction, tool.covariance, tool.stamp_ns)
            self._send(self._correction, correction)
            pose = messages.to_pose(tool.T_camera_tool, tool.covariance, tool.stamp_ns)
            self._send(self._tool, pose)
        self._send("/tissue/points", messages.to_cloud(result.points))

    def _send(self, topic: str, message: Any) -> None:
        self._publishers[topic].publish(message)
        self.rates[topic].tick(time.monotonic_ns())
