# SPDX-License-Identifier: Apache-2.0
"""Where named points of an instrument really are: in the world, the camera and both pictures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.camera import StereoRig
from trocar.geometry import Array, inverse, transform_points
from trocar.kinematics import JAW_TIP_OFFSET
from trocar.sim.render.distortion import raw_pixels
from trocar.sim.render.frame import EyeTruth
from trocar.sim.render.instrument import MASK_STEP, Instrument

# part and offset (m) along the part's z axis; `jaw_tip` is the nominal tip, between the jaws
KEYPOINTS: dict[str, tuple[str, float]] = {
    "shaft_far": ("shaft", -0.030),
    "shaft_end": ("shaft", -0.006),
    "wrist_pitch": ("wrist", 0.0),
    "control_point": ("tool", 0.0),
    "jaw_tip": ("tool", JAW_TIP_OFFSET),
    "jaw_a_tip": ("jaw_a", JAW_TIP_OFFSET),
    "jaw_b_tip": ("jaw_b", JAW_TIP_OFFSET),
}


@dataclass(frozen=True)
class Keypoints:
    """K points in the order of `names`: p_camera (K, 3) m, uv_left and uv_right (K, 2) px."""

    names: tuple[str, ...]
    p_camera: Array
    uv_left: Array
    uv_right: Array


def keypoints_world(instrument: Instrument) -> dict[str, Array]:
    """World positions (3,) in m by name."""
    poses = {**instrument.part_poses(), "tool": instrument.T_world_cp}
    return {
        name: transform_points(poses[part], [0.0, 0.0, z]) for name, (part, z) in KEYPOINTS.items()
    }


def project_keypoints(instrument: Instrument, rig: StereoRig, T_world_camera: Array) -> Keypoints:
    """All keypoints as both eyes see them, occluded and out-of-picture ones included."""
    points = keypoints_world(instrument)
    p_camera = transform_points(inverse(T_world_camera), np.stack(list(points.values())))
    p_right = transform_points(inverse(rig.T_left_right), p_camera)
    return Keypoints(
        tuple(points), p_camera, raw_pixels(rig.left, p_camera), raw_pixels(rig.right, p_right)
    )


def keypoints_seen(uv: Array, truth: EyeTruth, mask_offset: int = 0) -> NDArray[np.bool_]:
    """Which pixels (K, 2) show the instrument with that mask offset; False outside the picture."""
    height, width = truth.mask.shape
    column, row = np.round(np.nan_to_num(uv, nan=-1.0)).astype(int).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    part = truth.mask[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)].astype(int)
    return np.asarray(inside & (part > mask_offset) & (part < mask_offset + MASK_STEP))
