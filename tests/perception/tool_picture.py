# SPDX-License-Identifier: Apache-2.0
"""Pictures of the instrument over a reddish texture, drawn in linear light, with exact truth.

The drawing shares kinematics and dimensions with the tracker, not its outlines: the shaft is drawn
from surface points, not from tangent planes, and `swell` draws an instrument of other dimensions.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from trocar import kinematics
from trocar.camera import Intrinsics, StereoRig
from trocar.estimates import StereoFrame
from trocar.geometry import (
    exp_so3,
    inverse,
    make_transform,
    matrix_from_quat_xyzw,
    transform_points,
)
from trocar.perception.tool import shape
from trocar.perception.tool.model import pose_tool

EYE = Intrinsics(640, 480, 560.0, 560.0, 319.5, 239.5)
RIG = StereoRig(EYE, EYE, make_transform(translation=[0.00414, 0.0, 0.0]))
T_CAMERA_BASE = make_transform(
    matrix_from_quat_xyzw([0.855304560, -0.051899200, -0.379147840, 0.349295710]),
    [-0.11, -0.089653, -0.005268],
)  # launch/config/site.yaml
PERIOD_NS = 66_666_667
SCALE = 2  # supersampling of the drawing


JAW = 0.3  # rad, opening in all pictures
_code = np.linspace(0.0, 1.0, 4096)
SRGB = np.where(_code <= 0.0031308, 12.92 * _code, 1.055 * _code ** (1 / 2.4) - 0.055) * 255.0
STEEL = 0.05


def joints(t):
    """True joints (6,): jaws and some shaft in view, slowly moving."""
    w = 2.0 * np.pi * 0.25 * t
    return np.array(
        [0.03 * np.sin(w), 0.02 * np.cos(w), 0.160 + 0.004 * np.sin(w), 0.3, 0.15, -0.1]
    )


def cylinder(start, end, radius):
    """Surface points (1440, 3) of both rims."""
    d = (end - start) / np.linalg.norm(end - start)
    x = np.cross(d, [0.3, 0.5, 0.8])
    x /= np.linalg.norm(x)
    a = np.linspace(0.0, 2.0 * np.pi, 720, endpoint=False)[:, None]
    ring = radius * (np.cos(a) * x + np.sin(a) * np.cross(d, x))
    return np.concatenate([start + ring, end + ring])


def instrument(T_camera_base, q, swell):
    """Convex point sets in the camera; all cross-sections are `swell` m larger in radius."""
    pose = pose_tool(T_camera_base, q, JAW, np.zeros(3))
    d, p = pose.T_camera_shaft[:3, 2], pose.T_camera_shaft[:3, 3]
    solids = [cylinder(p - 0.045 * d, p + shape.SLEEVE_END * d, shape.RADIUS + swell)]

    def put(T, points):
        grown = points + swell * np.sign(points) * [1.0, 1.0, 0.0]
        solids.append(transform_points(T, grown))

    put(pose.T_camera_shaft, shape.CLEVIS)
    put(pose.T_camera_wrist, shape.BODY)
    put(pose.T_camera_wrist, shape.EARS)
    for side in (1.0, -1.0):
        turn = make_transform(exp_so3([-side * 0.5 * JAW, 0.0, 0.0]))
        put(pose.T_camera_tool @ turn, shape.JAW * np.array([1.0, side, 1.0]))
    return solids


@dataclass
class Picture:
    """Draws one arm, and other solids on demand."""

    seed: int
    T_base_error: np.ndarray
    joint_bias: np.ndarray
    swell: float = 0.0
    tissue: np.ndarray = field(init=False)
    noise: np.ndarray = field(init=False)

    def __post_init__(self):
        rng = np.random.default_rng(self.seed)
        size = (480 * SCALE, 640 * SCALE)
        blotches = cv2.GaussianBlur(rng.normal(size=size).astype(np.float32), (0, 0), 12)
        grain = cv2.GaussianBlur(rng.normal(size=size).astype(np.float32), (0, 0), 3)
        shade = 1.0 + 0.15 * blotches / blotches.std() + 0.1 * grain / grain.std()
        colour = np.array([0.42, 0.10, 0.09], np.float32)
        self.tissue = np.clip(shade, 0.4, 1.8)[..., None].astype(np.float32) * colour
        self.noise = rng.normal(0.0, 3.0, (700, 860, 3)).astype(np.float32)

    def truth(self, q):
        """T_camera_tool (4, 4)."""
        return T_CAMERA_BASE @ self.T_base_error @ np.asarray(kinematics.forward_kinematics(q))

    def eye(self, solids, T_left_eye, k):
        steel = np.zeros(self.tissue.shape[:2], np.float32)
        for points in solids:
            uv = EYE.project(transform_points(inverse(T_left_eye), points))
            hull = cv2.convexHull(((uv + 0.5) * SCALE - 0.5).astype(np.float32))
            cv2.fillConvexPoly(steel, np.rint(hull * 64).astype(np.int32), 1.0, shift=6)
        image = self.tissue * (1.0 - steel[..., None]) + STEEL * steel[..., None]
        image = cv2.GaussianBlur(image, (0, 0), 0.6 * SCALE)
        image = cv2.resize(image, (640, 480), interpolation=cv2.INTER_AREA)
        code = SRGB[(4095.0 * np.clip(image, 0.0, 1.0)).astype(np.uint16)]
        i, j = 37 * k % 220, 53 * k % 220
        code = code + self.noise[i : i + 480, j : j + 640]
        return np.clip(np.rint(code), 0, 255).astype(np.uint8)

    def frame(self, k, q, others=(), is_shown=True):
        """Frame number k of the arm at true joints q, and of other solids in the camera."""
        solids = list(others)
        if is_shown:
            solids += instrument(T_CAMERA_BASE @ self.T_base_error, q, self.swell)
        left = self.eye(solids, np.eye(4), 2 * k)
        right = self.eye(solids, RIG.T_left_right, 2 * k + 1)
        return StereoFrame(k * PERIOD_NS, left, right)


def make_case(seed, translation=0.005, rotation_deg=3.0, joint_deg=1.0, swell=0.0):
    """A picture with base and joint errors of a seed."""
    rng = np.random.default_rng([seed, 1])

    def unit():
        v = rng.normal(size=3)
        return v / np.linalg.norm(v)

    error = make_transform(exp_so3(np.radians(rotation_deg) * unit()), translation * unit())
    bias = np.radians(joint_deg) * rng.choice([-1.0, 1.0], 6)
    bias[2] = 0.0005 * rng.choice([-1.0, 1.0])
    return Picture(seed, error, bias, swell)


def tip(T_camera_tool):
    return transform_points(T_camera_tool, [0.0, 0.0, kinematics.JAW_TIP_OFFSET])


def tip_errors(picture, estimate, q):
    """Tip error (m) of the estimate and of kinematics alone."""
    truth = tip(picture.truth(q))
    nominal = T_CAMERA_BASE @ np.asarray(kinematics.forward_kinematics(q + picture.joint_bias))
    return (
        float(np.linalg.norm(tip(estimate.T_camera_tool) - truth)),
        float(np.linalg.norm(tip(nominal) - truth)),
    )
