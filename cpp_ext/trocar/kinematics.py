# SPDX-License-Identifier: Apache-2.0
"""PSM kinematics for every room: a thin face of the compiled core.

Joint vectors q (6,) are yaw, pitch (rad), insertion (m), roll, wrist_pitch,
wrist_yaw (rad).  The base frame's origin is the RCM.  The *control point* lies on
the wrist-yaw axis (dVRK convention); the *jaw tip* is `JAW_TIP_OFFSET` further
along the tool's z axis (Large Needle Driver; reference: dVRK model, tip family 006).
"""

import numpy as np

from trocar import _core
from trocar.geometry import Array, make_transform

JOINT_NAMES = ("yaw", "pitch", "insertion", "roll", "wrist_pitch", "wrist_yaw")
JAW_NAME = "jaw"
JAW_TIP_OFFSET = 0.0102  # m
SHAFT_DIAMETER = 0.00835  # m
T_CONTROL_POINT_JAW_TIP: Array = make_transform(translation=np.array([0.0, 0.0, JAW_TIP_OFFSET]))

IkStatus = _core.IkStatus
forward_kinematics = _core.psm_fk
link_frames = _core.psm_link_frames
jacobian = _core.psm_jacobian
inverse_kinematics = _core.psm_ik
