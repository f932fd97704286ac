# SPDX-License-Identifier: Apache-2.0
"""Where jaws that point down close on a needle that lies flat."""

import numpy as np

from trocar.geometry import Array, transform_points
from trocar.sim.objects.needle import Needle
from trocar.sim.tasks.experts.picking import Grip

_BELOW = 0.0003  # m: how far tips reach below the wire's middle; 0.2 mm off what it lies on


def needle_grip(needle: Needle, T_world_needle: Array, share: float) -> Grip:
    """Across the wire at a share of its arc."""
    tangent = T_world_needle[:3, :3] @ needle.tangent(share)
    tip = transform_points(T_world_needle, needle.point(share)) - [0.0, 0.0, _BELOW]
    return Grip(tip, np.array([-tangent[1], tangent[0], 0.0]))
