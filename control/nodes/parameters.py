# SPDX-License-Identifier: Apache-2.0
"""Parameters of the control node, checked before anything starts."""

import os
from dataclasses import dataclass

from rclpy.node import Node

from trocar.control.arbiter import AUTOSTARTS
from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.site import load_site


@dataclass(frozen=True)
class ControlParameters:
    """`T_camera_base` (4, 4) nominal and `gravity_camera` (3,) in m/s2, of the site file.

    `is_mock`: no plant, a perfect arm.
    """

    arm: str
    T_camera_base: Array
    autostart: str
    seed: int
    fps: float
    gravity_camera: Array
    is_mock: bool


def read_parameters(node: Node) -> ControlParameters:
    """Declare and read; raises ConfigurationError with the valid values."""
    arm = str(node.declare_parameter("arm", "PSM1").value)
    path = str(node.declare_parameter("site", os.environ.get("TROCAR_SITE", "")).value)
    autostart = str(node.declare_parameter("autostart", "none").value)
    seed = int(node.declare_parameter("seed", 0).value)
    fps = float(node.declare_parameter("fps", 15.0).value)
    is_mock = bool(node.declare_parameter("mock", False).value)
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
    return ControlParameters(arm, arms[arm], autostart, seed, fps, site.gravity_camera, is_mock)
