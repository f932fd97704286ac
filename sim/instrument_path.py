# SPDX-License-Identifier: Apache-2.0
"""The second instrument: moved on a path, no controller; it hides the work point once a pass.

Its jaw tip sweeps in y across the camera's line of sight, `height` above the resting tissue, and
draws back towards +x on the side where PSM1's shaft is (PSM1 comes from -x, +y).  The shaft
pivots about a fixed RCM of its own.  The sense of the sweep comes from the seed: -1 runs the same
path backwards.  World frame, m, s; the wrist stays straight.
"""

import numpy as np

from trocar.geometry import Array, make_transform
from trocar.kinematics import JAW_TIP_OFFSET
from trocar.sim.scene_parameters import InstrumentParameters

RCM_WORLD: Array = np.array([0.13, 0.0, 0.085])  # m; a port mirrored from PSM1's, lower
JAW_ANGLE = 0.2  # rad, slightly open
_SWEEP = (-0.042, 0.030)  # m, of the tip across the line of sight: from out of view to out of view
_DRAW_BACK_FROM = 0.003  # m; past the line of sight the tip starts to leave
_DRAW_BACK_SLOPE = 2.2  # m of x per m of y: keeps clear of PSM1's shaft (tested)
_CORNER = 0.002  # m; rounds the turn between the two


class InstrumentPath:
    """Poses of the second instrument's control point in the world, by time since a pass began."""

    def __init__(self, parameters: InstrumentParameters, T_world_camera: Array, sense: int) -> None:
        """`sense` +1 sweeps towards +y, -1 towards -y."""
        self.duration_s = parameters.duration_s
        self._height = parameters.height
        self._reach = parameters.reach
        self._sense = sense
        eye = T_world_camera[:3, 3]
        self._y_sight = eye[1] * parameters.height / eye[2]  # line of sight to the world's origin

    def pose(self, since_start_s: float) -> Array | None:
        """T_world_cp (4, 4), or None while the instrument is out of the cavity."""
        if not 0.0 <= since_start_s <= self.duration_s:
            return None
        s = since_start_s / self.duration_s
        s = s if self._sense > 0 else 1.0 - s
        d = _SWEEP[0] + (_SWEEP[1] - _SWEEP[0]) * s
        draw_back = _DRAW_BACK_SLOPE * _CORNER * np.logaddexp(0.0, (d - _DRAW_BACK_FROM) / _CORNER)
        tip = np.array([draw_back - self._reach, self._y_sight + d, self._height])
        z = tip - RCM_WORLD
        z /= np.linalg.norm(z)
        x = np.array([0.0, 1.0, 0.0]) - z[1] * z  # jaws open across the sweep
        x /= np.linalg.norm(x)
        rotation = np.stack([x, np.cross(z, x), z], axis=1)
        return make_transform(rotation, tip - JAW_TIP_OFFSET * z)
