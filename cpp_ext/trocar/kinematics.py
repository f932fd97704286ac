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
IkBranch = _core.IkBranch
forward_kinematics = _core.psm_fk
link_frames = _core.psm_link_frames
jacobian = _core.psm_jacobian
jacobian_rate = _core.psm_jacobian_rate
inverse_kinematics = _core.psm_ik
nearest_pose = _core.psm_nearest_pose
forward_kinematics_batch = _core.psm_fk_batch
jacobian_batch = _core.psm_jacobian_batch
inverse_kinematics_batch = _core.psm_ik_batch
