# SPDX-License-Identifier: Apache-2.0
"""The tool tracker on pictures drawn here: exact cylinder and jaws, mixed in linear light.

The drawing shares nothing with the tracker but the kinematics: outlines come from sampled surface
points, not from the closed-form tangent planes.
"""

import cv2
import numpy as np
import pytest

from trocar import kinematics
from trocar.camera import Intrinsics, StereoRig
from trocar.errors import ConfigurationError
from trocar.estimates import Health, StereoFrame
from trocar.geometry import (
    exp_so3,
    inverse,
    make_transform,
    matrix_from_quat_xyzw,
    transform_points,
)
from trocar.perception.interfaces import ToolTracker
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.tracker import LumpedToolTracker

EYE = Intrinsics(640, 480, 560.0, 560.0, 319.5, 239.5)
RIG = StereoRig(EYE, EYE, make_transform(translation=[0.00414, 0.0, 0.0]))
T_CAMERA_BASE = make_transform(
    matrix_from_quat_xyzw([0.855304560, -0.051899200, -0.379147840, 0.349295710]),
    [-0.11, -0.089653, -0.005268],
)  # launch/config/site.yaml
PERIOD_NS = 66_666_667
SCALE = 2  # supersampling of the drawing


def joints(t):
    """True joints (6,): the jaw tip 10-15 mm above the work point, slowly moving."""
    w = 2.0 * np.pi * 0.25 * t
    q = [0.05 * np.sin(w), 0.04 * np.cos(w), 0.150 + 0.004 * np.sin(w), 0.3, 0.15, -0.1]
    return np.array(q)


def draw_cylinder(canvas, eye, T_eye_camera, start, end, radius):
    """Fill the outline of a capped cylinder, from points on its surface."""
    d = (end - start) / np.linalg.norm(end - start)
    x = np.cross(d, [0.3, 0.5, 0.8])
    x /= np.linalg.norm(x)
    y = np.cross(d, x)
    a = np.linspace(0.0, 2.0 * np.pi, 720, endpoint=False)[:, None]
    ring = radius * (np.cos(a) * x + np.sin(a) * y)
    points = transform_points(T_eye_camera, np.concatenate([start + ring, end + ring]))
    uv = eye.project(points)
    hull = cv2.convexHull(((uv + 0.5) * SCALE - 0.5).astype(np.float32))
    cv2.fillConvexPoly(canvas, np.rint(hull * 256).astype(np.int32), 1.0, shift=8)


class Picture:
    """Draws one arm, and a bar across it on demand, over a reddish texture."""

    def __init__(self, seed, T_base_error, joint_bias):
        self.rng = np.random.default_rng(seed)
        self.T_base_error, self.joint_bias = T_base_error, joint_bias
        size = (480 * SCALE, 640 * SCALE)
        blotches = cv2.GaussianBlur(self.rng.normal(size=size).astype(np.float32), (0, 0), 12)
        grain = cv2.GaussianBlur(self.rng.normal(size=size).astype(np.float32), (0, 0), 3)
        shade = 1.0 + 0.15 * blotches / blotches.std() + 0.1 * grain / grain.std()
        self.tissue = np.clip(shade, 0.4, 1.8)[..., None] * np.array([0.42, 0.10, 0.09])

    def truth(self, q):
        """T_camera_tool (4, 4)."""
        return T_CAMERA_BASE @ self.T_base_error @ np.asarray(kinematics.forward_kinematics(q))

    def eye(self, q, T_left_eye, bar=None):
        T_eye = inverse(T_left_eye)
        T = T_CAMERA_BASE @ self.T_base_error
        frames = T @ np.asarray(kinematics.link_frames(q))
        tool = np.zeros(self.tissue.shape[:2], np.float32)
        wrist, control = frames[4, :3, 3], frames[6, :3, 3]
        rcm = T[:3, 3]
        d = (wrist - rcm) / np.linalg.norm(wrist - rcm)
        r = 0.5 * kinematics.SHAFT_DIAMETER
        draw_cylinder(tool, EYE, T_eye, wrist - 0.055 * d, wrist - 0.005 * d, r)
        draw_cylinder(tool, EYE, T_eye, wrist - 0.006 * d, control, 0.003)
        tip = transform_points(frames[6], [0.0, 0.0, kinematics.JAW_TIP_OFFSET])
        draw_cylinder(tool, EYE, T_eye, control, tip, 0.0015)
        if bar is not None:
            draw_cylinder(tool, EYE, T_eye, *bar, 0.004)
        image = self.tissue * (1.0 - tool[..., None]) + 0.05 * tool[..., None]
        image = cv2.GaussianBlur(image, (0, 0), 0.6 * SCALE)
        image = cv2.resize(image, (640, 480), interpolation=cv2.INTER_AREA)
        code = np.where(image <= 0.0031308, 12.92 * image, 1.055 * image ** (1 / 2.4) - 0.055)
        code = 255.0 * code + self.rng.normal(0.0, 3.0, code.shape)
        return np.clip(np.rint(code), 0, 255).astype(np.uint8)

    def frame(self, k, q, bar=None):
        left, right = np.eye(4), RIG.T_left_right
        return StereoFrame(k * PERIOD_NS, self.eye(q, left, bar), self.eye(q, right, bar))


def make_case(seed, translation=0.005, rotation_deg=3.0, joint_deg=1.0):
    """A picture with base and joint errors of a seed."""
    rng = np.random.default_rng([seed, 1])

    def unit():
        v = rng.normal(size=3)
        return v / np.linalg.norm(v)

    error = make_transform(exp_so3(np.radians(rotation_deg) * unit()), translation * unit())
    bias = np.radians(joint_deg) * rng.choice([-1.0, 1.0], 6)
    bias[2] = 0.0005 * rng.choice([-1.0, 1.0])
    return Picture(seed, error, bias)


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
