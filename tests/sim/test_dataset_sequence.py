# SPDX-License-Identifier: Apache-2.0
"""One sequence of a data set: its files agree with each other and with OpenCV's own camera."""

import csv
import io
import json
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from trocar.errors import ConfigurationError, MissingDependencyError
from trocar.geometry import inverse, make_transform, matrix_from_quat_xyzw, transform_points
from trocar.kinematics import forward_kinematics
from trocar.sim.dataset import pictures
from trocar.sim.dataset.ranges import Range, load_ranges
from trocar.sim.dataset.sequence import Order, SequenceMaker
from trocar.sim.faults.schedule import load_faults
from trocar.sim.render.context import open_context

pytestmark = pytest.mark.gl
FPS = 10.0
# Everything that bends or moves the geometry, on; what only costs time, off.
RANGES = {k: v for k, v in load_ranges().items() if not k.startswith("effects.")} | {
    "rig.k1": Range(-0.15, -0.15),
    "rig.p1": Range(0.001, 0.001),
    "camera.sway": Range(0.001, 0.001),
    "camera.sway_hz": Range(0.6, 0.6),
    "second.begin": Range(-0.5, -0.5),
    "tool.x": Range(-0.002, -0.002),
    "tool.y": Range(0.0, 0.0),
}
ORDER = Order("follow", 4, FPS, 7, (240, 180), flow=True, points=30, ranges=RANGES)
Files = dict[str, bytes]


@pytest.fixture(scope="module", autouse=True)
def _needs_gl() -> None:
    try:
        open_context().release()
    except MissingDependencyError as error:
        pytest.skip(str(error))


def make(order: Order, index: int = 0) -> Files:
    files: Files = {}

    def write(name: str, data: bytes) -> None:
        assert name not in files
        files[name] = data

    SequenceMaker(order, index).make(write)
    return files


@pytest.fixture(scope="module")
def files() -> Files:
    return make(ORDER)


def table(files: Files, name: str) -> list[dict[str, Any]]:
    rows = csv.DictReader(io.StringIO(files[name].decode()))
    return [{k: v if k in ("arm", "name") else float(v) for k, v in row.items()} for row in rows]


def picture(files: Files, name: str) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(files[name], np.uint8), cv2.IMREAD_UNCHANGED)


def calibration(files: Files) -> dict[str, np.ndarray]:
    storage = cv2.FileStorage(
        files["calibration.yaml"].decode(), cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY
    )
    return {name: storage.getNode(name).mat() for name in ("M1", "D1", "M2", "D2", "R", "T")}


def pose(row: dict[str, Any]) -> np.ndarray:
    quat = [row[k] for k in ("qx", "qy", "qz", "qw")]
    return make_transform(matrix_from_quat_xyzw(quat), [row["x"], row["y"], row["z"]])


def test_every_file_is_there(files: Files) -> None:
    folders = {name.split("/")[0] for name in files if "/" in name}
    kinds = ("depth", "part", "instance", "flow")
    assert folders == {"left", "right"} | {f"{k}_{e}" for k in kinds for e in ("left", "right")}
    for folder in folders:
        assert [f"{folder}/{k:06d}.png" in files for k in range(5)] == [True] * 4 + [False]
    assert picture(files, "left/000000.png").shape == (180, 240, 3)
    assert picture(files, "depth_right/000003.png").dtype == np.uint16


def test_the_same_order_gives_the_same_bytes_and_another_index_others(files: Files) -> None:
    assert make(ORDER) == files
    assert make(ORDER, 1)["left/000000.png"] != files["left/000000.png"]


@pytest.mark.parametrize("name", ["tracks.csv", "keypoints.csv"])
def test_points_are_where_opencv_projects_them(files: Files, name: str) -> None:
    c = calibration(files)
    rows = table(files, name)
    p = np.array([[r["x"], r["y"], r["z"]] for r in rows])
    right = p @ c["R"].T + 1e-3 * c["T"].ravel()
    for eye, points, M, D in (("left", p, c["M1"], c["D1"]), ("right", right, c["M2"], c["D2"])):
        uv, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), M, D)
        wanted = np.array([[r[f"u_{eye}"], r[f"v_{eye}"]] for r in rows])
        inside = (np.abs(wanted - [120, 90]) < [120, 90]).all(1)
        assert inside.sum() > 20
        assert np.abs(uv[:, 0] - wanted)[inside].max() < 1e-5  # px; CSV keeps nine digits


def test_visible_points_lie_on_the_drawn_surface(files: Files) -> None:
    visible = [r for r in table(files, "tracks.csv") if r["visible_left"]]
    assert len(visible) > 60
    off = []
    for r in visible:
        depth = picture(files, f"depth_left/{int(r['frame']):06d}.png") * pictures.DEPTH_UNIT
        u, v = round(r["u_left"]), round(r["v_left"])
        off.append(depth[v, u] - r["z"])
    # within a pixel of 0.3 mm a slope of 45 deg makes 0.15 mm
    assert np.median(np.abs(off)) < 0.1e-3 and np.percentile(np.abs(off), 90) < 0.4e-3


def test_hidden_points_are_behind_an_instrument(files: Files) -> None:
    hidden = [
        r
        for r in table(files, "tracks.csv")
        if not r["visible_left"] and 2 < r["u_left"] < 237 and 2 < r["v_left"] < 177
    ]
    for r in hidden:
        part = picture(files, f"part_left/{int(r['frame']):06d}.png")
        u, v = round(r["u_left"]), round(r["v_left"])
        assert part[v - 2 : v + 3, u - 2 : u + 3].any()


def test_flow_carries_points_to_the_next_frame_camera_motion_and_lens_included(
    files: Files,
) -> None:
    rows = {(int(r["frame"]), int(r["id"])): r for r in table(files, "tracks.csv")}
    errors, moved = [], []
    for (frame, i), r in rows.items():
        then = rows.get((frame + 1, i))
        if then is None or not r["visible_left"]:
            continue
        raw = picture(files, f"flow_left/{frame:06d}.png").astype(float)
        u, v = round(r["u_left"]), round(r["v_left"])
        if raw[v, u, 0] == 0:
            continue
        flow = (raw[v, u, 2:0:-1] - 2**15) / 64.0
        step = [then["u_left"] - r["u_left"], then["v_left"] - r["v_left"]]
        errors.append(np.abs(flow - step).max())
        moved.append(np.linalg.norm(step))
    assert len(errors) > 30 and np.median(moved) > 0.3
    # half a count, and what the flow changes over half a pixel
    assert np.median(errors) < 0.03 and np.percentile(errors, 90) < 0.1


def test_keypoints_that_are_seen_lie_on_their_instrument(files: Files) -> None:
    seen = [r for r in table(files, "keypoints.csv") if r["visible_left"]]
    assert {r["arm"] for r in seen} >= {"PSM1"}
    for r in seen:
        instance = picture(files, f"instance_left/{int(r['frame']):06d}.png")
        wanted = 1 if r["arm"] == "PSM1" else 2
        assert instance[round(r["v_left"]), round(r["u_left"])] == wanted


def test_parts_and_instances_cover_the_same_pixels(files: Files) -> None:
    for eye in ("left", "right"):
        part, instance = (picture(files, f"{k}_{eye}/000001.png") for k in ("part", "instance"))
        np.testing.assert_array_equal(part > 0, instance > 0)
        assert set(np.unique(part)) <= {0, 1, 2, 3} and part.any()


def test_poses_follow_from_the_true_joints_base_and_camera(files: Files) -> None:
    data = json.loads(files["sequence.json"])
    T_camera_base = np.array(data["arms"]["PSM1"]["T_camera_base_true"])
    T_world_base = np.array(data["T_world_camera_at_rest"]) @ T_camera_base
    poses = {int(r["frame"]): pose(r) for r in table(files, "poses.csv") if r["arm"] == "PSM1"}
    cameras = {int(r["frame"]): pose(r) for r in table(files, "camera.csv")}
    for r in table(files, "joints_true_PSM1.csv"):
        q = np.array([r[f"q{i}"] for i in range(1, 7)])
        T = inverse(cameras[int(r["frame"])]) @ T_world_base @ np.asarray(forward_kinematics(q))
        np.testing.assert_allclose(T, poses[int(r["frame"])], rtol=0, atol=1e-7)
    assert np.abs(cameras[3] - cameras[0]).max() > 1e-4  # it sways


def test_measured_joints_are_the_true_ones_with_bias_noise_and_counts(files: Files) -> None:
    data = json.loads(files["sequence.json"])
    bias = np.array(data["arms"]["PSM1"]["joint_bias"])
    names = [f"q{i}" for i in range(1, 7)] + ["jaw"]
    true, measured = (
        np.array([[r[n] for n in names] for r in table(files, f"joints{kind}_PSM1.csv")])
        for kind in ("_true", "")
    )
    off = measured - true - bias
    assert (np.abs(off) < 4e-4).all() and np.abs(off).max() > 0.0
    assert [r["stamp_ns"] for r in table(files, "joints_PSM1.csv")] == [
        1e9 + 1e8 * k for k in range(4)
    ]


def test_points_and_truth_are_in_the_layout_of_the_evaluation(files: Files) -> None:
    assert files["points.csv"].decode().splitlines()[0] == "id,u,v"
    assert files["truth.csv"].decode().splitlines()[0] == "frame,id,u,v,visible"
    first = [r for r in table(files, "truth.csv") if r["frame"] == 0]
    assert all(r["visible"] for r in first) and len(first) == len(table(files, "points.csv"))


def test_faults_change_pictures_and_stamps_and_labels_stay_with_the_picture() -> None:
    plain = replace(ORDER, flow=False, ranges={}, frames=4)
    order = replace(plain, faults=load_faults("camera_freeze:at=0.15,for=0.1; stamp_lag:lag=0.05"))
    files = make(order)
    times = table(files, "frames.csv")
    assert [t["captured_ns"] for t in times] == [1.0e9, 1.1e9, 1.1e9, 1.3e9]  # the third is frozen
    assert [t["stamp_ns"] for t in times] == [1.05e9, 1.15e9, 1.25e9, 1.35e9]
    for folder in ("left", "depth_left", "part_right"):
        assert files[f"{folder}/000001.png"] == files[f"{folder}/000002.png"]
    camera = make(plain)
    assert files["left/000003.png"] == camera["left/000003.png"]
    joints = [r["q1"] for r in table(files, "joints_true_PSM1.csv")]
    assert len(set(joints)) == 4  # at the stamps, which go on
    lost = make(replace(plain, faults=load_faults("frame_loss:share=1,at=0.15")))
    assert [t["captured_ns"] for t in table(lost, "frames.csv")] == [1.0e9, 1.1e9]
    assert "left/000002.png" not in lost


def test_soft_bodies_push_back_and_their_nodes_are_tracked() -> None:
    ranges = {
        "tool.height": Range(0.012, 0.012),
        "tool.press": Range(0.02, 0.02),
        "tool.reach": Range(0.003, 0.003),
    }
    order = Order("cell", 3, FPS, 2, (240, 180), points=40, ranges=ranges)
    files = make(order)
    rows = table(files, "wrenches.csv")
    assert {r["arm"] for r in rows} == {"PSM1", "PSM2"}
    assert max(r["fz"] for r in rows) > 0.05  # N upwards: it is pressed
    assert all(abs(r["fz"]) < 20.0 for r in rows)
    assert len(table(files, "points.csv")) > 40
    instance = picture(files, "instance_left/000000.png")
    assert (instance == 100).mean() > 0.2
    assert make(order) == files


def test_scenes_that_paths_cannot_serve_are_refused() -> None:
    high = {"tool.height": Range(0.0, 0.0), "tool.reach": Range(0.0, 0.0)}
    with pytest.raises(ConfigurationError, match="no path of the tools in 60 tries"):
        SequenceMaker(Order("follow", 2, FPS, 0, ranges=high), 0)


def test_the_camera_looks_where_its_pose_says(files: Files) -> None:
    """The tissue's points, carried into the world by camera.csv, move smoothly there."""
    cameras = {int(r["frame"]): pose(r) for r in table(files, "camera.csv")}
    world: dict[int, list[np.ndarray]] = {}
    for r in table(files, "tracks.csv"):
        p = transform_points(cameras[int(r["frame"])], [r["x"], r["y"], r["z"]])
        world.setdefault(int(r["id"]), []).append(p)
    steps = np.diff(np.array(list(world.values())), axis=1)
    # breathing: at most 9 and 5 mm peak to peak at 0.4 Hz, and drift: 17 mm/s
    assert np.linalg.norm(steps, axis=-1).max() < 0.0017


def test_an_expert_at_its_task_is_a_source_too() -> None:
    """A needle is picked: objects are labelled and posed, and the arm has no hidden error."""
    ranges = {"task.begin": Range(4.0, 4.0), "camera.sway": Range(0.001, 0.001)}
    order = Order("needle_pick", 3, FPS, 5, (240, 180), points=20, ranges=ranges)
    files = make(order)
    assert [t["stamp_ns"] for t in table(files, "frames.csv")] == [1.0e9, 1.1e9, 1.2e9]
    instance = picture(files, "instance_left/000000.png")
    assert (instance >= 100).mean() > 0.02 and (instance == 1).any()
    rows = files["objects.csv"].decode().splitlines()
    assert rows[0] == "frame,object,x,y,z,qx,qy,qz,qw" and len({r.split(",")[1] for r in rows}) > 2
    data = json.loads(files["sequence.json"])
    assert data["arms"]["PSM1"]["joint_bias"] == [0.0] * 7
    T_world_base = np.array(data["T_world_camera_at_rest"]) @ np.array(
        data["arms"]["PSM1"]["T_camera_base_true"]
    )
    cameras = {int(r["frame"]): pose(r) for r in table(files, "camera.csv")}
    poses = {int(r["frame"]): pose(r) for r in table(files, "poses.csv") if r["arm"] == "PSM1"}
    joints = table(files, "joints_true_PSM1.csv")
    for r in joints:
        q = np.array([r[f"q{i}"] for i in range(1, 7)])
        T = inverse(cameras[int(r["frame"])]) @ T_world_base @ np.asarray(forward_kinematics(q))
        np.testing.assert_allclose(T, poses[int(r["frame"])], rtol=0, atol=1e-7)
    assert len({r["q1"] for r in joints}) == 3  # it works
    assert {r["arm"] for r in table(files, "wrenches.csv")} == {"PSM1"}
    assert make(order) == files


def test_tasks_that_cut_and_episodes_that_end_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="scene cut_line cuts its tissue"):
        SequenceMaker(Order("cut_line", 2, FPS, 0), 0)
