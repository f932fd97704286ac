# SPDX-License-Identifier: Apache-2.0
"""The PSM as URDF, for the peers that read nothing else; made from the core's own link frames."""

import numpy as np

from trocar import _core
from trocar.geometry import Array

NAMES = ("yaw", "pitch", "insertion", "roll", "wrist_pitch", "wrist_yaw")
PRISMATIC = "insertion"


def psm_urdf(base_inertia: bool = False) -> str:
    """Links base, yaw .. wrist_yaw, tool; every joint turns about or slides along its z.

    KDL wants a base without inertia, PyBullet one with.
    """
    frames = np.asarray(_core.psm_link_frames(np.zeros(6)))
    previous = np.eye(4)
    parts = ['<robot name="psm">', link("base") if base_inertia else '<link name="base"/>']
    parent = "base"
    for i, name in enumerate((*NAMES, "tool")):
        origin = origin_tag(np.linalg.inv(previous) @ frames[i])
        previous = frames[i]
        kind, more = "fixed", ""
        if name != "tool":
            kind = "prismatic" if name == PRISMATIC else "revolute"
            more = f'<axis xyz="0 0 1"/><limit lower="{_core.Q_MIN[i]:.17g}"'
            more += f' upper="{_core.Q_MAX[i]:.17g}" effort="{_core.EFFORT_MAX[i]:.17g}"'
            more += f' velocity="{_core.VELOCITY_MAX[i]:.17g}"/>'
        parts.append(link(name))
        parts.append(
            f'<joint name="{name}_joint" type="{kind}"><parent link="{parent}"/>'
            f'<child link="{name}"/>{origin}{more}</joint>'
        )
        parent = name
    return "\n".join([*parts, "</robot>"])


def link(name: str) -> str:
    """A link with an inertia that the IK does not use but some readers insist on."""
    inertia = '<inertia ixx="1e-4" iyy="1e-4" izz="1e-4" ixy="0" ixz="0" iyz="0"/>'
    return f'<link name="{name}"><inertial><mass value="0.1"/>{inertia}</inertial></link>'


def origin_tag(T: Array) -> str:
    """The <origin> of a transform (4, 4): xyz, and rpy about the fixed axes x, y, z."""
    R = T[:3, :3]
    pitch = np.arcsin(np.clip(-R[2, 0], -1.0, 1.0))
    if abs(R[2, 0]) < 1.0 - 1e-12:
        roll, yaw = np.arctan2(R[2, 1], R[2, 2]), np.arctan2(R[1, 0], R[0, 0])
    else:  # looking along z: only roll -+ yaw is defined, take yaw = 0
        roll, yaw = np.arctan2(-R[1, 2], R[1, 1]), 0.0
    xyz = " ".join(f"{value:.17g}" for value in T[:3, 3])
    rpy = " ".join(f"{value:.17g}" for value in (roll, pitch, yaw))
    return f'<origin xyz="{xyz}" rpy="{rpy}"/>'
