# SPDX-License-Identifier: Apache-2.0
"""What one arm's instrument looks like: a cylinder's two silhouette lines, and the jaw tip.

A cylinder of radius r about the axis p + t d is bounded in an image by the two planes
through the camera centre that touch it.  Their unit normals satisfy n . d = 0 and
n . p = r (n points into the tool), hence, with h the distance of the axis from the
camera centre, e1 its unit direction and e2 = d x e1:

    n = (r / h) e1 +- sqrt(1 - (r / h)^2) e2.

All positions are in m in the frame `camera` (left optical); pixels are (u, v).
"""

from dataclasses import dataclass

import numpy as np

from trocar import kinematics
from trocar.camera import Intrinsics, StereoRig
from trocar.geometry import Array, inverse, transform_points

EYES = ("left", "right")
NEAREST_DEPTH = 0.015  # m; nothing nearer to the lens is used
JAW_RADIUS = 0.0045  # m; half width of clevis and closed jaws, used for masks only


@dataclass(frozen=True)
class Eye:
    """One camera: intrinsics, and the pose of the left camera in it."""

    name: str
    intrinsics: Intrinsics
    T_eye_camera: Array

    def project(self, p_camera: Array) -> Array:
        """Pixels (..., 2) of points (..., 3) given in `camera`."""
        return self.intrinsics.project(transform_points(self.T_eye_camera, p_camera))

    def is_inside(self, uv: Array, margin_px: float = 0.0) -> Array:
        """Boolean (...): pixel at least `margin_px` from the border."""
        u, v = uv[..., 0], uv[..., 1]
        far_u = self.intrinsics.width - 1 - margin_px
        far_v = self.intrinsics.height - 1 - margin_px
        return (u >= margin_px) & (u <= far_u) & (v >= margin_px) & (v <= far_v)


def make_eyes(rig: StereoRig) -> tuple[Eye, Eye]:
    """Left and right eye of a rectified rig."""
    return (
        Eye("left", rig.left, np.eye(4)),
        Eye("right", rig.right, inverse(rig.T_left_right)),
    )


@dataclass(frozen=True)
class ToolPose:
    """The instrument in `camera`: shaft axis, wrist joints and control point.

    p_wrist (3,): wrist-pitch axis on the shaft axis; direction (3,): unit, towards the tip;
    wrist_axes, wrist_origins (2, 3): wrist pitch and wrist yaw; T_camera_tool (4, 4).
    """

    p_wrist: Array
    direction: Array
    wrist_axes: Array
    wrist_origins: Array
    T_camera_tool: Array

    @property
    def p_jaw_tip(self) -> Array:
        """Tip of the closed jaws (3,)."""
        return transform_points(self.T_camera_tool, [0.0, 0.0, kinematics.JAW_TIP_OFFSET])

    def jaw_tips(self, jaw: float) -> Array:
        """Tips (2, 3) of the two jaws, each turned by half of `jaw` (rad) about the tool's x."""
        half = 0.5 * jaw
        reach = kinematics.JAW_TIP_OFFSET
        tips = [[0.0, s * reach * np.sin(half), reach * np.cos(half)] for s in (1.0, -1.0)]
        return transform_points(self.T_camera_tool, np.array(tips))


def pose_tool(T_correction: Array, T_camera_base: Array, q: Array, wrist_bias: Array) -> ToolPose:
    """Instrument for joints q (6,) with the wrist biases (2,) in rad added to the last two."""
    q = q.copy()
    q[4:6] += wrist_bias
    T = T_correction @ T_camera_base
    frames = T @ np.asarray(kinematics.link_frames(q))
    p_wrist = frames[4, :3, 3]
    along = p_wrist - T[:3, 3]  # the shaft axis passes through the RCM
    return ToolPose(
        p_wrist,
        along / np.linalg.norm(along),
        frames[4:6, :3, 2],  # a joint turns about z of its own frame (modified DH)
        frames[4:6, :3, 3],
        frames[6],
    )


def pinhole(eye: Eye, x: Array) -> tuple[Array, Array]:
    """Pixel (2,) of the point x (3,) in `camera` and its derivative (2, 3) with respect to x."""
    R = eye.T_eye_camera[:3, :3]
    p = R @ x + eye.T_eye_camera[:3, 3]
    f = np.array([eye.intrinsics.fx, eye.intrinsics.fy])
    J = np.zeros((2, 3))
    J[0, 0], J[1, 1] = f / p[2]
    J[:, 2] = -f * p[:2] / p[2] ** 2
    return eye.intrinsics.project(p), J @ R


@dataclass(frozen=True)
class ShaftLines:
    """The two silhouette lines of the shaft in one eye.

    normals (2, 3): tangent planes' unit normals in `camera` axes, pointing into the tool;
    lines (2, 3): (a, b, c) with a^2 + b^2 = 1, so that a u + b v + c is the signed distance of
    a pixel from the edge, positive on the tool's side.
    """

    normals: Array
    lines: Array
    scale: Array  # (2,): length of (a, b) before normalisation, 1/px per unit of normal


def shaft_lines(eye: Eye, pose: ToolPose) -> ShaftLines | None:
    """Silhouette lines in one eye; None where the camera centre is inside the cylinder."""
    R = eye.T_eye_camera[:3, :3]
    p = transform_points(eye.T_eye_camera, pose.p_wrist)
    d = R @ pose.direction
    foot = p - (p @ d) * d
    h = float(np.linalg.norm(foot))
    ratio = 0.5 * kinematics.SHAFT_DIAMETER / h if h > 0.0 else 2.0
    if ratio >= 0.99:
        return None
    e1 = foot / h
    e2 = np.cross(d, e1)
    across = np.sqrt(1.0 - ratio**2) * e2
    normals = np.stack([ratio * e1 + across, ratio * e1 - across])
    raw = normals @ np.linalg.inv(eye.intrinsics.matrix)
    scale = np.linalg.norm(raw[:, :2], axis=1)
    return ShaftLines(normals @ R, raw / scale[:, None], scale)


def edge_contacts(eye: Eye, pose: ToolPose, lines: ShaftLines, back: Array) -> Array:
    """Points (2, N, 3) in `camera` where the tangent planes touch, `back` (N,) m before the wrist."""
    axis = pose.p_wrist - back[:, None] * pose.direction
    return axis[None] - 0.5 * kinematics.SHAFT_DIAMETER * lines.normals[:, None, :]


def shaft_span(eye: Eye, pose: ToolPose, nearest: float, reach: float) -> tuple[float, float] | None:
    """Part of the shaft axis in front of the lens, as distances (m) behind the wrist; None: none."""
    z_axis = eye.T_eye_camera[2, :3]
    depth = float(z_axis @ pose.p_wrist) + float(eye.T_eye_camera[2, 3])
    slope = float(z_axis @ pose.direction)  # depth falls by it per metre backwards
    far = reach
    if slope > 1e-6:
        far = min(far, (depth - NEAREST_DEPTH) / slope)
    return (nearest, far) if far > nearest + 1e-3 else None


def silhouette(eye: Eye, pose: ToolPose, jaw: float) -> list[Array]:
    """Convex outlines (N, 2) px of shaft and wrist-with-jaws, for masks; coarse at the wrist."""
    parts: list[Array] = []
    lines = shaft_lines(eye, pose)
    span = shaft_span(eye, pose, -0.002, 0.150)
    if lines is not None and span is not None:
        ends = eye.project(edge_contacts(eye, pose, lines, np.array(span)))
        parts.append(ends.reshape(-1, 2)[[0, 1, 3, 2]])
    p_control = pose.T_camera_tool[:3, 3]
    for tip in pose.jaw_tips(jaw):
        chain = np.stack([pose.p_wrist, p_control, tip])
        depth = chain @ eye.T_eye_camera[2, :3] + eye.T_eye_camera[2, 3]
        if depth.min() < NEAREST_DEPTH:
            continue
        radius = eye.intrinsics.fx * JAW_RADIUS / depth * np.array([1.0, 1.0, 0.5])
        circle = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
        outline = eye.project(chain)[:, None, :] + radius[:, None, None] * circle
        parts += [outline[:2].reshape(-1, 2), outline[1:].reshape(-1, 2)]
    return parts


_TURN = np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False)
