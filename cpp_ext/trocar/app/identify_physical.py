# SPDX-License-Identifier: Apache-2.0
"""A model that bodies can have, fitted to the equations of identify_fit.py: a convex program.

    min_x  1/2 |(A x - b) / sigma|^2 + pull [sum_i D(P_i(x), P0_i) + sum_j d(x_j, x0_j)]
    D(P, P0) = tr(P P0^-1) - log det(P P0^-1) - 4,      d(x, x0) = x / x0 - log(x / x0) - 1

A link's pseudo-inertia P = [[S, m c], [m c', m]], S = tr(I)/2 I - I, is linear in x and positive
definite exactly where the body is possible (Wensing, Kim, Slotine, RA-L 2018).  D is the divergence
of Lee, Wensing, Park ("Geometric robot dynamic identification: a convex programming approach",
T-RO 2020): infinite at the border, so every solution is a possible arm, and the same for any
choice of units and frames.  Armature, viscous and Coulomb friction, x_j > 0, are its 1 x 1 case.
What the data leave open goes to P0: round masses, spheres at the joints, from a look at the arm.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from trocar import _core
from trocar.app.identify_fit import NAMES, Equations
from trocar.geometry import Array

# The guess: kg and m of a sphere at each joint; round figures of small geared motors.
_GUESS_MASS = (1.0, 3.0, 0.3, 0.1, 0.01, 0.01, 0.01)
_GUESS_RADIUS = (0.10, 0.15, 0.05, 0.10, 0.005, 0.005, 0.005)
_GUESS_OWN = (  # armature, viscous, coulomb
    (1e-2, 1e-2, 1e-1, 1e-4, 1e-4, 1e-4, 1e-4),
    (0.1, 0.1, 1.0, 1e-3, 1e-3, 1e-3, 1e-3),
    (0.1, 0.1, 1.0, 0.01, 0.01, 0.01, 0.01),
)
_PULL = 1e-3  # against residuals of unit variance: decides only what the data do not
_PULL_START, _PULL_STEP = 1e6, 0.2
_LINKS = 70  # the first so many of NAMES; the others stand alone
_STEPS = 50  # Newton steps for one pull, at most


def fit(data: Equations, weight: Array) -> _core.DynamicParameters:
    """Parameters with gravity left at its default; always a possible arm."""
    A = (data.A * weight[:, None]).reshape(-1, len(NAMES))
    b = (data.b * weight).reshape(-1)
    Q, R = np.linalg.qr(A)  # 91 equations hold all that the data say
    r = Q.T @ b
    left = max(b @ b - r @ r, 1e-12 * (b @ b)) / max(1, b.size - len(NAMES))
    guess = _guess()
    scale = np.concatenate([np.repeat(guess[0:_LINKS:10], 10), guess[_LINKS:]])
    problem = _Problem(R * scale / np.sqrt(left), r / np.sqrt(left), guess / scale)
    y = guess / scale
    pull = _PULL_START
    while pull > _PULL:  # each solution starts the next: few steps for each
        pull = max(_PULL, pull * _PULL_STEP)
        y = problem.solve(y, pull)
    return to_parameters(y * scale, data.friction_speed)


class _Problem:
    """The program in x of order one, by Newton steps that keep every link possible."""

    def __init__(self, A: Array, b: Array, guess: Array) -> None:
        self._A, self._b = A, b
        self._H, self._Ab = A.T @ A, A.T @ b
        self._P0 = [np.linalg.inv(P) for P in _pseudo_inertias(guess)]
        self._own0 = guess[_LINKS:]

    def solve(self, x: Array, pull: float) -> Array:
        """The minimum for one pull, from a possible x."""
        value = self._value(x, pull)
        for _ in range(_STEPS):
            gradient, hessian = self._slopes(x, pull)
            step = -cho_solve(cho_factor(hessian), gradient)
            decrement = -float(gradient @ step)
            length = 1.0
            while (new := self._value(x + length * step, pull)) > value - 0.1 * length * decrement:
                length *= 0.5
                if length < 1e-10:  # rounding: no smaller value is to be had
                    return x
            x, value = x + length * step, new
            if decrement < 1e-9 * max(1.0, pull):
                break
        return x

    def _value(self, x: Array, pull: float) -> float:
        if np.min(x[_LINKS:]) <= 0.0:
            return np.inf
        ratio = x[_LINKS:] / self._own0
        distance = float(np.sum(ratio - np.log(ratio) - 1.0))
        for P, P0 in zip(_pseudo_inertias(x), self._P0, strict=True):
            try:
                root = np.diag(np.linalg.cholesky(P))
            except np.linalg.LinAlgError:
                return np.inf
            distance += float(np.sum(P * P0) - 2.0 * np.sum(np.log(root)))
        error = self._A @ x - self._b
        return 0.5 * float(error @ error) + pull * distance

    def _slopes(self, x: Array, pull: float) -> tuple[Array, Array]:
        """Gradient (91,) and Hessian (91, 91)."""
        gradient, hessian = self._H @ x - self._Ab, self._H.copy()
        for i, (P, P0) in enumerate(zip(_pseudo_inertias(x), self._P0, strict=True)):
            own = slice(10 * i, 10 * i + 10)
            inverse = np.linalg.inv(P)
            gradient[own] += pull * np.tensordot(_BASIS, P0 - inverse, axes=2)
            turned = inverse @ _BASIS @ inverse  # d(-P^-1) along each parameter
            hessian[own, own] += pull * np.tensordot(_BASIS, turned, axes=([1, 2], [1, 2]))
        alone = x[_LINKS:]
        gradient[_LINKS:] += pull * (1.0 / self._own0 - 1.0 / alone)
        hessian[range(_LINKS, len(x)), range(_LINKS, len(x))] += pull / alone**2
        return gradient, hessian


def to_parameters(x: Array, friction_speed: Array) -> _core.DynamicParameters:
    """The core's parameters from standard ones (91,)."""
    p = _core.DynamicParameters()
    for i in range(7):
        m, first = x[10 * i], x[10 * i + 1 : 10 * i + 4]
        xx, xy, xz, yy, yz, zz = x[10 * i + 4 : 10 * i + 10]
        c = first / m
        about_origin = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        central = about_origin - m * (c @ c * np.eye(3) - np.outer(c, c))
        p.mass[i], p.com[i], p.inertia[i] = m, c, np.diag(central)
        p.products[i] = (central[0, 1], central[0, 2], central[1, 2])
    p.armature, p.viscous, p.coulomb = x[70:77], x[77:84], x[84:91]
    p.friction_speed = friction_speed
    return p


def from_parameters(p: _core.DynamicParameters) -> Array:
    """Standard parameters (91,) of a model, in the order of NAMES."""
    return np.concatenate([_core.standard_parameters(p), p.armature, p.viscous, p.coulomb])


def _basis() -> Array:
    """Slope of P (10, 4, 4) along each of a link's ten parameters."""
    basis = np.zeros((10, 4, 4))
    basis[0, 3, 3] = 1.0
    for axis in range(3):
        basis[1 + axis, axis, 3] = basis[1 + axis, 3, axis] = 1.0
    places = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    for k, (i, j) in enumerate(places, start=4):
        if i == j:
            basis[k, :3, :3] = 0.5 * np.eye(3)
        basis[k, i, j] -= 1.0
        basis[k, j, i] = basis[k, i, j]
    return basis


_BASIS = _basis()


def _pseudo_inertias(x: Array) -> Array:
    """P (7, 4, 4) of the links of x (91,)."""
    return np.asarray(np.tensordot(x[:_LINKS].reshape(7, 10), _BASIS, axes=1))


def _guess() -> Array:
    links = []
    for mass, radius in zip(_GUESS_MASS, _GUESS_RADIUS, strict=True):
        moment = 0.4 * mass * radius**2  # a solid sphere about its middle, which is the joint
        links.append([mass, 0.0, 0.0, 0.0, moment, 0.0, 0.0, moment, 0.0, moment])
    return np.concatenate([np.ravel(links), np.concatenate(_GUESS_OWN)])
