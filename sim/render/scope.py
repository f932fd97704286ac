# SPDX-License-Identifier: Apache-2.0
"""Straight and oblique endoscopes: where the camera looks for a given shaft.

Scope frame: origin at the tip's lens, z along the shaft into the body, x right, y down.  A 30 deg
scope views obliquely; turned up (+30) it sees what lies above the shaft's axis, down (-30) below.
"""

from trocar.geometry import Array, exp_so3, make_transform
from trocar.sim.render.effects import check_number

VIEW_LIMIT_DEG = 70.0  # the most oblique rigid scopes sold


def camera_of_scope(view_deg: float = 0.0, roll: float = 0.0) -> Array:
    """`T_scope_camera` (4, 4): left optical frame in the scope frame.

    view_deg: 0, 30 or -30 as sold; roll: rad, of the camera head about the shaft.
    """
    check_number("scope view_deg", view_deg, -VIEW_LIMIT_DEG, VIEW_LIMIT_DEG, "deg")
    check_number("scope roll", roll, -6.2832, 6.2832, "rad")
    turn = exp_so3([0.0, 0.0, roll]) @ exp_so3([view_deg * 3.141592653589793 / 180.0, 0.0, 0.0])
    return make_transform(turn)
