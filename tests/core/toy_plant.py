# SPDX-License-Identifier: Apache-2.0
"""A rigid-body plant for the core's tests: forward dynamics from the mass matrix, with friction."""

import numpy as np

from trocar import _core

_SPEED = np.array([0.01, 0.01, 0.001, 0.05, 0.05, 0.05, 0.05])  # of the smooth sign, rad/s, m/s
_SUBSTEPS = 4


class ToyPlant:
    """Seven axes under torque; `q`, `qd` (7,) are its true state in rad and m."""

    def __init__(self, q: np.ndarray | None = None) -> None:
        """At rest; insertion 0.10 m unless `q` is given."""
        self.parameters = _core.DynamicParameters()
        self.q = np.array([0, 0, 0.10, 0, 0, 0, 0]) if q is None else np.array(q, dtype=float)
        self.qd = np.zeros(7)

    def step(self, output: _core.PlantOutput) -> None:
        """One tick of 1 ms; brakes stop it at once."""
        if output.brake:
            self.qd = np.zeros(7)
            return
        p, h = self.parameters, 1e-3 / _SUBSTEPS
        for _ in range(_SUBSTEPS):
            bias = _core.inverse_dynamics(p, self.q, self.qd, np.zeros(7))
            x = np.clip(self.qd / _SPEED, -20.0, 20.0)
            friction = p.viscous * self.qd + p.coulomb * np.tanh(x)
            # Friction is stiff near rest: its slope goes to the implicit side.
            slope = p.viscous + p.coulomb / _SPEED / np.cosh(x) ** 2
            M = _core.mass_matrix(p, self.q) + h * np.diag(slope)
            self.qd = self.qd + np.linalg.solve(M, h * (output.torque - bias - friction))
            self.q = self.q + h * self.qd


class LockstepCell:
    """An arm with a wrong model (10 %), in lockstep with the plant."""

    def __init__(self, seed: int = 1, config: _core.ArmConfig | None = None) -> None:
        """Errors of the controller's model are drawn from `seed`."""
        config = config or _core.ArmConfig()
        config.dynamics = _core.DynamicParameters().perturbed(0.1, seed)
        self.arm = _core.Arm(config)
        self.port = _core.LockstepPort(self.arm)
        self.plant = ToyPlant()
        self.ticks = 0
        self.output: _core.PlantOutput | None = None

    @property
    def next_stamp_ns(self) -> int:
        """Stamp of the tick to come."""
        return (self.ticks + 1) * _core.TICK_NS

    def run(self, ticks: int = 1) -> _core.ArmState:
        """Tick, and return the state of the last one."""
        for _ in range(ticks):
            self.ticks += 1
            q, qd = self.plant.q, self.plant.qd
            stamp_ns = self.ticks * _core.TICK_NS
            self.output = self.port.exchange(q, qd, np.zeros(7), stamp_ns)
            self.plant.step(self.output)
        return self.arm.state()

    def home(self) -> _core.ArmState:
        """Enabled, homed, at rest."""
        self.arm.state_command(_core.StateCommand.HOME)
        state = self.run(2500)
        assert state.is_homed
        self.arm.take_results()
        return state

    def answer_to(self, seq: int) -> _core.Result:
        """The answer to command `seq`, one tick later."""
        self.run()
        return next(r for r in self.arm.take_results() if r.seq == seq)
