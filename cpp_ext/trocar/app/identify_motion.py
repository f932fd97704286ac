# SPDX-License-Identifier: Apache-2.0
"""Exciting motions: Fourier series in every axis (Swevers et al., T-RO 1997), smooth at both ends.

    q_i(t) = q0_i + s(t) A_i sum_k (a_ik sin(k w t) + b_ik cos(k w t)),   w = 2 pi / 10 s

s rises and falls by a polynomial of seventh degree whose first three derivatives vanish at its
ends, so that velocity, acceleration and jerk are bounded and zero at rest.
"""

from dataclasses import dataclass

import numpy as np

from trocar import _core
from trocar.geometry import Array

PERIOD_S = 10.0
HARMONICS = 5
RAMP_S = 2.0
# Middle and reach of each axis, jaw last: rad, m.  The insertion stays >= 65 mm, so the wrist is
# >= 49.4 mm past the RCM (the 45 mm rule); everything keeps 10 % of its range free.
MIDDLE: Array = np.array([0.0, 0.0, 0.145, 0.0, 0.0, 0.0, 0.35])
REACH: Array = np.array([1.1, 0.7, 0.080, 2.0, 1.1, 1.1, 0.8])
# Shares of the arm's own limits that a motion may use.
_VELOCITY_SHARE, _ACCELERATION_SHARE = 0.8, 0.7
# Jerk, rad/s3 and m/s3: from full acceleration of the outer joints to none in 0.1 s.
JERK_MAX: Array = np.array([45.0, 45.0, 6.0, 300.0, 300.0, 300.0, 300.0])


@dataclass(frozen=True)
class Motion:
    """Samples at 1 kHz, (N, 7) each: rad, m and their rates; at rest at both ends."""

    q: Array
    qd: Array


def excitation(seed: int, duration_s: float) -> Motion:
    """A random motion of at least 2 RAMP_S seconds inside every limit; the same for a seed."""
    rng = np.random.default_rng([seed, 1])
    t = np.arange(0.0, duration_s, _core.TICK_NS * 1e-9)
    # Each axis gets its own share of slow and quick: friction shows in the one, inertia in the
    # other; wrist axes, which are light, reach up twice as high.
    multiple = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0])
    waves = np.zeros((t.size, 7))
    for k in range(1, HARMONICS + 1):
        phase = np.outer(t, 2.0 * np.pi * k * multiple / PERIOD_S)
        a, b = rng.standard_normal((2, 7))
        waves += (a * np.sin(phase) + b * np.cos(phase)) / k
    offset = _ramp(t, duration_s)[:, None] * waves
    amplitude = REACH / np.max(np.abs(offset), axis=0)
    for order, most in enumerate(_limits(), start=1):
        rate = _derivative(offset, order)
        amplitude = np.minimum(amplitude, most / np.max(np.abs(rate), axis=0))
    q = MIDDLE + amplitude * offset
    return Motion(q, _derivative(q, 1))


def _limits() -> tuple[Array, Array, Array]:
    config = _core.ArmConfig()
    return (
        _VELOCITY_SHARE * np.array(config.velocity_max),
        _ACCELERATION_SHARE * np.array(config.acceleration_max),
        JERK_MAX,
    )


def _ramp(t: Array, duration_s: float) -> Array:
    x = np.clip(np.minimum(t, t[-1] - t) / min(RAMP_S, 0.5 * duration_s), 0.0, 1.0)
    return np.asarray(x**4 * (35.0 - 84.0 * x + 70.0 * x**2 - 20.0 * x**3))


def _derivative(x: Array, order: int) -> Array:
    for _ in range(order):
        x = np.gradient(x, _core.TICK_NS * 1e-9, axis=0)
    return x
