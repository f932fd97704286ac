# SPDX-License-Identifier: Apache-2.0
"""/truth over real DDS: every topic of a whole cell is there and says what `Truth` says."""

import dataclasses
import os
import time
from types import SimpleNamespace

import numpy as np
import pytest

from trocar.errors import MissingDependencyError
from trocar.geometry import exp_so3, inverse, make_transform, matrix_from_quat_xyzw
from trocar.sim.objects.spec import ObjectSpec
from trocar.sim.render.keypoints import KEYPOINTS
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.scene import load_scene
from trocar.sim.snapshot import Passing
from trocar.sim.truth import Truth

rclpy = pytest.importorskip("rclpy", reason="no rclpy: make setup installs the ROS 2 wheels")
pytestmark = pytest.mark.ros

from geometry_msgs.msg import PoseStamped, WrenchStamped  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.qos import qos_profile_sensor_data  # noqa: E402
from sensor_msgs.msg import CameraInfo, Image, PointCloud2  # noqa: E402

from trocar.sim.nodes.cell_topics import CellTopics  # noqa: E402
from trocar.sim.nodes.truth_messages import points_from  # noqa: E402
from trocar.sim.nodes.truth_topics import TruthTopics  # noqa: E402

DOMAIN = 150 + os.getpid() % 50
PATIENCE_S = 60.0  # a deadline for a busy machine, not a figure
SEED = 4
STAMP = 1_234_567_890_123
T_NEEDLE = make_transform(exp_so3([0.3, 0.0, 0.2]), [0.01, 0.0, 0.02])
SCENE = dataclasses.replace(
    load_scene("cell"), objects={"big needle": ObjectSpec("needle", T_NEEDLE)}
)
NOW = dataclasses.replace(
    SCENE.at_rest(),
    time_s=0.5,
    q={**SCENE.initial_q, "ECM": SCENE.initial_q["ECM"] + [0.01, 0.02, 0.0, 0.05]},
    passing=Passing(make_transform(exp_so3([np.pi, 0.0, 0.0]), [0.0, -0.012, 0.02]), 0.2),
)
BEFORE = dataclasses.replace(
    NOW, time_s=0.45, soft={n: x + [1e-3, 0.0, 5e-4] for n, x in NOW.soft.items()}
)
IMAGES = [f"endoscope/{eye}/{w}" for eye in ("left", "right") for w in ("depth", "mask", "flow")]
POINTS = ["PSM1/keypoints", "PSM2/keypoints", "passing/keypoints", "tissue/tracks"]
SOFT = [f"soft/{name}/tracks" for name in SCENE.soft]
POSES = ["PSM1/measured_cp", "PSM2/measured_cp", "ECM/measured_cp", "target"]
POSES += ["objects/big_needle/measured_cp"]


class Ears:
    """A node of our own, and what its subscriptions heard by topic."""

    def __init__(self):
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.node = rclpy.create_node("ears", context=self.context)
        self.speaker = rclpy.create_node("speaker", context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self.got = {}

    def listen(self, kind, topic):
        def keep(message):
            self.got[topic] = message

        self.node.create_subscription(kind, f"/truth/{topic}", keep, qos_profile_sensor_data)

    def until(self, condition, say=lambda: None):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, sorted(self.got)
            say()
            for _ in range(50):
                self._executor.spin_once(timeout_sec=0.005)

    def close(self):
        self._executor.shutdown()
        self.node.destroy_node()
        self.speaker.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def ears(monkeypatch):
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    made = Ears()
    yield made
    made.close()


@pytest.fixture(scope="module")
def frame():
    try:
        renderer = EndoscopeRenderer.of(SCENE, SEED, RenderOptions(texture_size=256))
    except MissingDependencyError as error:
        pytest.skip(str(error))
    drawn = renderer.render(NOW, STAMP, truth=True, neighbour=BEFORE)
    renderer.close()
    return drawn


def pose(message):
    p, q = message.pose.position, message.pose.orientation
    return make_transform(matrix_from_quat_xyzw([q.x, q.y, q.z, q.w]), [p.x, p.y, p.z])


def stamp_ns(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def test_pictures_of_truth_and_points_agree_with_it(ears, frame):
    truth = Truth(SCENE, SEED)
    topics = TruthTopics(ears.speaker, truth)
    assert not topics.wants_truth() and not topics.wants_flow()  # nobody listens: nothing is drawn
    for topic in IMAGES:
        ears.listen(Image, topic)
    for topic in [*POINTS, *SOFT]:
        ears.listen(PointCloud2, topic)
    for eye in ("left", "right"):
        ears.listen(CameraInfo, f"endoscope/{eye}/camera_info")
    ears.listen(PoseStamped, "endoscope/measured_cp")
    every = {*IMAGES, *POINTS, *SOFT, "endoscope/measured_cp"}
    every |= {f"endoscope/{eye}/camera_info" for eye in ("left", "right")}
    ears.until(lambda: set(ears.got) == every, lambda: topics.frame(NOW, frame))
    assert topics.wants_truth() and topics.wants_flow()
    assert {stamp_ns(m) for m in ears.got.values()} == {STAMP}
    names = {n for n, _ in ears.node.get_topic_names_and_types() if n.startswith("/truth")}
    assert names == {f"/truth/{topic}" for topic in every}

    for name, eye in (("left", frame.left), ("right", frame.right)):
        for what, image, encoding in (
            ("depth", eye.depth, "32FC1"),
            ("mask", eye.mask, "mono8"),
            ("flow", eye.flow, "32FC2"),
        ):
            message = ears.got[f"endoscope/{name}/{what}"]
            assert message.encoding == encoding
            heard = np.frombuffer(bytes(message.data), image.dtype).reshape(image.shape)
            np.testing.assert_array_equal(heard, image)
        info = ears.got[f"endoscope/{name}/camera_info"]
        np.testing.assert_allclose(np.reshape(info.k, (3, 3)), SCENE.rig.left.matrix)
    np.testing.assert_allclose(
        pose(ears.got["endoscope/measured_cp"]), SCENE.camera_pose(NOW), atol=1e-12
    )
    assert np.abs(SCENE.camera_pose(NOW) - SCENE.T_world_camera).max() > 1e-3  # the camera moved

    for arm in ("PSM1", "PSM2"):
        points, expected = points_from(ears.got[f"{arm}/keypoints"]), truth.keypoints(NOW, arm)
        assert points["id"].tolist() == list(range(len(KEYPOINTS)))
        xyz = np.stack([points[c] for c in "xyz"], 1)
        np.testing.assert_allclose(xyz, expected.p_camera, atol=1e-7)
        np.testing.assert_allclose(points["u_l"], expected.uv_left[:, 0], rtol=1e-6)
        np.testing.assert_allclose(points["v_r"], expected.uv_right[:, 1], rtol=1e-6)
    assert len(points_from(ears.got["passing/keypoints"])) == len(KEYPOINTS)

    points = points_from(ears.got["tissue/tracks"])
    expected = truth.tracks(NOW, truth.tissue.uv[points["id"]], frame)
    np.testing.assert_allclose(points["u_r"], expected.uv_right[:, 0], rtol=1e-5, atol=1e-3)
    np.testing.assert_array_equal(points["visible"] & 1, expected.visible_left)
    np.testing.assert_array_equal(points["visible"] >> 1, expected.visible_right)
    for name, topic in zip(SCENE.soft, SOFT, strict=True):
        points = points_from(ears.got[topic])
        assert 50 < (points["visible"] == 3).sum() < 0.7 * len(points)  # the top, not the underside
        T_world_camera = SCENE.camera_pose(NOW)
        xyz = np.stack([points[c] for c in "xyz"], 1).astype(float)
        world = xyz @ T_world_camera[:3, :3].T + T_world_camera[:3, 3]
        np.testing.assert_allclose(world, NOW.soft[name][points["id"]], atol=1e-6)


def test_poses_and_contacts_agree_with_the_cell(ears):
    truth = Truth(SCENE, SEED)
    truth.wrenches["PSM2"] = np.array([0.1, -0.2, 0.3, 0.01, 0.02, -0.03])
    cell = SimpleNamespace(
        scene=SCENE, truth=truth, stamp_ns=STAMP, snapshot=lambda: NOW, start_pass=lambda: None
    )
    topics = CellTopics(ears.speaker, cell, truth=True)
    for topic in POSES:
        ears.listen(PoseStamped, topic)
    contacts = ["PSM1/contact", "PSM2/contact"]
    for topic in contacts:
        ears.listen(WrenchStamped, topic)
    ears.until(lambda: set(ears.got) == {*POSES, *contacts}, topics.publish_truth)
    names = {n for n, _ in ears.node.get_topic_names_and_types() if n.startswith("/truth")}
    assert names == {f"/truth/{topic}" for topic in (*POSES, *contacts)}
    for arm in ("PSM1", "PSM2"):
        expected = truth.T_camera_control_point(NOW, arm)
        np.testing.assert_allclose(pose(ears.got[f"{arm}/measured_cp"]), expected, atol=1e-9)
        wrench = ears.got[f"{arm}/contact"].wrench
        force, torque = wrench.force, wrench.torque
        heard = [force.x, force.y, force.z, torque.x, torque.y, torque.z]
        np.testing.assert_allclose(heard, truth.wrenches[arm])
    camera = ears.got["ECM/measured_cp"]
    assert camera.header.frame_id == "world"
    np.testing.assert_allclose(pose(camera), SCENE.camera_pose(NOW), atol=1e-9)
    needle = pose(ears.got["objects/big_needle/measured_cp"])
    np.testing.assert_allclose(needle, inverse(SCENE.camera_pose(NOW)) @ T_NEEDLE, atol=1e-9)


def test_without_truth_no_topic_exists(ears):
    cell = SimpleNamespace(scene=SCENE, truth=Truth(SCENE, 0), start_pass=lambda: None)
    CellTopics(ears.speaker, cell, truth=False).publish_truth()
    here = [n for n, _ in ears.speaker.get_publisher_names_and_types_by_node("speaker", "/")]
    assert not [n for n in here if n.startswith("/truth")]
