# SPDX-License-Identifier: Apache-2.0
"""The perception process over real DDS, fed with made-up pictures."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: make setup installs the ROS 2 wheels")
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PointStamped, PoseWithCovarianceStamped, TwistWithCovarianceStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image, JointState, PointCloud2

from trocar.kinematics import JOINT_NAMES
from trocar.perception.nodes import camera_messages, messages

pytestmark = pytest.mark.ros
DOMAIN = 1 + (os.getpid() + 37) % 100
OUTPUTS = {
    "/tissue/points": PointCloud2,
    "/tissue/target": PoseWithCovarianceStamped,
    "/tissue/target_twist": TwistWithCovarianceStamped,
    "/PSM1/visual/correction": PoseWithCovarianceStamped,
    "/PSM1/visual/tool_pose": PoseWithCovarianceStamped,
}
CENTRE = (319.5, 239.5)


class Bench:
    """The process under test, and a node that plays camera and arm and hears everything."""

    def __init__(self, folder):
        self.folder = folder
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.node = rclpy.create_node("bench", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.heard = {name: [] for name in OUTPUTS}
        self.diagnostics, self.sent, self.answered = [], [], {}
        for name, kind in OUTPUTS.items():
            self.node.create_subscription(
                kind, name, self.heard[name].append, qos_profile_sensor_data
            )
        self.node.create_subscription(
            DiagnosticArray, "/diagnostics", lambda m: self.diagnostics.extend(m.status), 10
        )
        sensor = qos_profile_sensor_data
        self.images = {
            eye: self.node.create_publisher(Image, f"/endoscope/{eye}/image_raw", sensor)
            for eye in ("left", "right")
        }
        self.infos = {
            eye: self.node.create_publisher(CameraInfo, f"/endoscope/{eye}/camera_info", sensor)
            for eye in ("left", "right")
        }
        self.joints = self.node.create_publisher(JointState, "/PSM1/measured_js", sensor)
        self.select = self.node.create_publisher(PointStamped, "/tissue/select", 10)
        environment = {
            **os.environ,
            "ROS_DOMAIN_ID": str(DOMAIN),
            "TROCAR_RUN_DIR": str(folder),
            "TROCAR_LAUNCHER_PID": str(os.getpid()),
        }
        command = [sys.executable, "-m", "trocar.perception.nodes.perception_node"]
        self.process = subprocess.Popen(command, env=environment)
        inputs = (*self.images.values(), *self.infos.values(), self.joints, self.select)
        assert self.until(lambda: all(p.get_subscription_count() for p in inputs), 30.0)

    def until(self, condition, seconds):
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.02)
        return condition()

    def send(self, frame, stamp_ns=None, eyes=("left", "right"), encoding="rgb8"):
        """One capture and the joints round it; returns its stamp."""
        stamp_ns = stamp_ns or self.node.get_clock().now().nanoseconds
        for offset in (-10_000_000, 0):
            joints = JointState(name=list(JOINT_NAMES), position=[0.1, 0.1, 0.12, 0.0, 0.0, 0.0])
            joints.header.stamp = messages.to_time(stamp_ns + offset)
            self.joints.publish(joints)
        for eye in eyes:
            message = camera_messages.to_image(
                getattr(frame, f"{eye}_rgb"), stamp_ns, f"endoscope_{eye}"
            )
            message.encoding = encoding
            self.images[eye].publish(message)
        self.sent.append(stamp_ns)
        return stamp_ns

    def play(self, frames):
        """Send each frame until it is answered: best effort may lose any, the first ones often."""
        for frame in frames:
            for _ in range(6):
                stamp_ns = self.send(frame)
                if self.until(lambda stamp_ns=stamp_ns: self.is_answered(stamp_ns), 3.0):
                    self.answered[stamp_ns] = frame
                    break
            else:
                return False
        return True

    def is_answered(self, stamp_ns):
        return stamp_ns in self.stamps("/tissue/points")

    def stamps(self, topic):
        return [messages.from_time(m.header.stamp) for m in self.heard[topic]]

    def said(self, text):
        return any(text in status.message for status in self.diagnostics)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self.executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture
def bench(tmp_path):
    running = Bench(tmp_path)
    yield running
    running.close()


@pytest.fixture(scope="module")
def frames(clip):
    return clip[1][:12]


def test_estimates_carry_the_stamp_of_their_capture(bench, clip, frames):
    assert bench.play(frames)
    assert bench.until(lambda: bench.sent[-1] in bench.stamps("/tissue/target"), 10.0)
    for topic in ("/tissue/points", "/tissue/target", "/tissue/target_twist"):
        assert len(bench.heard[topic]) >= 8
        assert set(bench.stamps(topic)) <= set(bench.sent)
    both = set(bench.stamps("/tissue/target")) & set(bench.stamps("/tissue/target_twist"))
    assert len(both) >= 8
    assert all(m.header.frame_id == "endoscope_left" for m in bench.heard["/tissue/target"])
    # what came out is the truth of the picture it is stamped with
    world = clip[0]
    target = "/tissue/target"
    last = bench.heard[target][-1]
    T, covariance, stamp_ns = messages.from_pose(last)
    assert stamp_ns == bench.sent[-1]
    # frames carry the clip's own stamp: 1 ns more than its time
    first, now = (bench.answered[s].stamp_ns * 1e-9 for s in (bench.stamps(target)[0], stamp_ns))
    truth = world.position(*world.material(np.array([CENTRE]), first), now)[0]
    assert np.linalg.norm(T[:3, 3] - truth) < 0.001
    assert np.all(np.linalg.eigvalsh(covariance) > 0.0)
    cloud = messages.from_cloud(bench.heard["/tissue/points"][-1])
    assert len(cloud.ids) > 300 and np.isfinite(cloud.p_camera).any(axis=1).sum() > 300
    # no tool is in these pictures: a correction that is LOST is not sent
    assert not bench.heard["/PSM1/visual/correction"]


def test_it_never_listens_to_truth(bench):
    node = ("perception", "/")
    assert bench.until(lambda: node in bench.node.get_node_names_and_namespaces(), 10.0)
    names = [n for n, _ in bench.node.get_subscriber_names_and_types_by_node(*node)]
    assert "/endoscope/left/image_raw" in names and "/PSM1/measured_js" in names
    assert not [n for n in names if n.startswith("/truth")]


def test_pairs_only_equal_stamps_and_survives_bad_pictures(bench, frames):
    assert bench.play(frames[:2])
    count = len(bench.heard["/tissue/points"])
    bench.send(frames[2], eyes=("left",))
    bench.send(frames[2], eyes=("right",))
    bench.until(lambda: False, 0.5)
    assert len(bench.heard["/tissue/points"]) == count
    bench.send(frames[2], encoding="16UC1")
    assert bench.until(lambda: bench.said("'16UC1' cannot be read; allowed: rgb8"), 5.0)
    assert bench.play(frames[3:5])
    assert len(bench.heard["/tissue/points"]) > count


def test_selecting_a_pixel_moves_the_target(bench, clip, frames):
    assert bench.play(frames[:3])
    wanted = PointStamped()
    wanted.point.x, wanted.point.y = 420.0, 180.0
    bench.select.publish(wanted)

    def distance_px():
        T, _, _ = messages.from_pose(bench.heard["/tissue/target"][-1])
        return np.linalg.norm(clip[0].project(T[None, :3, 3])[0] - [420, 180])

    for _ in range(10):  # the wish and the pictures travel apart: no order between them
        assert bench.play(frames[3:4])
        if bench.until(lambda: distance_px() < 2.0, 0.5):
            break
    assert distance_px() < 2.0
    wanted.point.x = float("nan")
    bench.select.publish(wanted)
    assert bench.until(lambda: bench.said("two finite pixels"), 5.0)


def test_calibration_of_the_driver_replaces_the_site_files(bench, ideal_rig, frames):
    """Half the baseline in camera_info halves every depth."""
    assert bench.play(frames[:2])
    before = messages.from_cloud(bench.heard["/tissue/points"][-1]).p_camera
    for eye, baseline in (("left", 0.0), ("right", 0.5 * ideal_rig.baseline)):
        info = CameraInfo(height=480, width=640, distortion_model="plumb_bob", d=[0.0] * 5)
        info.k, info.r = ideal_rig.left.matrix.ravel(), np.eye(3).ravel()
        projection = np.column_stack([ideal_rig.left.matrix, [-560.0 * baseline, 0.0, 0.0]])
        info.p = projection.ravel()
        bench.infos[eye].publish(info)
    bench.until(lambda: False, 0.5)
    assert bench.play(frames[2:5])
    after = messages.from_cloud(bench.heard["/tissue/points"][-1]).p_camera
    assert np.nanmedian(after[:, 2]) == pytest.approx(0.5 * np.nanmedian(before[:, 2]), rel=0.03)


def test_what_is_lost_is_not_sent_and_diagnostics_say_why(bench, frames):
    from dataclasses import replace

    assert bench.play(frames[:4])
    black = replace(
        frames[0],
        left_rgb=np.zeros_like(frames[0].left_rgb),
        right_rgb=np.zeros_like(frames[0].left_rgb),
    )
    assert bench.play([black] * 8)
    start = time.monotonic()
    while time.monotonic() < start + 7.0:  # nothing is seen for lost_after_s, 3 s
        bench.send(black)
        bench.until(lambda: False, 0.2)
    late = bench.sent[-10:]
    assert not set(late) & set(bench.stamps("/tissue/target"))
    assert set(late) & set(bench.stamps("/tissue/points"))
    assert bench.until(lambda: bench.said("target:"), 3.0)


def test_ends_on_a_signal_with_its_report(bench, frames):
    assert bench.play(frames[:6])
    bench.process.send_signal(signal.SIGINT)
    assert bench.process.wait(10) == 0
    report = json.loads((bench.folder / "perception.json").read_text())
    assert report["frames"] >= 4 and report["failed"] == 0
    assert report["rates"]["/tissue/target"] > 1.0
    assert set(report["stage_cpu_ms"]) == {"rectify", "tool", "tissue", "target"}
    assert report["stage_cpu_ms"]["tissue"]["p50"] > 0.0
    assert report["age_ms"]["p50"] > 0.0 and report["cpu_s"] > 0.0


def test_a_bad_site_file_ends_it_with_one_line(tmp_path):
    command = [sys.executable, "-m", "trocar.perception.nodes.perception_node"]
    command += ["--ros-args", "-p", f"site:={tmp_path / 'none.yaml'}"]
    environment = {**os.environ, "ROS_DOMAIN_ID": str(DOMAIN)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "none.yaml: No such file or directory; name an existing file" in ended.stderr
    assert "Traceback" not in ended.stderr
