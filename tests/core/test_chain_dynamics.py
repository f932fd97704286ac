# SPDX-License-Identifier: Apache-2.0
"""Dynamics of random chains of both joint types, of 1 to 8 joints, against Pinocchio (1e-9)."""

import numpy as np
import pytest

from trocar import _core
from trocar.geometry import exp_so3, make_transform


def random_chain(random, n):
    """Arguments of ChainDynamics."""
    frames = [
        make_transform(exp_so3(random.normal(size=3)), random.uniform(-0.4, 0.4, 3))
        for _ in range(n)
    ]
    bodies = random.normal(size=(n, 3, 3)) * 0.1
    return {
        "is_prismatic": random.random(n) < 0.35,
        "T_parent_joint": np.array(frames),
        "mass": random.uniform(0.1, 3.0, n),
        "com": random.uniform(-0.1, 0.1, (n, 3)),
        "inertia": bodies @ bodies.transpose(0, 2, 1) + 0.01 * np.eye(3),
        "armature": random.uniform(0.0, 0.02, n),
        "gravity_base": 9.81 * random.normal(size=3),
    }


def pinocchio_model(chain):
    import pinocchio as pin

    model = pin.Model()
    joint = 0
    for i, slides in enumerate(chain["is_prismatic"]):
        kind = pin.JointModelPZ() if slides else pin.JointModelRZ()
        joint = model.addJoint(joint, kind, pin.SE3(chain["T_parent_joint"][i]), f"joint{i}")
        body = pin.Inertia(chain["mass"][i], chain["com"][i], chain["inertia"][i])
        model.appendBodyToJoint(joint, body, pin.SE3.Identity())
    model.gravity.linear = chain["gravity_base"]
    model.armature = chain["armature"]
    return pin, model, model.createData()


@pytest.mark.parametrize("n", range(1, 9))
def test_agrees_with_pinocchio(n):
    random = np.random.default_rng(100 + n)
    for _ in range(20):
        chain = random_chain(random, n)
        ours = _core.ChainDynamics(**chain)
        pin, model, data = pinocchio_model(chain)
        for _ in range(10):
            q, qd, qdd = random.uniform(-2.0, 2.0, (3, n))
            upper = np.triu(pin.crba(model, data, q))
            M = upper + np.triu(upper, 1).T
            C = pin.computeCoriolisMatrix(model, data, q, qd)
            for mine, theirs in (
                (ours.inverse_dynamics(q, qd, qdd), pin.rnea(model, data, q, qd, qdd)),
                (ours.gravity_torque(q), pin.computeGeneralizedGravity(model, data, q)),
                (ours.mass_matrix(q), M),
                (ours.momentum(q, qd), M @ qd),
                (ours.coriolis_transpose(q, qd), C.T @ qd),
            ):
                np.testing.assert_allclose(mine, theirs, rtol=0.0, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"is_prismatic": []}, r"is_prismatic has shape \(0,\), allowed \(n,\) with n 1 to 8"),
        ({"is_prismatic": [0] * 9}, r"is_prismatic has shape \(9,\)"),
        ({"mass": [1.0]}, r"mass has shape \(1,\), allowed \(2,\)"),
        ({"mass": [1.0, np.nan]}, r"link 1: .* must be finite"),
        ({"mass": [-1.0, 1.0]}, r"link 0: .* the mass >= 0"),
        ({"com": np.zeros((3, 2))}, r"com has shape \(3, 2\), allowed \(2, 3,\)"),
        ({"inertia": np.full((2, 3, 3), np.inf)}, r"link 0"),
        ({"inertia": np.arange(18.0).reshape(2, 3, 3)}, r"symmetric"),
        ({"T_parent_joint": np.zeros((2, 4, 4))}, "finite rigid transforms"),
        ({"armature": [0.0, -1.0]}, "armature must be finite and >= 0"),
        ({"gravity_base": [0.0, np.nan, 0.0]}, "gravity_base finite"),
    ],
)
def test_bad_chains_are_refused_in_one_line(change, message):
    good = random_chain(np.random.default_rng(1), 2)
    _core.ChainDynamics(**good)
    with pytest.raises(ValueError, match=message) as error:
        _core.ChainDynamics(**{**good, **change})
    assert "\n" not in str(error.value)


def test_bad_joints_are_refused_and_nan_comes_out_as_nan():
    chain = _core.ChainDynamics(**random_chain(np.random.default_rng(2), 3))
    with pytest.raises(ValueError, match=r"qd has shape \(2,\), allowed \(3,\)"):
        chain.momentum(np.zeros(3), np.zeros(2))
    assert np.isnan(chain.inverse_dynamics([np.nan] * 3, [0.0] * 3, [0.0] * 3)).any()
