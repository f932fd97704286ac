# SPDX-License-Identifier: Apache-2.0
"""Dynamic parameters from recorded motion: weighted least squares over stretches of 50 ms.

Each stretch [a, b] gives seven equations, linear in the unknowns (regressor.hpp):
    Y x + armature (qd_b - qd_a) + viscous int qd + coulomb int tanh(qd / v0) = int tau
Rows are weighted by 1/sigma of their axis (Swevers 1997).  What the data determine are *base
parameters*: independent columns found by a pivoted QR (Gautier 1991).  A model that a body can
have is then fitted to the same equations (identify_physical.py).
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import qr

from trocar import _core
from trocar.app.identify_record import Record
from trocar.dynamics_file import LINK_NAMES
from trocar.geometry import Array

WINDOW = 50  # ticks of a stretch
_DT = _core.TICK_NS * 1e-9
_LINK_TERMS = ("m", "mcx", "mcy", "mcz", "Ixx", "Ixy", "Ixz", "Iyy", "Iyz", "Izz")
NAMES: tuple[str, ...] = (
    *(f"{link}.{term}" for link in LINK_NAMES for term in _LINK_TERMS),
    *(f"{link}.{term}" for term in ("armature", "viscous", "coulomb") for link in LINK_NAMES),
)
# Smooth signs that are tried for each axis: rad/s, insertion m/s.
FRICTION_SPEEDS: Array = np.geomspace(1e-3, 1e-1, 13)
_INSERTION_SCALE = 0.2  # m/s of the insertion for 1 rad/s of the others
# A column adds nothing where less than this share of it is left beside the columns before it.
_INDEPENDENT = 1e-4


@dataclass(frozen=True)
class Equations:
    """A (n, 7, 91) x = b (n, 7), N m s and N s; `friction_speed` (7,) is that of the columns."""

    A: Array
    b: Array
    friction_speed: Array

    def torque(self, x: Array) -> Array:
        """Mean torque (n, 7) of each stretch by parameters x (91,)."""
        return np.asarray(self.A @ x) / (WINDOW * _DT)

    @property
    def measured(self) -> Array:
        """Mean measured torque (n, 7) of each stretch."""
        return self.b / (WINDOW * _DT)


@dataclass(frozen=True)
class Base:
    """Base parameters: value and standard error of each, and what it stands for."""

    columns: list[int]  # of NAMES
    labels: list[str]
    value: Array
    error: Array
    condition: float  # of the weighted, column-scaled equations


def equations(record: Record, friction_speed: Array) -> Equations:
    """The equations of a record for given speeds (7,) of the smooth sign."""
    Y = _core.integrated_regressor(record.q, record.qd, record.gravity_base, _DT, WINDOW)
    n = Y.shape[0]
    ends = record.qd[: n * WINDOW + 1 : WINDOW]

    def integral(values: Array) -> Array:  # over the ticks that end inside the stretch
        return np.asarray(values[1 : n * WINDOW + 1].reshape(n, WINDOW, 7).sum(axis=1) * _DT)

    own = (
        np.diff(ends, axis=0),
        integral(record.qd),
        integral(np.tanh(record.qd / friction_speed)),
    )
    A = np.zeros((n, 7, len(NAMES)))
    A[:, :, :70] = Y
    for block, values in enumerate(own):
        for axis in range(7):
            A[:, axis, 70 + 7 * block + axis] = values[:, axis]
    return Equations(A, integral(record.tau), friction_speed)


def friction_speeds(record: Record) -> Array:
    """Speed (7,) of the smooth sign that leaves each axis the smallest residual."""
    best = np.zeros(7)
    least = np.full(7, np.inf)
    for speed in FRICTION_SPEEDS:
        speeds = np.full(7, speed)
        speeds[2] *= _INSERTION_SCALE
        data = equations(record, speeds)
        for axis in range(7):
            A = data.A[:, axis]
            used = np.any(A != 0.0, axis=0)
            x, *_ = np.linalg.lstsq(
                A[:, used] / np.linalg.norm(A[:, used], axis=0), data.b[:, axis]
            )
            left = data.b[:, axis] - A[:, used] / np.linalg.norm(A[:, used], axis=0) @ x
            if (residual := float(left @ left)) < least[axis]:
                least[axis], best[axis] = residual, speeds[axis]
    return best


def weights(data: Equations) -> Array:
    """1/sigma (7,) of each axis, from the residual of unweighted least squares."""
    columns, _ = independent_columns(data.A.reshape(-1, len(NAMES)))
    A = data.A[:, :, columns].reshape(-1, len(columns))
    x, *_ = np.linalg.lstsq(A, data.b.reshape(-1), rcond=None)
    residual = data.b - data.A[:, :, columns] @ x
    return np.asarray(1.0 / np.maximum(np.std(residual, axis=0), 1e-9))


def base_parameters(data: Equations, weight: Array) -> Base:
    """Weighted least squares in numerically independent columns, with standard errors."""
    A = (data.A * weight[:, None]).reshape(-1, len(NAMES))
    b = (data.b * weight).reshape(-1)
    columns, labels = independent_columns(A)
    scale = np.linalg.norm(A[:, columns], axis=0)
    scaled = A[:, columns] / scale
    x, *_ = np.linalg.lstsq(scaled, b, rcond=None)
    residual = b - scaled @ x
    variance = residual @ residual / max(1, b.size - len(columns))
    covariance = variance * np.linalg.inv(scaled.T @ scaled)
    error = np.sqrt(np.diag(covariance)) / scale
    return Base(columns, labels, x / scale, error, float(np.linalg.cond(scaled)))


def independent_columns(A: Array) -> tuple[list[int], list[str]]:
    """Columns that span all of them, and each with the dependent ones that it carries."""
    norm = np.linalg.norm(A, axis=0)
    seen = np.flatnonzero(norm > 1e-12 * np.max(norm))
    _, R, pivot = qr(A[:, seen] / norm[seen], mode="economic", pivoting=True)
    size = np.abs(np.diag(R))
    rank = int(np.sum(size > _INDEPENDENT * size[0]))
    # Dependent columns as combinations of the independent ones, in the columns' own units.
    share = np.linalg.solve(R[:rank, :rank], R[:rank, rank:])
    chosen = [int(seen[i]) for i in pivot[:rank]]
    rest = [int(seen[i]) for i in pivot[rank:]]
    labels = []
    for row, column in enumerate(chosen):
        parts = [NAMES[column]]
        for k, other in enumerate(rest):
            factor = share[row, k] * norm[other] / norm[column]
            if abs(share[row, k]) > 0.02:
                parts.append(f"{factor:+.3g} {NAMES[other]}")
        labels.append(" ".join(parts))
    order = np.argsort(chosen)
    return [chosen[i] for i in order], [labels[i] for i in order]
