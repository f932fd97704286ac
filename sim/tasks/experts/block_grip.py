# SPDX-License-Identifier: Apache-2.0
"""Where jaws that point down close on a wall of a block."""

import numpy as np

from trocar.geometry import Array, exp_so3
from trocar.sim.objects.block import Block
from trocar.sim.tasks.experts.picking import Grip

# Jaw action, 0.46 rad: a gap of 3.8 mm at the top of a wall of 2 mm, and the inner jaw 3.1 mm from
# the wall's middle, where the peg begins at 3.4 mm or more.
NARROW = 0.65
_DEEP = 0.002  # m that tips reach below a wall's top: deeper, the wedge of the jaws closes there
_WALLS = 6


def block_grip(block: Block, T_world_block: Array, wall: int) -> Grip:
    """On a wall (0 to 5) of a block that stands upright."""
    outward = T_world_block[:3, :3] @ exp_so3([0.0, 0.0, wall * np.pi / 3.0])[:, 0]
    tip = T_world_block[:3, 3] + block.grasp_radius * outward
    tip[2] += 0.5 * block.height - _DEEP
    return Grip(tip, outward)


def wall_towards(T_world_block: Array, direction: Array) -> int:
    """The wall that looks most along a direction (3,)."""
    towards = T_world_block[:3, :3].T @ direction
    return round(float(np.arctan2(towards[1], towards[0])) / (np.pi / 3.0)) % _WALLS
