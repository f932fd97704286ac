# SPDX-License-Identifier: Apache-2.0
"""Seeded errors of one arm: where its base truly stands, and what its encoders add."""

import numpy as np

from trocar.geometry import Array, exp_so3, make_transform
from trocar.sim.scene_parameters import ErrorParameters

INSERTION, JAW = 2, 6  # axes


def draw_errors(errors: ErrorParameters, rng: np.random.Generator) -> tuple[Array, Array]:
    """`T_base_true` (4, 4), from the nominal base, and the joints' bias (7,): measured - true."""
    shift, turn = errors.base_translation * _direction(rng), errors.base_rotation * _direction(rng)
    signs = rng.choice([-1.0, 1.0], 7)
    bias = errors.joint_bias * signs
    bias[INSERTION] = errors.insertion_bias * rng.choice([-1.0, 1.0])
    bias[JAW] = 0.0  # the jaw places nothing
    if errors.draw == "challenge":
        share = rng.uniform(0.0, 1.0, 2)
        shift, turn = share[0] * shift, share[1] * turn
        bias *= rng.uniform(0.0, 1.0, 7)
        bias[INSERTION + 1 :] = 0.0
    return make_transform(exp_so3(turn), shift), bias


def _direction(rng: np.random.Generator) -> Array:
    v = rng.standard_normal(3)
    return v / np.linalg.norm(v)
