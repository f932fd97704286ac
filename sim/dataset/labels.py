# SPDX-License-Identifier: Apache-2.0
"""The truth of one capture as table rows: poses, keypoints, tracks, camera, wrenches.

Pixels are those of the pictures as drawn, lens distortion included; poses in the left camera.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trocar.camera import StereoRig
from trocar.geometry import Array, inverse, quat_xyzw_from_matrix, transform_points
from trocar.sim.dataset.shots import Shot
from trocar.sim.render.cast import Cast
from trocar.sim.render.distortion import raw_pixels
from trocar.sim.render.frame import EyeTruth, RenderedFrame
from trocar.sim.render.keypoints import keypoints_seen, project_keypoints
from trocar.sim.truth_tracks import TissueTracks, in_picture, shown

Row = Sequence[float | int | str]

# tables by file name: the columns after `frame`
COLUMNS = {
    "poses.csv": "arm,x,y,z,qx,qy,qz,qw",
    "objects.csv": "object,x,y,z,qx,qy,qz,qw",
    "camera.csv": "x,y,z,qx,qy,qz,qw",
    "keypoints.csv": "arm,name,x,y,z,u_left,v_left,u_right,v_right,visible_left,visible_right",
    "tracks.csv": "id,x,y,z,u_left,v_left,u_right,v_right,visible_left,visible_right",
    "truth.csv": "id,u,v,visible",
    "wrenches.csv": "arm,fx,fy,fz,tx,ty,tz",
}


@dataclass(frozen=True)
class TrackedPoints:
    """Material points: of the patch by surface coordinates uv (M, 2), then nodes of soft bodies."""

    uv: Array
    soft: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many."""
        return len(self.uv) + sum(len(nodes) for nodes in self.soft.values())

    @classmethod
    def choose(
        cls, shot: Shot, frame: RenderedFrame, cast: Cast, rig: StereoRig, seed: int, count: int
    ) -> "TrackedPoints":
        """Up to `count` points of the patch and of each soft body that both eyes see at first."""
        rng = np.random.default_rng([seed, 13])
        nodes = {
            name: rng.permutation(np.unique(surface.triangles))
            for name, surface in cast.soft.items()
        }
        every = cls(rng.uniform(0.1, 0.9, (60 * count, 2)), nodes)
        tracks = every.tracks(shot, frame, cast, rig)
        seen = tracks.visible_left & tracks.visible_right
        at = len(every.uv)
        kept = {}
        for name, chosen in nodes.items():
            kept[name] = chosen[seen[at : at + len(chosen)]][:count]
            at += len(chosen)
        return cls(every.uv[seen[: len(every.uv)]][:count], kept)

    def tracks(self, shot: Shot, frame: RenderedFrame, cast: Cast, rig: StereoRig) -> TissueTracks:
        """Where they are in one capture, and which eye sees them."""
        places = [cast.tissue.point(self.uv, shot.time_s)]
        places += [shot.now.soft[name][nodes] for name, nodes in self.soft.items()]
        p_world = np.concatenate(places)
        p_left = transform_points(inverse(shot.T_world_camera), p_world)
        p_right = transform_points(inverse(rig.T_left_right), p_left)
        assert frame.left is not None and frame.right is not None
        eyes = []
        for eye, p, truth in ((rig.left, p_left, frame.left), (rig.right, p_right, frame.right)):
            uv = raw_pixels(eye, p)
            visible = in_picture(uv, eye.width, eye.height) & shown(uv, p[:, 2], truth.depth)
            eyes.append((uv, visible))
        (uv_left, seen_left), (uv_right, seen_right) = eyes
        return TissueTracks(p_world, p_left, uv_left, uv_right, seen_left, seen_right)


def label_rows(
    shot: Shot, frame: RenderedFrame, cast: Cast, rig: StereoRig, points: TrackedPoints
) -> dict[str, list[Row]]:
    """Rows of each table without their frame number."""
    assert frame.left is not None and frame.right is not None
    T_camera_world = inverse(shot.T_world_camera)
    rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    rows["camera.csv"].append(_pose(shot.T_world_camera))
    for arm, tool in cast.instruments(shot.now).items():
        rows["poses.csv"].append([arm, *_pose(T_camera_world @ tool.T_world_cp)])
        k = project_keypoints(tool, rig, shot.T_world_camera)
        on_left = keypoints_seen(k.uv_left, frame.left, tool.mask_offset)
        on_right = keypoints_seen(k.uv_right, frame.right, tool.mask_offset)
        for i, name in enumerate(k.names):
            pixels = [*k.uv_left[i], *k.uv_right[i], int(on_left[i]), int(on_right[i])]
            rows["keypoints.csv"].append([arm, name, *k.p_camera[i], *pixels])
    for name, T_world_object in shot.now.objects.items():
        rows["objects.csv"].append([name, *_pose(T_camera_world @ T_world_object)])
    t = points.tracks(shot, frame, cast, rig)
    for i, p in enumerate(t.p_camera):
        seen = [int(t.visible_left[i]), int(t.visible_right[i])]
        rows["tracks.csv"].append([i, *p, *t.uv_left[i], *t.uv_right[i], *seen])
        rows["truth.csv"].append([i, *t.uv_left[i], seen[0]])
    for arm, wrench in shot.wrench.items():
        rows["wrenches.csv"].append([arm, *wrench])
    return rows


def statistics(frame: RenderedFrame) -> dict[str, float]:
    """Figures of one left picture; shares are of its pixels."""
    truth = frame.left
    assert truth is not None
    grey = frame.stereo.left_rgb.mean(axis=2)
    depth = truth.depth[np.isfinite(truth.depth)]
    return {
        "brightness": float(grey.mean()),
        "burnt_out": float((frame.stereo.left_rgb == 255).any(axis=2).mean()),
        "dark": float((grey < 10).mean()),
        "instruments": float((truth.part > 0).mean()),
        "first_instrument": _share(truth, 1),
        "others": float((truth.instance > 1).mean()),
        "depth_median_m": float(np.median(depth)) if depth.size else float("nan"),
    }


def _share(truth: EyeTruth, instance: int) -> float:
    return float((truth.instance == instance).mean())


def _pose(T: Array) -> list[float]:
    return [*T[:3, 3].tolist(), *np.asarray(quat_xyzw_from_matrix(T)).tolist()]
