# SPDX-License-Identifier: Apache-2.0
"""Rendered clips with truth, without physics: for the tests and the training of perception.

`render_sequence(load_scene(), seed=1, duration_s=4.0)` yields one `SequenceFrame` per capture.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trocar.geometry import Array, inverse, transform_points
from trocar.sim.render.cast import PASSING, instruments
from trocar.sim.render.distortion import raw_pixels
from trocar.sim.render.frame import RenderedFrame
from trocar.sim.render.keypoints import Keypoints, project_keypoints
from trocar.sim.render.motion import passing_path
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.render.tool_path import circling
from trocar.sim.scene import CellTruth, Scene
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.tissue import BreathingTissue

JointPath = Callable[[float], Array]
WORK_HEIGHT = 0.012  # m; of the default path's jaw tip over the resting tissue


@dataclass(frozen=True)
class SequenceFrame:
    """One capture and everything true about it; poses in m, joints in rad and m.

    q_true and q_measured (7,), jaw last: measured = true + the seed's bias.
    """

    time_s: float
    rendered: RenderedFrame
    q_true: Array
    q_measured: Array
    T_camera_base: Array
    T_camera_cp: Array
    tool: Keypoints
    second: Keypoints | None
    T_world_camera: Array
    _scene: Scene
    _tissue: BreathingTissue

    def tissue(self, uv_surface: ArrayLike) -> tuple[Array, Array, Array]:
        """Material points of the tissue: p_camera (N, 3) m, uv_left and uv_right (N, 2) px."""
        rig = self._scene.rig
        p_world = self._tissue.point(uv_surface, self.time_s)
        p_camera = transform_points(inverse(self.T_world_camera), p_world)
        p_right = transform_points(inverse(rig.T_left_right), p_camera)
        return p_camera, raw_pixels(rig.left, p_camera), raw_pixels(rig.right, p_right)

    def tissue_normal(self, uv_surface: ArrayLike) -> Array:
        """Outward unit normals (N, 3) of the tissue in the camera frame."""
        normal = self._tissue.normal(uv_surface, self.time_s)
        return normal @ self.T_world_camera[:3, :3]


def default_path(scene: Scene) -> JointPath:
    """The jaw tip circles beside the work point: in view, without hiding it for long."""
    return circling(scene, [-0.004, 0.002, WORK_HEIGHT], 0.006, 5.0)


def render_sequence(
    scene: Scene,
    seed: int,
    duration_s: float,
    fps: float | None = None,
    joints: JointPath | None = None,
    *,
    truth: bool = True,
    second_at_s: float | None = None,
    options: RenderOptions | None = None,
    flow: bool = False,
) -> Iterator[SequenceFrame]:
    """Frames of one realised cell from time 0, `fps` apart (default: the scene's).

    joints(t) is the TRUE joint vector; second_at_s: when the second instrument's pass starts
    (default: the scene's; < 0: never).  Stamps are the times in integer ns.  flow: draw the flow
    to the next frame too, and the motion blur that options.effects.shutter_s asks for.
    """
    cell = scene.realise(seed)
    path = joints or default_path(scene)
    rate = fps or scene.fps
    passing = passing_path(scene, seed, second_at_s)
    rest = scene.at_rest()

    def at(time_s: float) -> CellSnapshot:
        q = {**rest.q, "PSM1": path(time_s)}
        return CellSnapshot(time_s, q, passing(time_s), rest.objects, rest.soft)

    renderer = EndoscopeRenderer.of(scene, seed, options)
    tissue = BreathingTissue.of(scene, seed)
    try:
        for k in range(round(duration_s * rate)):
            snapshot, following = at(k / rate), at((k + 1) / rate)
            rendered = renderer.render(
                snapshot,
                round(snapshot.time_s * 1e9),
                truth=truth,
                neighbour=following if flow else None,
            )
            yield _with_truth(scene, cell, tissue, snapshot, rendered)
    finally:
        renderer.close()


def _with_truth(
    scene: Scene,
    cell: CellTruth,
    tissue: BreathingTissue,
    snapshot: CellSnapshot,
    rendered: RenderedFrame,
) -> SequenceFrame:
    T_world_base, q = cell.T_world_base["PSM1"], snapshot.q["PSM1"]
    tools = instruments(cell.T_world_base, snapshot)
    tool, second = tools["PSM1"], tools.get(PASSING)
    T_world_camera = scene.camera_pose(snapshot)
    T_camera_world = inverse(T_world_camera)
    return SequenceFrame(
        snapshot.time_s,
        rendered,
        np.asarray(q, dtype=float),
        q + cell.joint_bias["PSM1"],
        T_camera_world @ T_world_base,
        T_camera_world @ tool.T_world_cp,
        project_keypoints(tool, scene.rig, T_world_camera),
        project_keypoints(second, scene.rig, T_world_camera) if second else None,
        T_world_camera,
        scene,
        tissue,
    )
