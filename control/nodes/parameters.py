# SPDX-License-Identifier: Apache-2.0
"""Parameters of the control node, checked before anything starts."""

import os
from dataclasses import dataclass

import numpy as np
from rclpy.node import Node

from trocar import _core
from trocar.control.arbiter import AUTOSTARTS
from trocar.dynamics_file import load as load_dynamics
from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.site import load_site

# Where an instrument's arm is in the shared-memory segment; sim_node has them in this order.
SEGMENT_INDEX = {"PSM1": 0, "PSM2": 1}


@dataclass(frozen=True)
class ControlParameters:
    """`T_camera_base` (4, 4) nominal and `gravity_camera` (3,) in m/s2, of the site file.

    `is_mock`: no plant, a perfect arm.  `dynamics`: of the parameter `dynamics_file`, None where
    it is empty: the nominal model, wrong by up to 10 %.
    """

    arm: str
    T_camera_base: Array
    autostart: str
    seed: int
    fps: float
    gravity_camera: Array
    is_mock: bool
    dynamics: _core.DynamicParameters | None = None

    @property
    def gravity_base(self) -> Array:
        """Gravity (3,) in m/s2 in the arm's base frame, by the site file."""
        return gravity_in_base(self.T_camera_base, self.gravity_camera)


def gravity_in_base(T_camera_base: Array, gravity_camera: Array) -> Array:
    """Gravity (3,) in base axes from camera axes."""
    return np.asarray(T_camera_base[:3, :3].T @ gravity_camera)


def read_parameters(node: Node) -> ControlParameters:
    """Declare and read; raises ConfigurationError with the valid values."""
    arm = str(node.declare_parameter("arm", "PSM1").value)
    path = str(node.declare_parameter("site", os.environ.get("TROCAR_SITE", "")).value)
    autostart = str(node.declare_parameter("autostart", "none").value)
    seed = int(node.declare_parameter("seed", 0).value)
    fps = float(node.declare_parameter("fps", 15.0).value)
    is_mock = bool(node.declare_parameter("mock", False).value)
    dynamics_file = str(node.declare_parameter("dynamics_file", "").value)
    if autostart not in AUTOSTARTS:
        raise ConfigurationError(
            f"parameter autostart '{autostart}' is unknown; one of {', '.join(AUTOSTARTS)}"
        )
    if not 1.0 <= fps <= 120.0:
        raise ConfigurationError(f"parameter fps {fps:g} is outside 1 .. 120")
    if not path:
        raise ConfigurationError(
            "parameter site is empty; name a site file (launch/config/site.yaml)"
        )
    site = load_site(path)
    arms = site.T_camera_base
    if arm not in arms:
        raise ConfigurationError(
            f"parameter arm '{arm}' is not in {path}; one of {', '.join(sorted(arms))}"
        )
    if arm not in SEGMENT_INDEX:
        raise ConfigurationError(
            f"parameter arm '{arm}' is no instrument; one of {', '.join(SEGMENT_INDEX)}"
        )
    dynamics = None
    if dynamics_file:
        gravity = gravity_in_base(arms[arm], site.gravity_camera)
        dynamics = load_dynamics(dynamics_file, gravity)
    return ControlParameters(
        arm, arms[arm], autostart, seed, fps, site.gravity_camera, is_mock, dynamics
    )
