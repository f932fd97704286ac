# SPDX-License-Identifier: Apache-2.0
"""Parameters of the control node, checked before anything starts."""

import os
from dataclasses import dataclass

from rclpy.node import Node

from trocar.control.arbiter import AUTOSTARTS
from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.site import load_site

# Gravity in camera axes, m/s2, where the endoscope looks down by 60 deg from the horizontal with
# its x axis level: the pose of docs/contracts.md ("Cell and frames").
GRAVITY_CAMERA = [0.0, 4.905, 8.495709]


@dataclass(frozen=True)
class ControlParameters:
    """`T_camera_base` (4, 4) nominal, of the site file; `is_mock`: no plant, a perfect arm."""

    arm: str
    T_camera_base: Array
    autostart: str
    seed: int
    fps: float
    gravity_camera: list[float]
    is_mock: bool


def read_parameters(node: Node) -> ControlParameters:
    """Declare and read; raises ConfigurationError with the valid values."""
    arm = str(node.declare_parameter("arm", "PSM1").value)
    path = str(node.declare_parameter("site", os.environ.get("TROCAR_SITE", "")).value)
    autostart = str(node.declare_parameter("autostart", "none").value)
    seed = int(node.declare_parameter("seed", 0).value)
    fps = float(node.declare_parameter("fps", 15.0).value)
    gravity = [float(g) for g in node.declare_parameter("gravity_camera", GRAVITY_CAMERA).value]
    is_mock = bool(node.declare_parameter("mock", False).value)
    if autostart not in AUTOSTARTS:
        raise ConfigurationError(
            f"parameter autostart '{autostart}' is unknown; one of {', '.join(AUTOSTARTS)}"
        )
    if not 1.0 <= fps <= 120.0:
        raise ConfigurationError(f"parameter fps {fps:g} is outside 1 .. 120")
    if len(gravity) != 3:
        raise ConfigurationError("parameter gravity_camera needs 3 numbers, m/s2 in camera axes")
    if not path:
        raise ConfigurationError(
            "parameter site is empty; name a site file (launch/config/site.yaml)"
        )
    arms = load_site(path).T_camera_base
    if arm not in arms:
        raise ConfigurationError(
            f"parameter arm '{arm}' is not in {path}; one of {', '.join(sorted(arms))}"
        )
    return ControlParameters(arm, arms[arm], autostart, seed, fps, gravity, is_mock)
