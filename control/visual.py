# SPDX-License-Identifier: Apache-2.0
"""The `visual/*` frame: poses as the camera sees them, by one latched correction both ways.

A client that sends a published set-point back means "stay", but the correction may have
moved between the two.  So every published set-point is remembered with the correction it was
published with: a command equal to one of them is that set-point, and any other command is read
with the correction that was latched at its stamp.
"""

from collections import deque

import numpy as np

from trocar.control.registration import Registration
from trocar.geometry import Array, inverse

NS = 1_000_000_000
_SAME = 1e-6  # m and matrix entries; a message keeps 1e-16, a client's own maths 1e-9


class VisualFrame:
    """Poses of one arm's control point in the camera, corrected; all (4, 4)."""

    def __init__(self, registration: Registration, memory_s: float = 0.5) -> None:
        """`memory_s`: how long a published set-point is recognised."""
        self._registration = registration
        self._memory_ns = int(memory_s * NS)
        self._published: deque[tuple[int, Array, Array]] = deque()

    def _T_camera_base(self, T_correction: Array) -> Array:
        return T_correction @ self._registration.T_camera_base_nominal

    def publish(self, T_base_cp: Array) -> Array:
        """T_camera_cp of a measured pose, by the correction latched now."""
        return self._T_camera_base(self._registration.T_correction) @ T_base_cp

    def publish_setpoint(self, T_base_cp: Array, now_ns: int) -> Array:
        """T_camera_cp of the set-point, remembered so that its echo moves nothing."""
        T_camera_cp = self.publish(T_base_cp)
        self._published.append((now_ns, T_camera_cp, np.array(T_base_cp, dtype=float)))
        while self._published[0][0] < now_ns - self._memory_ns:
            self._published.popleft()
        return T_camera_cp

    def command(self, T_camera_cp: Array, stamp_ns: int, now_ns: int) -> Array:
        """T_base_cp of a command; `stamp_ns` 0 = arrival."""
        for published_ns, T_published, T_base_cp in reversed(self._published):
            if published_ns < now_ns - self._memory_ns:
                break
            if np.abs(T_published - T_camera_cp).max() < _SAME:
                return T_base_cp.copy()
        T_correction = self._registration.T_correction_at(stamp_ns or now_ns)
        return inverse(self._T_camera_base(T_correction)) @ T_camera_cp
