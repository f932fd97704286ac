# SPDX-License-Identifier: Apache-2.0
"""The site file: what a laboratory has calibrated - the endoscope and where each arm stands.

Nominal values only.  The simulator adds its own seeded errors to them; nothing that
reads a site file ever sees those.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from trocar.camera import Intrinsics, StereoRig
from trocar.errors import ConfigurationError
from trocar.geometry import Array, make_transform, matrix_from_quat_xyzw


@dataclass(frozen=True)
class Site:
    """`endoscope` and, per arm name, the nominal `T_camera_base` (camera = left optical frame).

    `gravity_camera` (3,) is gravity in m/s2 in camera axes: how the endoscope is held (level
    where nothing else is said).
    """

    endoscope: StereoRig
    T_camera_base: dict[str, Array]
    gravity_camera: Array = field(default_factory=lambda: np.array([0.0, 9.81, 0.0]))


def load_site(path: str | Path) -> Site:
    """Read a site YAML file; raises ConfigurationError naming the file and the key."""
    try:
        data: dict[str, Any] = yaml.safe_load(Path(path).read_text())
        eye = data["endoscope"]
        intrinsics = Intrinsics(
            int(eye["width"]),
            int(eye["height"]),
            float(eye["fx"]),
            float(eye["fy"]),
            float(eye["cx"]),
            float(eye["cy"]),
            tuple(float(k) for k in eye["distortion"]),
        )
        baseline = np.array([float(eye["baseline"]), 0.0, 0.0])
        rig = StereoRig(intrinsics, intrinsics, make_transform(translation=baseline))
        gravity = np.asarray(data["gravity_camera"], dtype=float)
        arms = {
            name: make_transform(
                matrix_from_quat_xyzw(arm["T_camera_base"]["quat_xyzw"]),
                np.asarray(arm["T_camera_base"]["position"], dtype=float),
            )
            for name, arm in data["arms"].items()
        }
    except OSError as error:
        raise ConfigurationError(
            f"site file {path}: {error.strerror}; name an existing file"
        ) from error
    except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"site file {path}: bad or missing key {error}; the layout is launch/config/site.yaml's"
        ) from error
    if gravity.shape != (3,) or not np.isfinite(gravity).all():
        raise ConfigurationError(f"site file {path}: gravity_camera must be 3 numbers in m/s2")
    return Site(rig, arms, gravity)
