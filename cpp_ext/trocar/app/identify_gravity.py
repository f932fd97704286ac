# SPDX-License-Identifier: Apache-2.0
"""Which way is down, in the arm's own base frame, from the weight that the arm felt while moving.

A base that stands a few degrees otherwise than it was told (hand-eye error) puts that much of its
weight on the wrong axes: without this it is the largest error of the fit.  The magnitude is known;
two angles are found by variable projection (Golub, Pereyra 2003): for each direction the other
parameters are eliminated by least squares, and what is left is made smallest.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares

from trocar.app.identify_fit import equations, independent_columns, weights
from trocar.app.identify_record import Record
from trocar.geometry import Array


@dataclass(frozen=True)
class Gravity:
    """Gravity (3,) in m/s2, base axes, how far from the told one, and one standard error; rad."""

    vector: Array
    tilt: float
    error: float


def find_gravity(record: Record, friction_speed: Array) -> Gravity:
    """The direction that leaves the smallest residual; the magnitude is the record's."""
    size = float(np.linalg.norm(record.gravity_base))
    down = record.gravity_base / size
    across = np.linalg.svd(down[None])[2][1:]  # (2, 3), spans the plane normal to it

    def turned(angles: Array) -> Array:
        vector = down + np.tan(angles) @ across
        return np.asarray(size * vector / np.linalg.norm(vector))

    def matrix(vector: Array) -> Array:
        return equations(replace(record, gravity_base=vector), friction_speed).A

    data = equations(record, friction_speed)
    weight = weights(data)
    columns, _ = independent_columns(data.A.reshape(-1, data.A.shape[2]))
    # The equations are affine in gravity: three directions and none say all.
    still = matrix(np.zeros(3))[:, :, columns]
    along = [matrix(axis)[:, :, columns] - still for axis in np.eye(3)]
    b = (data.b * weight).reshape(-1)

    def left(angles: Array) -> Array:
        A = still + np.tensordot(turned(angles), along, axes=1)
        A = (A * weight[:, None]).reshape(-1, len(columns))
        Q, _ = np.linalg.qr(A)
        return np.asarray(b - Q @ (Q.T @ b))

    found = least_squares(left, np.zeros(2), method="lm", diff_step=1e-3, x_scale=0.05)
    variance = 2.0 * found.cost / max(1, b.size - len(columns) - 2)
    covariance = variance * np.linalg.inv(found.jac.T @ found.jac)
    vector = turned(found.x)
    tilt = float(np.arccos(np.clip(vector @ down / size, -1.0, 1.0)))
    return Gravity(vector, tilt, float(np.sqrt(np.max(np.linalg.eigvalsh(covariance)))))
