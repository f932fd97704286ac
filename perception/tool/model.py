# SPDX-License-Identifier: Apache-2.0
"""Where the instrument stands in the camera, and how its parts move with the filter's state.

State (10): xi (6) = left perturbation of T_correction at the origin of `camera`, biases of wrist
pitch, wrist yaw and jaw opening (rad), and the swell (px) by which the seen outline lies outside
the drawn one: it keeps wrong dimensions from passing for depth, stereo settles it.  Positions in
m in `camera` (left optical frame).

The shaft is a cylinder about the axis p + t d; an image bounds it by the two planes through the
camera centre that touch it.  Their unit normals satisfy n . d = 0 and n . p = r (n points into
the tool), hence, with h the distance of the axis from the camera centre, e1 its unit direction
and e2 = d x e1:

    n = (r / h) e1 +- sqrt(1 - (r / h)^2) e2,   contact at p + t d - r n.
"""

from dataclasses import dataclass

import numpy as np

from trocar import kinematics
from trocar.geometry import Array, exp_so3, make_transform, transform_points
from trocar.perception.tool import shape
from trocar.perception.tool.eye import Eye

SIZE = 10
NEAREST_DEPTH = 0.012  # m; nothing nearer to the lens is used
SHAFT_REACH = 0.10  # m of shaft considered behind the wrist


@dataclass(frozen=True)
class Part:
    """A convex part: vertices (V, 3) in `camera`; joint 0 shaft, 1 wrist, 2 jaws; side 0, +-1."""

    vertices: Array
    joint: int
    jaw_side: float = 0.0


@dataclass(frozen=True)
class ToolPose:
    """The instrument in `camera`.

    T_camera_shaft, T_camera_wrist: origin on the wrist-pitch axis; wrist_axes, wrist_origins
    (2, 3): wrist pitch and yaw; T_camera_tool: control point; jaw: opening in rad.
    """

    T_camera_shaft: Array
    T_camera_wrist: Array
    T_camera_tool: Array
    wrist_axes: Array
    wrist_origins: Array
    jaw: float

    @property
    def p_jaw_tip(self) -> Array:
        """Tip of the closed jaws (3,)."""
        return transform_points(self.T_camera_tool, [0.0, 0.0, kinematics.JAW_TIP_OFFSET])

    def parts(self, eye: Eye) -> list[Part]:
        """Convex parts as one eye sees them (the shaft's outline depends on the eye)."""
        out = [
            Part(transform_points(self.T_camera_shaft, shape.CLEVIS), 0),
            Part(transform_points(self.T_camera_wrist, shape.BODY), 1),
            Part(transform_points(self.T_camera_wrist, shape.EARS), 1),
        ]
        sleeve = self._sleeve(eye)
        if sleeve is not None:
            out.append(Part(sleeve, 0))
        half = 0.5 * self.jaw
        for side in (1.0, -1.0):
            turn = make_transform(exp_so3([-side * half, 0.0, 0.0]))
            blade = shape.JAW * np.array([1.0, side, 1.0])
            out.append(Part(transform_points(self.T_camera_tool @ turn, blade), 2, side))
        return [p for p in out if eye.depth(p.vertices).min() > NEAREST_DEPTH]

    def _sleeve(self, eye: Eye) -> Array | None:
        """Contacts of the two tangent planes at both ends of the shaft, and its front cap."""
        normals = self.shaft_normals(eye)
        d = self.T_camera_shaft[:3, 2]
        p = self.T_camera_shaft[:3, 3]
        slope = float(eye.T_eye_camera[2, :3] @ d)  # depth lost per metre backwards
        far = SHAFT_REACH
        if slope > 1e-6:
            far = min(far, (float(eye.depth(p)) - NEAREST_DEPTH - 0.005) / slope)
        if normals is None or far < 0.010:
            return None
        ends = p + np.array([[-far], [shape.SLEEVE_END]]) * d
        contacts = ends[None] - shape.RADIUS * normals[:, None, :]
        cap = transform_points(self.T_camera_shaft, shape.SLEEVE_CAP)
        return np.concatenate([contacts.reshape(-1, 3), cap])

    def shaft_normals(self, eye: Eye) -> Array | None:
        """Normals (2, 3) of the planes that touch the shaft, in `camera`; None: lens inside it."""
        R = eye.T_eye_camera[:3, :3]
        p = transform_points(eye.T_eye_camera, self.T_camera_shaft[:3, 3])
        d = R @ self.T_camera_shaft[:3, 2]
        foot = p - (p @ d) * d
        h = float(np.linalg.norm(foot))
        if h <= shape.RADIUS / 0.99:
            return None
        e1 = foot / h
        ratio = shape.RADIUS / h
        across = np.sqrt(1.0 - ratio**2) * np.cross(d, e1)
        return np.stack([ratio * e1 + across, ratio * e1 - across]) @ R

    def point_jacobian(self, x: Array, joint: int, jaw_side: float = 0.0) -> Array:
        """Motion (N, 3, 10) of points (N, 3) of a part with the state."""
        J = np.zeros((len(x), 3, SIZE))
        J[:, [0, 1, 2], [0, 1, 2]] = 1.0
        # omega x X = -skew(X) omega
        J[:, 0, 4], J[:, 0, 5] = x[:, 2], -x[:, 1]
        J[:, 1, 3], J[:, 1, 5] = -x[:, 2], x[:, 0]
        J[:, 2, 3], J[:, 2, 4] = x[:, 1], -x[:, 0]
        for k in range(joint):
            J[:, :, 6 + k] = np.cross(self.wrist_axes[k], x - self.wrist_origins[k])
        if jaw_side:
            axis = -0.5 * jaw_side * self.T_camera_tool[:3, 0]
            J[:, :, 8] = np.cross(axis, x - self.T_camera_tool[:3, 3])
        return J


def _frame(z: Array, y: Array, origin: Array) -> Array:
    return make_transform(np.stack([np.cross(y, z), y, z], axis=1), origin)


def pose_tool(T_camera_base: Array, q: Array, jaw: float, bias: Array) -> ToolPose:
    """Instrument whose base stands at `T_camera_base`, for joints q (6,) and jaw (rad).

    The first three of bias are added to wrist pitch, wrist yaw and jaw.
    """
    q = np.array(q, dtype=float)
    q[4:6] += bias[:2]
    frames = T_camera_base @ np.asarray(kinematics.link_frames(q))
    T_yaw, T_tool = frames[5], frames[6]
    p_pitch = frames[4, :3, 3]
    x_wrist = T_tool[:3, 0]  # wrist-yaw axis, up to sign the z of DH row 6
    z_wrist = T_yaw[:3, 3] - p_pitch
    z_wrist = z_wrist / np.linalg.norm(z_wrist)
    y_wrist = np.cross(z_wrist, x_wrist)
    return ToolPose(
        _frame(frames[3, :3, 2], y_wrist, p_pitch),
        _frame(z_wrist, y_wrist, p_pitch),
        T_tool,
        frames[4:6, :3, 2],  # a joint turns about z of its own frame (modified DH)
        frames[4:6, :3, 3],
        max(jaw + float(bias[2]), 0.0),  # closed steel does not pass through itself
    )
