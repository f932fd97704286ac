# SPDX-License-Identifier: Apache-2.0
"""The render process over real DDS: a cell's snapshot in, four stamped topics out, a clean end."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from trocar import _core
from trocar.sim.faults.port import ask
from trocar.sim.scene import load_scene
from trocar.sim.snapshot import CellSnapshot

rclpy = pytest.importorskip("rclpy")
pytestmark = pytest.mark.ros

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.qos import qos_profile_sensor_data  # noqa: E402
from sensor_msgs.msg import CameraInfo, Image, PointCloud2  # noqa: E402

from trocar.sim.nodes.truth_messages import points_from  # noqa: E402
from trocar.sim.truth import Truth  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SCENE = load_scene("follow")
DOMAIN = 40 + os.getpid() % 50
PATIENCE_S = 60.0  # a deadline for a busy machine, not a figure


def wait_until(condition, what, process):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:g} s for {what}"
        time.sleep(0.02)


class Cell:
    """A stand-in for sim_node: writes the snapshot at 250 Hz."""

    def __init__(self):
        self.name = f"trocar.{DOMAIN}.cell"
        _core.Snapshot.remove(self.name)
        self.stamps = {}  # of what was written: its time in s
        self._snapshot = _core.Snapshot(self.name, SCENE.layout.size, True)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        q, start = SCENE.initial_q["PSM1"], time.time_ns()
        while not self._ended.wait(0.004):
            now = time.time_ns()
            self.stamps[now] = (now - start) / 1e9
            snapshot = CellSnapshot(self.stamps[now], {"PSM1": q})
            self._snapshot.write(SCENE.layout.to_vector(snapshot), now)

    def close(self):
        self._ended.set()
        self._thread.join()
        self._snapshot.close()
        _core.Snapshot.remove(self.name)


class Listener:
    """Keeps what the render process publishes."""

    def __init__(self, truth=False):
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.node = rclpy.create_node("listener", context=self.context)
        self.got = {}
        for eye in ("left", "right"):
            self._listen(Image, f"/endoscope/{eye}/image_raw")
            self._listen(CameraInfo, f"/endoscope/{eye}/camera_info")
            if truth:
                self._listen(Image, f"/truth/endoscope/{eye}/depth")
                self._listen(Image, f"/truth/endoscope/{eye}/mask")
                self._listen(Image, f"/truth/endoscope/{eye}/flow")
        if truth:
            self._listen(PointCloud2, "/truth/PSM1/keypoints")
            self._listen(PointCloud2, "/truth/tissue/tracks")
        self._listen(DiagnosticArray, "/diagnostics", 10)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def _listen(self, kind, topic, qos=qos_profile_sensor_data):
        self.got[topic] = []
        self.node.create_subscription(kind, topic, self.got[topic].append, qos)

    def _spin(self):
        while not self._ended.is_set():
            self._executor.spin_once(timeout_sec=0.1)

    def close(self):
        self._ended.set()
        self._thread.join()
        self._executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()


def start(tmp_path, *parameters, **environment):
    arguments = ["--ros-args", *(x for p in parameters for x in ("-p", p))]
    return subprocess.Popen(
        [sys.executable, "-m", "trocar.sim.nodes.render_node", *arguments],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "cpp_ext"),
            "ROS_DOMAIN_ID": str(DOMAIN),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            "FASTDDS_DEFAULT_PROFILES_FILE": str(ROOT / "launch/config/fastdds.xml"),
            "TROCAR_RUN_DIR": str(tmp_path),
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop(process, number=signal.SIGINT):
    process.send_signal(number)
    try:
        out, err = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, out, err


def stamp_ns(message):
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec


@pytest.fixture
def listener(monkeypatch):
    profile = str(ROOT / "launch/config/fastdds.xml")
    monkeypatch.setenv("FASTDDS_DEFAULT_PROFILES_FILE", profile)
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    made = Listener(truth=True)
    yield made
    made.close()


def test_waits_publishes_with_the_captures_stamp_and_ends_cleanly(tmp_path, listener):
    process = start(tmp_path, "fps:=10", "truth:=true", "seed:=3")
    cell = None
    try:
        time.sleep(1.0)  # it may well be up before there is a cell: then it waits and says so
        cell = Cell()
        topics = [t for t in listener.got if t != "/diagnostics"]
        wait_until(
            lambda: all(len(listener.got[t]) >= 8 for t in topics), "eight of each topic", process
        )
        wait_until(lambda: listener.got["/diagnostics"], "diagnostics", process)
        code, _, err = stop(process)
    finally:
        process.kill()
        if cell is not None:
            cell.close()
    assert code == 0, err
    left = listener.got["/endoscope/left/image_raw"]
    stamps = [stamp_ns(m) for m in left]
    assert set(stamps) <= set(cell.stamps)  # the capture's own stamp, of a state that existed
    assert stamps == sorted(set(stamps))
    shared = set(stamps)
    for topic in topics:
        shared &= {stamp_ns(m) for m in listener.got[topic]}
    assert len(shared) >= 5  # one stamp over all topics of a capture
    message = left[-1]
    assert (message.height, message.width, message.encoding) == (480, 640, "rgb8")
    assert message.header.frame_id == "endoscope_left"
    image = np.frombuffer(message.data, np.uint8).reshape(480, 640, 3)
    assert image[..., 0].mean() > 1.3 * image[..., 1].mean()  # tissue
    depth = np.frombuffer(listener.got["/truth/endoscope/left/depth"][-1].data, np.float32)
    assert 0.05 < np.nanmedian(depth) < 0.12
    flow = listener.got["/truth/endoscope/left/flow"][-1]
    assert (flow.encoding, flow.step) == ("32FC2", 8 * 640)
    seen = listener.got["/truth/tissue/tracks"][-1]
    points = points_from(seen)
    snapshot = CellSnapshot(cell.stamps[stamp_ns(seen)], {"PSM1": SCENE.initial_q["PSM1"]})
    truth = Truth(SCENE, 3)
    expected = truth.tracks(snapshot, truth.tissue.uv[points["id"]])
    np.testing.assert_allclose(points["x"], expected.p_camera[:, 0], atol=1e-7)
    np.testing.assert_allclose(points["v_r"], expected.uv_right[:, 1], atol=1e-3)
    # by the rendered depth here, by capsules there: the same but for the instrument's outline
    assert (((points["visible"] & 1) > 0) == expected.visible_left).mean() > 0.97
    info = listener.got["/endoscope/right/camera_info"][-1]
    assert info.header.frame_id == "endoscope_right"
    assert info.p[3] == pytest.approx(-560.0 * 0.00414)
    assert (info.k[2], info.k[5]) == (319.5, 239.5)
    report = json.loads((tmp_path / "render.json").read_text())
    assert report["frames"] >= 8 and report["render_ms"]["p50"] > 0.0
    assert report["rates"]["/endoscope/left/image_raw"] > 0.0
    names = {s.name for m in listener.got["/diagnostics"] for s in m.status}
    assert names == {"render: endoscope"}


def faults(listener):
    """What the diagnostics say acts, all of them joined."""
    statuses = [s for m in listener.got["/diagnostics"] for s in m.status]
    return "; ".join(v.value for s in statuses for v in s.values if v.key == "faults")


def test_faults_of_the_camera_by_schedule_and_by_command(tmp_path, listener, monkeypatch):
    """Black from the first picture on, then, by command, with a lagging stamp; truth as ever."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(DOMAIN))
    process = start(tmp_path, "fps:=10", "truth:=true", "faults:='blackout:at=0,eye=left'")
    left, right = (listener.got[f"/endoscope/{eye}/image_raw"] for eye in ("left", "right"))
    depth = listener.got["/truth/endoscope/left/depth"]
    cell = None
    try:
        cell = Cell()
        wait_until(lambda: len(left) >= 2 and len(right) >= 2, "pictures", process)
        assert not any(left[-1].data) and any(right[-1].data)
        assert {stamp_ns(m) for m in left} <= set(cell.stamps)
        taken, text = ask("render", {"clear": "blackout"})
        assert (taken, text) == (True, "1 cleared")
        taken, text = ask("render", {"fault": "stamp_lag:lag=0.5"})
        assert taken, text
        wait_until(lambda: stamp_ns(left[-1]) not in cell.stamps, "a lagging stamp", process)
        wait_until(lambda: len(depth) >= 3, "truth", process)
        wait_until(lambda: "stamp_lag" in faults(listener), "diagnostics of it", process)
        code, out, err = stop(process)
    finally:
        process.kill()
        if cell is not None:
            cell.close()
    assert code == 0, err
    assert any(left[-1].data)
    assert stamp_ns(left[-1]) - 500_000_000 in cell.stamps
    assert {stamp_ns(m) for m in depth} <= set(cell.stamps)  # the truth has no faults
    assert "fault stamp_lag" in out


def test_a_cell_that_dies_and_returns_is_followed(tmp_path, listener):
    process = start(tmp_path, "renderer:=tiny")
    left = listener.got["/endoscope/left/image_raw"]
    try:
        cell = Cell()
        wait_until(lambda: len(left) >= 2, "pictures", process)
        cell.close()
        time.sleep(1.5)
        before = len(left)
        cell = Cell()
        wait_until(lambda: len(left) > before + 2, "pictures of the new cell", process)
        code, out, err = stop(process, signal.SIGTERM)
    finally:
        process.kill()
        cell.close()
    assert code == 0, err
    assert "TinyRenderer, 320x240 at 10 Hz" in out
    assert left[-1].width == 320
    assert out.count("waiting for") + out.count("has stopped") <= 3  # one line each time


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [("scene:=moon", "follow"), ("fps:=500", "allowed 1 to 60"), ("renderer:=vulkan", "egl, tiny"),
     ("seed:=much", "give a int"), ("faults:=freeze", "no fault 'freeze'")],
)  # fmt: skip
def test_bad_parameters_are_refused_in_one_line(tmp_path, parameter, expected):
    process = start(tmp_path, parameter)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert expected in err
    assert len(err.strip().splitlines()) == 1
