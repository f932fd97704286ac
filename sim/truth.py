# SPDX-License-Identifier: Apache-2.0
"""The exact truth of a cell, for tests and evaluation only: no node under test may see it.

Everything is a function of (scene, seed, snapshot), so truth can also be had afterwards from
recorded snapshots.  World and camera frames in m, pixels (u, v) of the undistorted pictures.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trocar.geometry import Array, inverse, transform_points
from trocar.kinematics import T_CONTROL_POINT_JAW_TIP, forward_kinematics
from trocar.sim.contact import (
    Capsules,
    capsules,
    instrument_clearance,
    segment_distance,
    tissue_clearance,
)
from trocar.sim.render.instrument import Instrument, from_joints, straight
from trocar.sim.render.keypoints import Keypoints, project_keypoints
from trocar.sim.scene import CellTruth, Scene
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.tissue import BreathingTissue

WORK_POINT: Array = np.array([0.5, 0.5])  # surface coordinates of the world's origin at rest


@dataclass(frozen=True)
class TissueTracks:
    """N material points: p_world, p_camera (N, 3) m, uv_left, uv_right (N, 2) px.

    visible_left, visible_right (N,): not behind an instrument (capsules) and in the picture.
    """

    p_world: Array
    p_camera: Array
    uv_left: Array
    uv_right: Array
    visible_left: NDArray[np.bool_]
    visible_right: NDArray[np.bool_]


@dataclass(frozen=True)
class Clearance:
    """Smallest distances of PSM1 in m; `instrument` is inf while no second one is in the cavity."""

    tissue: float
    instrument: float


class Truth:
    """Truth of one realised cell; `cell` holds the seeded errors, `tissue` the moving surface."""

    def __init__(self, scene: Scene, seed: int, arm: str = "PSM1") -> None:
        """Realise the same cell as the simulator does with this scene and seed."""
        self.scene = scene
        self.cell: CellTruth = scene.realise(seed)
        self.tissue = BreathingTissue(scene.tissue, self.cell.tissue_seed)
        self.T_world_base = self.cell.T_world_base[arm]
        self._T_camera_world = inverse(scene.T_world_camera)

    def T_camera_control_point(self, snapshot: CellSnapshot) -> Array:
        """Pose (4, 4) of PSM1's control point (wrist-yaw axis) in the left camera."""
        T_base_cp = np.asarray(forward_kinematics(snapshot.q["PSM1"][:6]))
        return self._T_camera_world @ self.T_world_base @ T_base_cp

    def jaw_tip_camera(self, snapshot: CellSnapshot) -> Array:
        """Jaw tip (3,), 10.2 mm beyond the control point, in the left camera."""
        return (self.T_camera_control_point(snapshot) @ T_CONTROL_POINT_JAW_TIP)[:3, 3]

    def jaw_tip_world(self, snapshot: CellSnapshot) -> Array:
        """Jaw tip (3,) in the world."""
        return transform_points(self.scene.T_world_camera, self.jaw_tip_camera(snapshot))

    def target_world(
        self, t: float, uv_surface: ArrayLike = WORK_POINT, stand_off: float = 0.010
    ) -> Array:
        """Where the jaw tip should be: `stand_off` m from a material point along its normal."""
        point, normal = self.tissue.point(uv_surface, t), self.tissue.normal(uv_surface, t)
        return point + stand_off * normal

    def instrument(self, snapshot: CellSnapshot) -> Instrument:
        """PSM1's parts in the world."""
        return from_joints(self.T_world_base, snapshot.q["PSM1"])

    def second_instrument(self, snapshot: CellSnapshot) -> Instrument | None:
        """The second instrument's parts in the world, None while it is not there."""
        if snapshot.passing is None:
            return None
        return straight(snapshot.passing.T_world_cp, snapshot.passing.jaw)

    def keypoints(self, snapshot: CellSnapshot) -> Keypoints:
        """PSM1's named points in the camera and in both pictures."""
        return project_keypoints(
            self.instrument(snapshot), self.scene.rig, self.scene.T_world_camera
        )

    def tracks(self, snapshot: CellSnapshot, uv_surface: ArrayLike) -> TissueTracks:
        """Material points with surface coordinates (N, 2), and whether each eye sees them."""
        p_world = self.tissue.point(uv_surface, snapshot.time_s)
        p_camera = transform_points(self._T_camera_world, p_world)
        rig = self.scene.rig
        p_right = transform_points(inverse(rig.T_left_right), p_camera)
        uv_left, uv_right = rig.left.project(p_camera), rig.right.project(p_right)
        left_eye = self.scene.T_world_camera[:3, 3]
        right_eye = (self.scene.T_world_camera @ rig.T_left_right)[:3, 3]
        shapes = self._shapes(snapshot)
        size = np.array([rig.left.width, rig.left.height])
        return TissueTracks(
            p_world,
            p_camera,
            uv_left,
            uv_right,
            _in_picture(uv_left, size) & _in_sight(left_eye, p_world, shapes),
            _in_picture(uv_right, size) & _in_sight(right_eye, p_world, shapes),
        )

    def clearance(self, snapshot: CellSnapshot) -> Clearance:
        """How far PSM1 is from everything it must not touch."""
        shapes = capsules(self.instrument(snapshot))
        second = self.second_instrument(snapshot)
        return Clearance(
            tissue_clearance(shapes, self.tissue, snapshot.time_s),
            np.inf if second is None else instrument_clearance(shapes, capsules(second)),
        )

    def _shapes(self, snapshot: CellSnapshot) -> list[Capsules]:
        second = self.second_instrument(snapshot)
        both = [self.instrument(snapshot), *([second] if second else [])]
        return [capsules(instrument) for instrument in both]


def _in_picture(uv: Array, size: Array) -> NDArray[np.bool_]:
    return np.asarray(np.all((uv >= -0.5) & (uv < size - 0.5), axis=-1))


def _in_sight(eye: Array, points: Array, shapes: list[Capsules]) -> NDArray[np.bool_]:
    """Whether the line from the eye to each point (N, 3) passes every capsule by."""
    seen = np.ones(points.shape[:-1], dtype=bool)
    for s in shapes:
        ray_end = points[..., None, :]
        gap = segment_distance(np.broadcast_to(eye, ray_end.shape), ray_end, s.start, s.end)
        seen &= np.all(gap > s.radius, axis=-1)
    return seen
