# SPDX-License-Identifier: Apache-2.0
"""Serial-chain PSM1 as a URDF: seven movable joints (R R P R R R + jaw) on the DH frames.

Link frames are those of `trocar.kinematics` (one per DH row, then the jaw = row 6 turned about
its z), so PyBullet's joint vector is q itself.  Masses, centres and inertias come from
`_core.DynamicParameters`; no collision shapes.

A URDF has no armature: numpy_mechanics.py adds it, so no figure here contains it.
"""

import hashlib
import math
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from trocar import _core
from trocar.geometry import Array, inverse
from trocar.kinematics import JAW_NAME, JOINT_NAMES, link_frames

from .numpy_mechanics import STOP_MARGIN

AXIS_NAMES = (*JOINT_NAMES, JAW_NAME)
PRISMATIC = 2  # the insertion
_URDF_MARGIN = 2.0  # the oracle holds its stops itself: Bullet's stand this many margins out


def joint_frames() -> list[Array]:
    """T_parent_link (4, 4) of the seven links at q = 0, parent of the first = base."""
    frames = np.asarray(link_frames(np.zeros(6)))[:6]
    parents = [np.eye(4), *frames[:5]]
    local = [inverse(T_base_parent) @ T for T_base_parent, T in zip(parents, frames)]
    return [*local, np.eye(4)]


def psm_urdf(parameters: _core.DynamicParameters, T_world_base: Array, name: str = "PSM1") -> str:
    """URDF text of a PSM with the given masses, centres and inertias (DH frame).

    The base's pose is a fixed joint of the model (joint 0; axis i is joint i + 1): Bullet's inverse
    dynamics leaves the pose of a fixed base body out, and gravity would come from the wrong side.
    """
    parts = [f'<?xml version="1.0"?>\n<robot name="{name}">', _base(T_world_base)]
    parent = "base"
    for i, (axis, T_parent_link) in enumerate(zip(AXIS_NAMES, joint_frames())):
        inertia = np.append(parameters.inertia[i], parameters.products[i])
        parts.append(_link(axis, parameters.mass[i], parameters.com[i], inertia))
        parts.append(_joint(i, parent, T_parent_link))
        parent = f"{axis}_link"
    return "\n".join([*parts, "</robot>", ""])


def write_urdf(text: str, folder: Path) -> Path:
    """Write under a name that holds the content's hash: PyBullet caches files by name."""
    path = folder / f"psm_{hashlib.sha256(text.encode()).hexdigest()[:16]}.urdf"
    path.write_text(text)
    return path


def _text(values: ArrayLike) -> str:
    return " ".join(f"{v:.17g}" for v in np.asarray(values, dtype=float))


def _base(T_world_base: Array) -> str:
    """World and base link; their masses (1 kg) carry nothing, but zero is refused."""
    inertial = """<inertial><mass value="1"/>
<inertia ixx="1" ixy="0" ixz="0" iyy="1" iyz="0" izz="1"/></inertial>"""
    return f"""<link name="world">{inertial}</link><link name="base">{inertial}</link>
<joint name="placement" type="fixed"><parent link="world"/><child link="base"/>
{_origin(T_world_base)}</joint>"""


def _origin(T_parent_link: Array) -> str:
    xyz, rpy = _text(T_parent_link[:3, 3]), _text(_rpy(T_parent_link[:3, :3]))
    return f'<origin xyz="{xyz}" rpy="{rpy}"/>'


def _rpy(rotation: Array) -> tuple[float, float, float]:
    """URDF angles, R = Rz(yaw) Ry(pitch) Rx(roll); exact at pitch = +-90 deg too."""
    c = math.hypot(rotation[0, 0], rotation[1, 0])
    pitch = math.atan2(-rotation[2, 0], c)
    if c < 1e-9:  # only roll -+ yaw is defined there
        return math.atan2(-rotation[1, 2], rotation[1, 1]), pitch, 0.0
    roll = math.atan2(rotation[2, 1], rotation[2, 2])
    return roll, pitch, math.atan2(rotation[1, 0], rotation[0, 0])


def _link(axis: str, mass: float, com: ArrayLike, inertia: ArrayLike) -> str:
    ixx, iyy, izz, ixy, ixz, iyz = (f"{v:.17g}" for v in np.asarray(inertia, dtype=float))
    return f"""<link name="{axis}_link"><inertial><origin xyz="{_text(com)}" rpy="0 0 0"/>
<mass value="{mass:.17g}"/>
<inertia ixx="{ixx}" ixy="{ixy}" ixz="{ixz}" iyy="{iyy}" iyz="{iyz}" izz="{izz}"/></inertial>
</link>"""


def _joint(i: int, parent: str, T_parent_link: Array) -> str:
    kind = "prismatic" if i == PRISMATIC else "revolute"
    lower = _core.Q_MIN[i] - _URDF_MARGIN * STOP_MARGIN[i]
    upper = _core.Q_MAX[i] + _URDF_MARGIN * STOP_MARGIN[i]
    limit = f'lower="{lower:.17g}" upper="{upper:.17g}" effort="{_core.EFFORT_MAX[i]:.17g}"'
    return f"""<joint name="{AXIS_NAMES[i]}" type="{kind}"><parent link="{parent}"/>
<child link="{AXIS_NAMES[i]}_link"/><axis xyz="0 0 1"/>
{_origin(T_parent_link)}
<limit {limit} velocity="100"/>
</joint>"""
