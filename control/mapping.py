# SPDX-License-Identifier: Apache-2.0
"""Relative mapping of a master to an instrument: offsets latched at engagement.

p = p_slave0 + scale (p_master - p_master0);  R = (R_master R_master0^T) R_slave0,
all in camera axes: turning the hand about the picture's x axis turns the instrument about
the picture's x axis whatever either's orientation was.  Translation is scaled, rotation never
(dVRK teleoperation: reference dvrk_crtk.md, 3.1).  At engagement the result is the slave's own
pose, for any scale and any orientation.
"""

import numpy as np

from trocar.geometry import Array, make_transform


class RelativeMapping:
    """Latched offsets between a master pose and a slave pose, both (4, 4) in the camera."""

    def __init__(self, T_camera_master: Array, T_camera_slave: Array, scale: float) -> None:
        """Latch: from here on `map` is relative to these two poses."""
        self._master0 = np.array(T_camera_master, dtype=float)
        self._slave0 = np.array(T_camera_slave, dtype=float)
        self.scale = scale

    def map(self, T_camera_master: Array) -> Array:
        """Pose (4, 4) of the slave in the camera for this pose of the master."""
        R_moved = T_camera_master[:3, :3] @ self._master0[:3, :3].T
        dp = T_camera_master[:3, 3] - self._master0[:3, 3]
        return make_transform(R_moved @ self._slave0[:3, :3], self._slave0[:3, 3] + self.scale * dp)

    def rescale(self, T_camera_master: Array, scale: float) -> None:
        """Change the scale without moving the slave."""
        if scale != self.scale:
            self._slave0 = self.map(T_camera_master)
            self._master0 = np.array(T_camera_master, dtype=float)
            self.scale = scale

    def pull_to(self, T_camera_master: Array, T_camera_slave: Array) -> None:
        """Latch again where the slave could not follow: no wind-up, the way back starts at once."""
        self._master0 = np.array(T_camera_master, dtype=float)
        self._slave0 = np.array(T_camera_slave, dtype=float)
