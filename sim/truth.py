# SPDX-License-Identifier: Apache-2.0
"""The exact truth of a cell, for tests and evaluation only: no node under test may see it.

Everything is a function of (scene, seed, snapshot), so truth can also be had afterwards from
recorded snapshots; contact forces alone are told by the cell.  World and camera frames in m,
pixels (u, v) of the pictures as drawn, lens distortion included.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trocar.geometry import Array, inverse, transform_points
from trocar.kinematics import T_CONTROL_POINT_JAW_TIP
from trocar.sim.contact import (
    Capsules,
    capsules,
    instrument_clearance,
    segment_distance,
    tissue_clearance,
)
from trocar.sim.marks import PointsOnSurface
from trocar.sim.render.cast import PASSING, Cast
from trocar.sim.render.distortion import raw_pixels
from trocar.sim.render.frame import RenderedFrame
from trocar.sim.render.instrument import Instrument
from trocar.sim.render.keypoints import Keypoints, project_keypoints
from trocar.sim.scene import CellTruth, Scene
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.truth_tracks import TissueTracks, in_picture, shown

WORK_POINT: Array = np.array([0.5, 0.5])  # surface coordinates of the world's origin at rest


@dataclass(frozen=True)
class CameraMatrices:
    """K_left, K_right (3, 3) px, distortion (5,) of each; T_left_right, T_world_camera (4, 4)."""

    K_left: Array
    K_right: Array
    distortion_left: tuple[float, ...]
    distortion_right: tuple[float, ...]
    T_left_right: Array
    T_world_camera: Array


@dataclass(frozen=True)
class Clearance:
    """Smallest distances of one arm in m; `instrument` is inf while there is no other one."""

    tissue: float
    instrument: float


class Truth:
    """Truth of one realised cell; `cell` holds the seeded errors, `tissue` the moving surface.

    `wrenches` (6,) per PSM: force in N and torque in N m about the control point that the cell
    says acts on the tool, world axes; zeros until it does.  Where a method takes an arm, None is
    the arm given here.
    """

    def __init__(self, scene: Scene, seed: int, arm: str = "PSM1") -> None:
        """Realise the same cell as the simulator does with this scene and seed."""
        self.scene = scene
        self.arm = arm
        self.cell: CellTruth = scene.realise(seed)
        self.cast = Cast.of(scene, seed)
        self.tissue = self.cast.tissue
        self.T_world_base = self.cell.T_world_base[arm]
        self._marks: dict[str, PointsOnSurface] = {}
        self.wrenches: dict[str, Array] = {name: np.zeros(6) for name in scene.psms}

    def cameras(self, snapshot: CellSnapshot) -> CameraMatrices:
        """Calibration of both eyes, and where the left one is."""
        left, right = self.scene.rig.left, self.scene.rig.right
        return CameraMatrices(
            left.matrix,
            right.matrix,
            left.distortion,
            right.distortion,
            self.scene.rig.T_left_right,
            self.scene.camera_pose(snapshot),
        )

    def camera_from_world(self, snapshot: CellSnapshot) -> Array:
        """`T_camera_world` (4, 4) of the left eye, which moves where the scene has an ECM."""
        return inverse(self.scene.camera_pose(snapshot))

    def T_camera_control_point(self, snapshot: CellSnapshot, arm: str | None = None) -> Array:
        """Pose (4, 4) of an arm's control point (wrist-yaw axis) in the left camera."""
        return self.camera_from_world(snapshot) @ self.instrument(snapshot, arm).T_world_cp

    def T_camera_object(self, snapshot: CellSnapshot) -> dict[str, Array]:
        """Pose (4, 4) of each object in the left camera."""
        T_camera_world = self.camera_from_world(snapshot)
        return {name: T_camera_world @ snapshot.objects[name] for name in self.scene.objects}

    def jaw_tip_camera(self, snapshot: CellSnapshot, arm: str | None = None) -> Array:
        """Jaw tip (3,), 10.2 mm beyond the control point, in the left camera."""
        return (self.T_camera_control_point(snapshot, arm) @ T_CONTROL_POINT_JAW_TIP)[:3, 3]

    def jaw_tip_world(self, snapshot: CellSnapshot, arm: str | None = None) -> Array:
        """Jaw tip (3,) in the world."""
        return (self.instrument(snapshot, arm).T_world_cp @ T_CONTROL_POINT_JAW_TIP)[:3, 3]

    def target_world(
        self, t: float, uv_surface: ArrayLike = WORK_POINT, stand_off: float = 0.010
    ) -> Array:
        """Where the jaw tip should be: `stand_off` m from a material point along its normal."""
        point, normal = self.tissue.point(uv_surface, t), self.tissue.normal(uv_surface, t)
        return point + stand_off * normal

    def instrument(self, snapshot: CellSnapshot, arm: str | None = None) -> Instrument:
        """An arm's instrument in the world."""
        return self.cast.instruments(snapshot)[arm or self.arm]

    def second_instrument(self, snapshot: CellSnapshot) -> Instrument | None:
        """The passing instrument in the world, None while it is not there."""
        return self.cast.instruments(snapshot).get(PASSING)

    def keypoints(self, snapshot: CellSnapshot, arm: str | None = None) -> Keypoints:
        """Named points of an arm's instrument in the camera and in both pictures."""
        return project_keypoints(
            self.instrument(snapshot, arm), self.scene.rig, self.scene.camera_pose(snapshot)
        )

    def tracks(
        self, snapshot: CellSnapshot, uv_surface: ArrayLike, frame: RenderedFrame | None = None
    ) -> TissueTracks:
        """Material points of the patch with surface coordinates (N, 2).

        What hides them: the instruments, as capsules; with `frame`, a rendering of this snapshot
        with truth, everything that was drawn.
        """
        return self._tracks(snapshot, self.tissue.point(uv_surface, snapshot.time_s), frame)

    def soft_tracks(
        self, snapshot: CellSnapshot, name: str, frame: RenderedFrame
    ) -> tuple[NDArray[np.int32], TissueTracks]:
        """Surface nodes of a soft body: which ones (N,), and their tracks by the rendered depth."""
        nodes = np.unique(self.cast.soft[name].triangles)
        tracks = self._tracks(snapshot, snapshot.soft[name][nodes], frame)
        return nodes.astype(np.int32), tracks

    def mark_world(self, snapshot: CellSnapshot, name: str) -> Array:
        """Where the points (k, 3) of a mark are in the world."""
        mark = self.scene.marks[name]
        if not mark.on:
            uv = mark.points / self.tissue.parameters.side + 0.5
            return self.tissue.point(uv, snapshot.time_s)
        if name not in self._marks:
            surface = self.cast.soft[mark.on]
            self._marks[name] = PointsOnSurface(surface.rest, surface.triangles, mark.points)
        return self._marks[name].at(snapshot.soft[mark.on])

    def clearance(self, snapshot: CellSnapshot) -> Clearance:
        """How far the arm is from everything it must not touch."""
        others = self.cast.instruments(snapshot)
        shapes = capsules(others.pop(self.arm))
        return Clearance(
            tissue_clearance(shapes, self.tissue, snapshot.time_s),
            min(
                (instrument_clearance(shapes, capsules(o)) for o in others.values()), default=np.inf
            ),
        )

    def _tracks(
        self, snapshot: CellSnapshot, p_world: Array, frame: RenderedFrame | None
    ) -> TissueTracks:
        rig, T_world_camera = self.scene.rig, self.scene.camera_pose(snapshot)
        p_camera = transform_points(inverse(T_world_camera), p_world)
        p_right = transform_points(inverse(rig.T_left_right), p_camera)
        shapes = [capsules(i) for i in self.cast.instruments(snapshot).values()]
        seen = []
        for eye, p_eye, T_left_eye, truth in (
            (rig.left, p_camera, np.eye(4), frame.left if frame else None),
            (rig.right, p_right, rig.T_left_right, frame.right if frame else None),
        ):
            uv = raw_pixels(eye, p_eye)
            if truth is None:
                origin = (T_world_camera @ T_left_eye)[:3, 3]
                clear = _in_sight(origin, p_world, shapes)
            else:
                clear = shown(uv, p_eye[..., 2], truth.depth)
            seen.append((uv, in_picture(uv, eye.width, eye.height) & clear))
        (uv_left, visible_left), (uv_right, visible_right) = seen
        return TissueTracks(p_world, p_camera, uv_left, uv_right, visible_left, visible_right)


def _in_sight(eye: Array, points: Array, shapes: list[Capsules]) -> NDArray[np.bool_]:
    """Whether the line from the eye to each point (N, 3) passes every capsule by."""
    seen = np.ones(points.shape[:-1], dtype=bool)
    for s in shapes:
        ray_end = points[..., None, :]
        gap = segment_distance(np.broadcast_to(eye, ray_end.shape), ray_end, s.start, s.end)
        seen &= np.all(gap > s.radius, axis=-1)
    return seen
