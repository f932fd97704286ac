# SPDX-License-Identifier: Apache-2.0
"""The known arms by name: chain, limits, coupling, tip frames.

The numbers and their sources are in cpp_ext/include/trocar/{psm,ecm,mtm}_models.hpp.
"""

from dataclasses import dataclass

import numpy as np

from trocar import _core
from trocar.geometry import Array, make_transform


@dataclass(frozen=True)
class Grip:
    """A jaw or a master's gripper; rad, rad/s, rad/s2, N m (0: no motor)."""

    name: str
    q_min: float
    q_max: float
    velocity_max: float
    acceleration_max: float
    effort_max: float


@dataclass(frozen=True)
class Model:
    """One arm.  `chain.q_min`, `q_max`, `velocity_max`, `effort_max` (n,) are its limits.

    `T_chain_tip` maps a tip frame's name to its pose (4, 4) in the chain's tip, the first of them.
    `coupling` (m, m) maps motor to joint positions, the jaw last, `coupling_inverse` back; None
    where the sources give none.  Joint efforts are `coupling_inverse.T @ motor_efforts`.
    """

    name: str
    description: str
    joint_names: tuple[str, ...]
    chain: _core.Chain
    acceleration_max: Array
    T_chain_tip: dict[str, Array]
    grip: Grip | None
    coupling: Array | None
    coupling_inverse: Array | None

    def fk(self, q: Array, tip: str | None = None) -> Array:
        """Pose (4, 4) in the base frame of a tip frame by name; the chain's own where left out."""
        T_base_chain = self.chain.fk(q)
        if tip is None:
            return T_base_chain
        if tip not in self.T_chain_tip:
            known = ", ".join(self.T_chain_tip)
            raise ValueError(f"{self.name} has no tip frame {tip!r}; allowed: {known}")
        return T_base_chain @ self.T_chain_tip[tip]


def _model(data: dict) -> Model:
    tips = {
        name: make_transform(translation=np.array([0.0, 0.0, offset]))
        for name, offset in data["tips"]
    }
    grip = None if data["grip"] is None else Grip(*data["grip"])
    rest = {key: value for key, value in data.items() if key not in ("tips", "grip", "joint_names")}
    return Model(joint_names=tuple(data["joint_names"]), T_chain_tip=tips, grip=grip, **rest)


NAMES: tuple[str, ...] = tuple(data["name"] for data in _core.arm_models())


def get(name: str) -> Model:
    """The model of that name; ValueError naming the known ones."""
    for data in _core.arm_models():
        if data["name"] == name:
            return _model(data)
    raise ValueError(f"no arm model {name!r}; allowed: {', '.join(NAMES)}")
