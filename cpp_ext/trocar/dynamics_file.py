# SPDX-License-Identifier: Apache-2.0
"""Dynamic parameters in a YAML file: what `trocar identify` writes and the control node loads.

    arm: PSM1
    gravity_base: [x, y, z]     # optional: down, as the arm itself felt it
    links:                      # yaw, pitch, insertion, roll, wrist_pitch, wrist_yaw, jaw
      yaw: {mass: 1.0, com: [..3], inertia: [xx, yy, zz], products: [xy, xz, yz],
            armature: .., viscous: .., coulomb: .., friction_speed: ..}

SI units; com and inertia (about the com) in the link's DH frame, as in dynamic_parameters.hpp.
Gravity belongs to the stand, not to the arm: who loads a file says where the site has it, and a
file that is more than 10 deg off was identified on another stand.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.kinematics import JAW_NAME, JOINT_NAMES

LINK_NAMES = (*JOINT_NAMES, JAW_NAME)
_VECTORS = ("com", "inertia", "products")
_POSITIVE = ("mass", "friction_speed")
_NOT_NEGATIVE = ("armature", "viscous", "coulomb")
_SCALARS = (*_POSITIVE, *_NOT_NEGATIVE)
_KEYS = (*_VECTORS, *_SCALARS)
_TOP = ("arm", "links", "notes", "gravity_base")
_GRAVITY = (9.7, 9.9)  # m/s2
_TILT_MAX = math.radians(10.0)


def load(path: str | Path, gravity_site: Array | None = None) -> _core.DynamicParameters:
    """Parameters of a file; ConfigurationError names the file, the key and what is allowed.

    gravity_site: (3,) m/s2 in the arm's base frame by the site's calibration.  It stands in where
    the file has none, and a file that has another stand's is refused.
    """
    where = f"dynamics file {path}"
    try:
        data = yaml.safe_load(Path(path).read_text())
    except OSError as error:
        raise ConfigurationError(f"{where}: {error.strerror}; name an existing file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = " ".join(str(error).split())
        raise ConfigurationError(f"{where}: not YAML: {line}") from error
    _check_keys(data, _TOP, ("links",), where)
    _check_keys(data["links"], LINK_NAMES, LINK_NAMES, f"{where}: links")
    parameters = _core.DynamicParameters()
    for i, name in enumerate(LINK_NAMES):
        _read_link(parameters, i, data["links"][name], f"{where}: {name}")
    if gravity_site is not None:
        parameters.gravity_base = gravity_site
    if "gravity_base" in data:
        _read_gravity(parameters, data["gravity_base"], gravity_site, f"{where}: gravity_base")
    return parameters


def save(
    path: str | Path,
    parameters: _core.DynamicParameters,
    arm: str = "PSM1",
    notes: dict[str, Any] | None = None,
) -> None:
    """Write parameters, whole or not at all; `notes` is plain data about where they come from."""
    links = {}
    for i, name in enumerate(LINK_NAMES):
        scalars = {key: float(getattr(parameters, key)[i]) for key in _SCALARS}
        vectors = {key: getattr(parameters, key)[i].tolist() for key in _VECTORS}
        links[name] = {"mass": scalars.pop("mass"), **vectors, **scalars}
        _read_link(_core.DynamicParameters(), i, links[name], f"dynamics file {path}: {name}")
    gravity = parameters.gravity_base.tolist()
    data = {"arm": arm, "notes": notes or {}, "gravity_base": gravity, "links": links}
    path = Path(path)
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(
            "# Written by `trocar identify`; SI units, DH frames (dynamic_parameters.hpp).\n"
            + yaml.safe_dump(data, sort_keys=False)
        )
        partial.replace(path)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def _check_keys(data: Any, allowed: tuple[str, ...], needed: tuple[str, ...], where: str) -> None:
    if not isinstance(data, dict):
        raise ConfigurationError(f"{where}: expected a mapping with keys {', '.join(allowed)}")
    for key in data:
        if key not in allowed:
            raise ConfigurationError(f"{where}: unknown key {key!r}; keys: {', '.join(allowed)}")
    missing = [key for key in needed if key not in data]
    if missing:
        raise ConfigurationError(
            f"{where}: missing {', '.join(missing)}; needed: {', '.join(needed)}"
        )


def _read_link(parameters: _core.DynamicParameters, i: int, data: Any, where: str) -> None:
    """Fill link i from its mapping; refuses what no body can be."""
    _check_keys(data, _KEYS, _KEYS, where)
    for key in _SCALARS:
        value = _number(data[key], f"{where}: {key}")
        if value < 0.0 or (key in _POSITIVE and value == 0.0):
            least = "above 0" if key in _POSITIVE else "0 or more"
            raise ConfigurationError(f"{where}: {key} is {value:g}, allowed {least}")
        getattr(parameters, key)[i] = value
    for key in _VECTORS:
        getattr(parameters, key)[i] = _vector(data[key], f"{where}: {key}")
    xy, xz, yz = parameters.products[i]
    inertia = np.diag(parameters.inertia[i])
    inertia += np.array([[0.0, xy, xz], [xy, 0.0, yz], [xz, yz, 0.0]])
    principal = np.linalg.eigvalsh(inertia)
    # A body's principal moments are positive and obey the triangle inequality (to rounding).
    if principal[0] <= 0.0 or 2.0 * principal[2] > np.sum(principal) * (1.0 + 1e-6):
        moments = ", ".join(f"{m:.3g}" for m in principal)
        raise ConfigurationError(
            f"{where}: no body has the principal moments {moments} kg m2; allowed: positive, none "
            "larger than the other two together"
        )


def _read_gravity(
    parameters: _core.DynamicParameters, values: Any, site: Array | None, where: str
) -> None:
    """Take the file's gravity; refuse what is not the Earth's, or another stand's."""
    gravity = np.array(_vector(values, where))
    size = float(np.linalg.norm(gravity))
    if not _GRAVITY[0] <= size <= _GRAVITY[1]:
        raise ConfigurationError(f"{where} is {size:.4g} m/s2, allowed 9.7 to 9.9")
    if site is not None:
        tilt = math.acos(np.clip(gravity @ site / (size * np.linalg.norm(site)), -1.0, 1.0))
        if tilt > _TILT_MAX:
            raise ConfigurationError(
                f"{where} is {math.degrees(tilt):.1f} deg off the site's, allowed 10: the arm "
                "stood otherwise then; identify again, or remove the key"
            )
    parameters.gravity_base = gravity


def _vector(values: Any, where: str) -> list[float]:
    if not isinstance(values, list) or len(values) != 3:
        raise ConfigurationError(f"{where}: give a list of 3 numbers")
    return [_number(value, where) for value in values]


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigurationError(f"{where} is {value!r}; give a finite number")
    return float(value)
