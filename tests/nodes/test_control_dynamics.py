# SPDX-License-Identifier: Apache-2.0
"""The control node's model of the arm: identified where a file is named, else nominal and wrong."""

import numpy as np
import pytest

from trocar import _core
from trocar.dynamics_file import save
from trocar.errors import ConfigurationError
from trocar.geometry import exp_so3


@pytest.fixture
def read(root):
    """Parameters of a node started with overrides."""
    rclpy = pytest.importorskip("rclpy")
    from rclpy.node import Node
    from rclpy.parameter import Parameter

    from trocar.control.nodes.parameters import read_parameters

    context = rclpy.Context()
    rclpy.init(context=context)

    def call(**values):
        values = {"site": str(root / "launch/config/site.yaml"), **values}
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        node = Node("control", context=context, parameter_overrides=overrides)
        try:
            return read_parameters(node)
        finally:
            node.destroy_node()

    yield call
    rclpy.shutdown(context=context)


def test_the_file_becomes_the_controllers_model(read, tmp_path):
    from trocar.control.nodes.control_node import make_arm, model

    p = _core.DynamicParameters().perturbed(0.3, 5)
    site = read(dynamics_file="").gravity_base
    p.gravity_base = exp_so3(np.array([0.05, -0.03, 0.02])) @ site  # 3.5 deg: the arm's own word
    save(tmp_path / "psm1.yaml", p)
    parameters = read(dynamics_file=str(tmp_path / "psm1.yaml"))
    used = model(parameters)
    np.testing.assert_array_equal(used.mass, p.mass)
    np.testing.assert_array_equal(used.coulomb, p.coulomb)
    np.testing.assert_array_equal(used.gravity_base, p.gravity_base)
    assert make_arm(parameters).state().tick == 0


def test_the_file_of_another_stand_is_refused(read, tmp_path):
    p = _core.DynamicParameters()
    p.gravity_base = exp_so3(np.array([0.0, 0.3, 0.0])) @ read(dynamics_file="").gravity_base
    save(tmp_path / "psm1.yaml", p)
    with pytest.raises(ConfigurationError, match="deg off the site's, allowed 10"):
        read(dynamics_file=str(tmp_path / "psm1.yaml"))


def test_without_a_file_it_is_nominal_and_wrong(read):
    from trocar.control.nodes.control_node import model

    used, nominal = model(read(dynamics_file="", seed=3)), _core.DynamicParameters()
    np.testing.assert_allclose(np.abs(used.mass / nominal.mass - 1.0), 0.1)
    assert used.gravity_base[2] < 0.0 and not np.allclose(used.gravity_base, nominal.gravity_base)
