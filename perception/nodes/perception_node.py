# SPDX-License-Identifier: Apache-2.0
"""The perception process: pictures, calibration and joints in; tissue, target and tool out.

Subscribes /endoscope/{left,right}/{image_raw,camera_info}, /<arm>/measured_js,
/<arm>/jaw/measured_js, /tissue/select (PointStamped: x = u, y = v, raw left px).  What it
publishes: `estimate_topics`, and /diagnostics at 1 Hz.
"""

import os
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from geometry_msgs.msg import PointStamped
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image, JointState

import trocar
from trocar.errors import TrocarError
from trocar.estimates import Health, StereoFrame
from trocar.geometry import Array
from trocar.perception.joint_history import JointHistory
from trocar.perception.nodes import camera_messages, messages
from trocar.perception.nodes.estimate_topics import EstimateTopics
from trocar.perception.nodes.pairing import EYES, StereoPairer
from trocar.perception.nodes.runtime import Runtime, run_node
from trocar.perception.nodes.statistics import Rate, Spread
from trocar.perception.nodes.worker import LatestWorker
from trocar.perception.pipeline import PerceptionResult, Pipeline, PipelineConfig
from trocar.process import write_report
from trocar.site import Site, load_site

NICENESS = 2  # the arm's loop and its node come first
JOINTS_WAIT_S = 0.030  # joints are sent every 10 ms: those at a capture come a little after it
_NEWEST_IMAGE = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
_JOINTS = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)  # all of a busy 0.5 s
_SELECT = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)


def default_site_path() -> Path:
    """launch/config/site.yaml of the checkout, else of the installation."""
    relative = Path("launch") / "config" / "site.yaml"
    package = Path(trocar.__file__).resolve().parent
    roots = [package.parents[1], *(folder / "share" / "trocar" for folder in package.parents)]
    found = (root / relative for root in roots if (root / relative).is_file())
    return next(found, Path(sys.prefix) / "share" / "trocar" / relative)


class PerceptionNode:
    """Converts, calls one `Pipeline`, converts back, and counts."""

    def __init__(self, runtime: Runtime, site: Site, arm: str) -> None:
        """Publishers, subscriptions and a 1 Hz report on the runtime's node."""
        self._runtime, self._site, self._arm = runtime, site, arm
        self._config = PipelineConfig(arm=arm)
        self._pipeline = Pipeline(site, self._config)
        self._joints, self._jaw = JointHistory(), JointHistory()
        self._joints_came = threading.Condition()
        self._pairer: StereoPairer[Image] = StereoPairer()
        self._infos: dict[str, CameraInfo] = {}
        self._calibration = "site file"
        self._problem = self._joint_reason = ""
        self._result: PerceptionResult | None = None
        self._received = Rate()
        self._stage: dict[str, Spread] = {}
        self._age, self._wall = Spread(), Spread()
        self._failed = 0
        self._topics = EstimateTopics(runtime.node, arm)
        # Frames are worked on beside the ROS thread: a joint state that waits for a frame to be
        # finished would come too late for the next one.
        self.worker: LatestWorker[tuple[int, tuple[Image, Image]]] = LatestWorker(self._process)
        self._subscribe()
        runtime.node.create_timer(1.0, self._diagnose)

    def _subscribe(self) -> None:
        def listen(kind: Any, name: str, take: Any, qos: Any) -> None:
            self._runtime.node.create_subscription(kind, name, take, qos)

        for eye in EYES:
            listen(
                Image, f"/endoscope/{eye}/image_raw", partial(self._on_image, eye), _NEWEST_IMAGE
            )
            info = partial(self._on_info, eye)
            listen(CameraInfo, f"/endoscope/{eye}/camera_info", info, qos_profile_sensor_data)
        listen(JointState, f"/{self._arm}/measured_js", self._on_joints, _JOINTS)
        listen(JointState, f"/{self._arm}/jaw/measured_js", self._on_jaw, _JOINTS)
        listen(PointStamped, "/tissue/select", self._on_select, _SELECT)

    def _on_joints(self, message: JointState) -> None:
        try:
            q = messages.from_joint_state(message)
        except TrocarError as error:
            self._complain(str(error))
            return
        with self._joints_came:
            self._joints.add(messages.from_time(message.header.stamp), q)
            self._joints_came.notify()

    def _on_jaw(self, message: JointState) -> None:
        if len(message.position):
            with self._joints_came:
                self._jaw.add(messages.from_time(message.header.stamp), [message.position[0]])

    def _on_select(self, message: PointStamped) -> None:
        try:
            self._pipeline.select((message.point.x, message.point.y))
        except ValueError as error:
            self._complain(str(error))

    def _on_info(self, eye: str, message: CameraInfo) -> None:
        known = self._infos.get(eye)
        if known is not None and camera_messages.is_same_calibration(known, message):
            return
        self._infos[eye] = message
        if len(self._infos) == len(EYES):
            self._recalibrate()

    def _recalibrate(self) -> None:
        """A driver's calibration replaces the site file's; one that cannot be used does not."""
        try:
            rig = camera_messages.to_rig(*(self._infos[eye] for eye in EYES))
            if not camera_messages.is_same_rig(rig, self._site.endoscope):
                site = replace(self._site, endoscope=rig)
                self._pipeline = Pipeline(site, self._config)
                self._site = site
            self._calibration = "camera_info"
        except TrocarError as error:
            self._complain(str(error))

    def _on_image(self, eye: str, message: Image) -> None:
        stamp_ns = messages.from_time(message.header.stamp)
        if not stamp_ns:
            self._complain(f"{eye} image has no stamp, pairs need one; stamp it at capture")
            return
        pair = self._pairer.add(eye, stamp_ns, message)
        if pair is not None:
            self.worker.submit((stamp_ns, pair))

    def _process(self, item: tuple[int, tuple[Image, Image]]) -> None:
        """One stereo pair, in the worker's thread."""
        stamp_ns, pair = item
        start = time.monotonic_ns()
        self._received.tick(start)
        try:
            left, right = (camera_messages.from_image(picture) for picture in pair)
            frame = StereoFrame(stamp_ns, left, right)
            self._result = self._pipeline.process(frame, self._joints_at(stamp_ns))
        except TrocarError as error:
            self._failed += 1
            self._complain(str(error))
            return
        self._problem = ""
        self._topics.send(self._result)
        self._wall.add((time.monotonic_ns() - start) * 1e-6)
        self._age.add((self._runtime.node.get_clock().now().nanoseconds - stamp_ns) * 1e-6)
        for stage, cpu_ms in self._result.stage_cpu_ms.items():
            self._stage.setdefault(stage, Spread()).add(cpu_ms)

    def _joints_at(self, stamp_ns: int) -> Array | None:
        """Joints (6,), with the jaw (7,) where it is known, at a stamp."""
        with self._joints_came:
            self._joints_came.wait_for(lambda: self._joints.newest_ns >= stamp_ns, JOINTS_WAIT_S)
            joints, jaw = self._joints.at(stamp_ns), self._jaw.at(stamp_ns)
        self._joint_reason = joints.reason
        if joints.q is None or jaw.q is None:
            return joints.q
        return np.concatenate([joints.q, jaw.q])

    def _complain(self, problem: str) -> None:
        """Say a new problem once; it stays in the diagnostics until a frame succeeds."""
        if problem != self._problem:
            self._runtime.node.get_logger().warning(problem)
        self._problem = problem

    def _diagnose(self) -> None:
        if self.worker.failure is not None:
            raise self.worker.failure
        result = self._result
        states = {"target": result.target, self._arm: result.tool} if result else {}
        values: dict[str, object] = {
            "frames_hz": self._received.hz or 0.0,
            "age_ms": self._age.last or 0.0,
            "wall_ms": self._wall.last or 0.0,
            "dropped": self._pairer.dropped + self.worker.dropped,
            "failed": self._failed,
            "calibration": self._calibration,
            "joints": self._joint_reason or "at capture",
            **{f"{stage}_cpu_ms": spread.last for stage, spread in self._stage.items()},
        }
        said = [self._problem] if self._problem else []
        if result is None:
            said.append("no stereo pair has been processed yet")
        for name, state in states.items():
            health = state.health if state else Health.LOST
            reason = state.reason if state else "not enough points yet"
            values[name] = f"{health.name} {reason}".strip()
            said += [f"{name}: {reason}"] if health != Health.GOOD else []
        self._runtime.diagnose("pipeline", int(bool(said)), "; ".join(said) or "good", values)

    def report(self) -> dict[str, Any]:
        """What the process measured: Hz by topic, CPU by stage and age at publication in ms."""
        rates = {topic: rate.hz for topic, rate in self._topics.rates.items()}
        return {
            "rates": {topic: hz for topic, hz in rates.items() if hz is not None},
            "frames": self._received.count,
            "frames_hz": self._received.hz,
            "dropped": self._pairer.dropped + self.worker.dropped,
            "failed": self._failed,
            "stage_cpu_ms": {name: spread.summary() for name, spread in self._stage.items()},
            "frame_wall_ms": self._wall.summary(),
            "age_ms": self._age.summary(),
        }


def _body(runtime: Runtime) -> None:
    site = load_site(str(runtime.parameter("site", "") or default_site_path()))
    os.nice(NICENESS)  # of this thread and of those that it starts
    node = PerceptionNode(runtime, site, str(runtime.parameter("arm", "PSM1")))
    try:
        runtime.spin_until_stopped()
        node.worker.stop()
    finally:
        write_report("perception", node.report())


def main() -> int:
    """Entry point `perception_node`."""
    return run_node("perception", _body)


if __name__ == "__main__":
    sys.exit(main())
