# SPDX-License-Identifier: Apache-2.0
"""From an action in [-1, 1] to where an instrument goes within a step of 0.2 s.

Five numbers an instrument: dx, dy, dz of the jaw tip (world, 1 = STEP m), rotation about the
world's z (1 = TURN rad), and the jaws: from 0 up they open, to 1 = OPEN rad; below 0 they close
with a grip of that share of what the jaws may.  A task that leads its instruments through any
orientation has two more, rotation about the world's x and y (1 = TURN rad): with the one about z
they are one rotation vector.
"""

from __future__ import annotations

import math

import numpy as np

from trocar.geometry import Array, exp_so3

SIZE = 5  # an instrument
FREE_SIZE = 7  # an instrument that turns about every axis
STEP_S = 0.2
# 25 mm/s, half of SurRoL's: within the 4.7 rad/s2 of its outer joints an arm gets there in 60 ms,
# so that a step ends where it says.
STEP = 0.005  # m
TURN = 0.3  # rad
OPEN = 0.7  # rad
# The jaw is commanded to at most this beyond where it is: what lies between the jaws is gripped by
# the stiffness of the jaw's axis (0.5 N m/rad) times this, and its integral: up to about 8 N.
SQUEEZE = 0.06  # rad
JAW_SPEED = 3.0  # rad/s
# A set-point stays within this of where the tip is measured; against a force that the observer
# reports it goes less far, and not on at PUSH: the outer joints alone could push with 25 N.
LEAD = 0.003  # m
PUSH = 6.0  # N


class Reach:
    """Where one instrument is told to be: `T_world_tip` (4, 4), moved step by step, and the jaw."""

    def __init__(self, T_world_tip: Array, jaw: float, low: Array, high: Array) -> None:
        """Begin where it is.  low, high (3,): box in m that goals stay in."""
        self._low, self._high = low, high
        self.T_world_tip = T_world_tip.copy()
        self.jaw = jaw
        self._start = self.T_world_tip
        self._goal = T_world_tip[:3, 3]
        self._turn = 0.0
        self._tilt: Array = np.zeros(2)  # about the world's x and y
        self._grip = 0.0  # < 0: closed with that share of the squeeze
        self._open = jaw

    def begin(self, action: Array) -> None:
        """Take an action (5,) or (7,) in [-1, 1]."""
        self._start = self.T_world_tip
        here = self._start[:3, 3]
        # From outside the box the way back in is open, the way further out is not.
        low, high = np.minimum(self._low, here), np.maximum(self._high, here)
        self._goal = np.clip(here + STEP * action[:3], low, high)
        self._turn = TURN * float(action[3])
        self._tilt = TURN * action[SIZE:FREE_SIZE]
        self._grip = min(float(action[4]), 0.0)
        self._open = OPEN * max(float(action[4]), 0.0)

    def move(self, share: float, measured_tip: Array, force: Array) -> Array:
        """Go to a share of the step; returns the velocity (3,) in m/s there.

        measured_tip (3,): where the tip is by the encoders; force (3,) N: what pushes the arm.
        """
        here = self._start[:3, 3]
        wanted = here + share * (self._goal - here)
        lead = wanted - measured_tip
        pressed = math.sqrt(float(force @ force))
        if pressed > 0.5 * PUSH:
            away = force / pressed
            most = LEAD * max(0.0, 2.0 - 2.0 * pressed / PUSH)
            lead = lead + max(0.0, -float(lead @ away) - most) * away
            wanted = measured_tip + lead
        size = math.sqrt(float(lead @ lead))
        T = self._start.copy()
        if self._tilt.any():
            turn = np.array([*self._tilt, self._turn])
            T[:3, :3] = exp_so3(share * turn) @ self._start[:3, :3]
        elif self._turn:
            c, s = math.cos(share * self._turn), math.sin(share * self._turn)
            T[0, :3] = c * self._start[0, :3] - s * self._start[1, :3]
            T[1, :3] = s * self._start[0, :3] + c * self._start[1, :3]
        T[:3, 3] = wanted if size <= LEAD else measured_tip + lead * (LEAD / size)
        self.T_world_tip = T
        return np.asarray((self._goal - here) / STEP_S)

    def move_jaw(self, measured: float, dt: float) -> None:
        """Move the jaw's command for the next dt s; measured: its angle in rad."""
        if self._grip < 0.0:
            wanted = max(0.0, measured + SQUEEZE * self._grip)
        else:
            wanted = self._open
        self.jaw += min(max(wanted - self.jaw, -JAW_SPEED * dt), JAW_SPEED * dt)
