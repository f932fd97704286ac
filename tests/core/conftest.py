# SPDX-License-Identifier: Apache-2.0
"""Oracle of the core's tests: the PSM as a Pinocchio model, built from the DH table.

Modified DH rows (alpha, a, d, theta offset); row 3 slides along its z.  The jaw turns about
the z of row 6.  SI units; Pinocchio's spatial vectors are (linear, angular), like ours.
"""

from collections.abc import Callable

import numpy as np
import pytest

from trocar import _core

_H = 0.5 * np.pi
DH_ROWS = (
    (_H, 0.0, 0.0, _H),
    (-_H, 0.0, 0.0, -_H),
    (_H, 0.0, -0.4318, 0.0),
    (0.0, 0.0, 0.4162, 0.0),
    (-_H, 0.0, 0.0, -_H),
    (-_H, 0.0091, 0.0, -_H),
    (0.0, 0.0, 0.0, 0.0),  # the jaw
)
_R_YAW_TOOL = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]])
_PRISMATIC = 2


class PinocchioPsm:
    """Six joints and the jaw; the parameters only matter to the dynamics."""

    def __init__(self, parameters: _core.DynamicParameters) -> None:
        """Build the chain and its masses; needs `pin`, a test dependency."""
        import pinocchio as pin
        from pinocchio.utils import rotate

        self.pin = pin
        self.model = pin.Model()
        joint = 0
        for i, (alpha, a, d, theta) in enumerate(DH_ROWS):
            kind = pin.JointModelPZ() if i == _PRISMATIC else pin.JointModelRZ()
            first = pin.SE3(rotate("x", alpha), np.array([a, 0.0, 0.0]))
            second = pin.SE3(rotate("z", theta), np.array([0.0, 0.0, d]))
            joint = self.model.addJoint(joint, kind, first * second, f"axis{i + 1}")
            xy, xz, yz = parameters.products[i]
            inertia = np.diag(parameters.inertia[i])
            inertia += np.array([[0.0, xy, xz], [xy, 0.0, yz], [xz, yz, 0.0]])
            body = pin.Inertia(parameters.mass[i], parameters.com[i].copy(), inertia)
            self.model.appendBodyToJoint(joint, body, pin.SE3.Identity())
        tool = pin.SE3(_R_YAW_TOOL, np.zeros(3))
        self.tool = self.model.addFrame(pin.Frame("tool", 6, 0, tool, pin.FrameType.OP_FRAME))
        self.model.gravity.linear = parameters.gravity_base.copy()
        self.model.armature = parameters.armature.copy()
        self.data = self.model.createData()

    def frames(self, q: np.ndarray) -> np.ndarray:
        """Rows 1..6 and the tool frame (7, 4, 4) of joints q (6,)."""
        self.pin.framesForwardKinematics(self.model, self.data, np.append(q, 0.0))
        rows = [self.data.oMi[i].homogeneous for i in range(1, 7)]
        return np.array([*rows, self.data.oMf[self.tool].homogeneous])

    def fk(self, q: np.ndarray) -> np.ndarray:
        """T_base_cp (4, 4)."""
        return self.frames(q)[-1]

    def jacobian(self, q: np.ndarray) -> np.ndarray:
        """Jacobian (6, 6) at the control point, base axes."""
        q = np.append(q, 0.0)
        axes = self.pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
        return self.pin.computeFrameJacobian(self.model, self.data, q, self.tool, axes)[:, :6]

    def inverse_dynamics(self, q: np.ndarray, qd: np.ndarray, qdd: np.ndarray) -> np.ndarray:
        """Effort (7,), armature included."""
        return self.pin.rnea(self.model, self.data, q, qd, qdd)

    def gravity_torque(self, q: np.ndarray) -> np.ndarray:
        """Effort (7,) against gravity."""
        return self.pin.computeGeneralizedGravity(self.model, self.data, q)

    def mass_matrix(self, q: np.ndarray) -> np.ndarray:
        """Mass matrix (7, 7), both triangles, armature included."""
        upper = np.triu(self.pin.crba(self.model, self.data, q))
        return upper + np.triu(upper, 1).T


@pytest.fixture(scope="session")
def pinocchio_psm() -> Callable[[_core.DynamicParameters], PinocchioPsm]:
    """The oracle for given parameters."""
    return PinocchioPsm
