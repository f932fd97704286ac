# SPDX-License-Identifier: Apache-2.0
"""Stereo gives the target's place; Newton's method gives the joints that centre it."""

from collections.abc import Iterator

import numpy as np

from trocar.geometry import Array, inverse, transform_points
from trocar.sim.scene import ecm_model
from trocar.sim.tasks.camera_action import CAMERA_STEP
from trocar.sim.tasks.experts.expert import Expert

_ROUNDS = 20


class EcmTargetExpert(Expert):
    """Looks, computes, goes; looks again."""

    def script(self) -> Iterator[Array]:
        """One movement, corrected at every step."""
        while True:
            eyes, q = self.extra[:4], self.extra[4:]
            baseline = self.task.scene.rig.baseline
            depth = baseline / (eyes[0] - eyes[2])
            p_camera = np.array([eyes[0] * depth, eyes[1] * depth, depth])
            p_base = transform_points(ecm_model().fk(q), p_camera)
            wanted = _joints_that_see(q, p_base, self.goal)
            yield np.clip((wanted - q) / CAMERA_STEP, -1.0, 1.0)


def _joints_that_see(q: Array, p_base: Array, p_camera: Array) -> Array:
    """Joints (4,), the roll as it is, for which a point p_base (3,) is at p_camera (3,)."""
    chain = ecm_model().chain
    q = q.copy()
    for _ in range(_ROUNDS):
        T = ecm_model().fk(q)
        seen = transform_points(inverse(T), p_base)
        J = chain.jacobian(q)[:, :3]  # of the camera, base axes
        R = T[:3, :3].T
        # The point stands still: in the camera it moves against the camera's own motion.
        arm = p_base - T[:3, 3]
        rate = np.stack([-R @ (J[:3, k] + np.cross(J[3:, k], arm)) for k in range(3)], axis=1)
        q[:3] += np.linalg.lstsq(rate, p_camera - seen, rcond=None)[0]
        q[:3] = np.clip(q[:3], chain.q_min[:3], chain.q_max[:3])
    return q
