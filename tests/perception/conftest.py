# SPDX-License-Identifier: Apache-2.0
"""A small world with exact truth: a textured, curved, breathing sheet seen by any stereo rig.

It shares no code with the simulator or the renderer, so that a test of perception does not
inherit their mistakes.  All in the left camera frame, m.
"""

import cv2
import numpy as np
import pytest

from trocar.camera import Intrinsics, StereoRig
from trocar.estimates import StereoFrame
from trocar.geometry import inverse, make_transform, transform_points

EYE = Intrinsics(640, 480, 560.0, 560.0, 319.5, 239.5)
IDEAL_RIG = StereoRig(EYE, EYE, make_transform(translation=np.array([0.00414, 0.0, 0.0])))
DEPTH = 0.07
_SIDE, _TEXELS = 0.14, 1400
_STEP = 4  # px between exact rays; linear in between is good to 0.005 px


def make_texture(seed):
    rng = np.random.default_rng(seed)
    shade = np.zeros((_TEXELS, _TEXELS), np.float32)
    for sigma, weight in ((40, 1.0), (15, 0.8), (6, 0.7), (2.5, 0.5)):
        layer = cv2.GaussianBlur(rng.standard_normal(shade.shape).astype(np.float32), (0, 0), sigma)
        shade += weight * layer / layer.std()
    shade /= shade.std()
    return np.stack([150 + 22 * shade, 80 + 18 * shade, 75 + 15 * shade], axis=-1)


class World:
    """Material points are named by (X, Y); `position` says where they are at time t."""

    def __init__(self, seed=0, rig=IDEAL_RIG, noise=3.0):
        self.rig, self.noise = rig, noise
        self._texture = make_texture(seed)
        self._rng = np.random.default_rng(seed + 1)

    def position(self, X, Y, t):
        breath = 0.5 - 0.5 * np.cos(2 * np.pi * 0.25 * t)
        bump = np.exp(-((X - 0.005) ** 2 + Y**2) / (2 * 0.03**2))
        x = X + 0.003 * breath * bump + 0.001 * t / 10
        y = Y + 0.001 * breath * bump
        z = DEPTH + 0.05 * Y + 0.002 * np.sin(X / 0.01) - 0.005 * breath * bump
        return np.stack([x, y, z], axis=-1)

    def normal(self, X, Y, t, h=1e-5):
        along_x = self.position(X + h, Y, t) - self.position(X - h, Y, t)
        along_y = self.position(X, Y + h, t) - self.position(X, Y - h, t)
        n = np.cross(along_y, along_x)
        return n / np.linalg.norm(n, axis=-1, keepdims=True)

    def material(self, uv, t, eye="left"):
        """(X, Y) of the points seen at raw pixels uv (N, 2)."""
        intrinsics, T = self._eye(eye)
        xy = cv2.undistortPoints(
            np.asarray(uv, dtype=float).reshape(-1, 1, 2),
            intrinsics.matrix,
            np.array(intrinsics.distortion),
            criteria=(3, 50, 1e-10),
        ).reshape(-1, 2)
        ray = np.column_stack([xy, np.ones(len(xy))]) @ T[:3, :3].T
        origin = T[:3, 3]
        X, Y = (origin + DEPTH * ray)[:, :2].T
        for _ in range(25):
            p = self.position(X, Y, t)
            hit = origin + ((p[:, 2] - origin[2]) / ray[:, 2])[:, None] * ray
            X, Y = X + hit[:, 0] - p[:, 0], Y + hit[:, 1] - p[:, 1]
        return X, Y

    def project(self, p, eye="left"):
        """Raw pixels (N, 2) of points (N, 3)."""
        intrinsics, T = self._eye(eye)
        uv, _ = cv2.projectPoints(
            transform_points(inverse(T), p),
            np.zeros(3),
            np.zeros(3),
            intrinsics.matrix,
            np.array(intrinsics.distortion),
        )
        return uv.reshape(-1, 2)

    def _eye(self, eye):
        return (
            (self.rig.left, np.eye(4)) if eye == "left" else (self.rig.right, self.rig.T_left_right)
        )

    def picture(self, t, eye):
        intrinsics = self._eye(eye)[0]
        columns = np.arange(0, intrinsics.width + _STEP, _STEP, dtype=float)
        rows = np.arange(0, intrinsics.height + _STEP, _STEP, dtype=float)
        u, v = np.meshgrid(columns, rows)
        X, Y = self.material(np.stack([u.ravel(), v.ravel()], axis=1), t, eye)
        z = self.position(X, Y, t)[:, 2]
        fine_u, fine_v = np.meshgrid(
            np.arange(intrinsics.width, dtype=np.float32) / _STEP,
            np.arange(intrinsics.height, dtype=np.float32) / _STEP,
        )
        X, Y, z = (
            cv2.remap(a.reshape(u.shape).astype(np.float32), fine_u, fine_v, cv2.INTER_LINEAR)
            for a in (X, Y, z)
        )
        scale = _TEXELS / _SIDE
        texels = [((a + _SIDE / 2) * scale).astype(np.float32) for a in (X, Y)]
        colour = cv2.remap(self._texture, *texels, cv2.INTER_CUBIC)
        # the light moves with the lens: brightness falls with distance and towards the rim
        offset = np.hypot(4 * fine_u - 319.5, 4 * fine_v - 239.5) / 560
        light = 1.1 * (DEPTH / z) ** 2 * np.exp(-1.2 * offset**2)
        grain = self._rng.standard_normal(colour.shape, dtype=np.float32) * self.noise
        return np.clip(colour * light[..., None] + grain, 0, 255).astype(np.uint8)

    def frame(self, t):
        pictures = [self.picture(t, eye) for eye in ("left", "right")]
        return StereoFrame(round(t * 1e9) + 1, *pictures)

    def bar(self, centre_px, eye, depth=0.04):
        """Truth mask of a slanted instrument, its top at column centre_px of the left eye."""
        eye_px = centre_px - (EYE.fx * self.rig.baseline / depth if eye == "right" else 0.0)
        corners = [(-60, -10), (60, -10), (160, 490), (40, 490)]
        mask = np.zeros((480, 640), np.uint8)
        cv2.fillPoly(mask, [np.array([(eye_px + u, v) for u, v in corners], np.int32)], 1)
        return mask > 0


def with_bar(world, frame, centre_px):
    """The frame with a grey instrument before it, and both true masks."""
    pictures, masks = [], []
    for eye, picture in (("left", frame.left_rgb), ("right", frame.right_rgb)):
        mask = world.bar(centre_px, eye)
        covered = picture.copy()
        covered[mask] = (90, 92, 95)
        covered[mask & (np.indices(mask.shape)[0] % 40 < 3)] = (160, 160, 165)  # it has features
        pictures.append(covered)
        masks.append(mask)
    return StereoFrame(frame.stamp_ns, *pictures), *masks


@pytest.fixture(scope="session")
def ideal_rig():
    return IDEAL_RIG


@pytest.fixture(scope="session")
def make_world():
    return World


@pytest.fixture(scope="session")
def cover():
    return with_bar


@pytest.fixture(scope="session")
def clip():
    """45 frames at 15 Hz of one world, rendered once: (world, frames)."""
    world = World(seed=3)
    return world, [world.frame(k / 15) for k in range(45)]
