# SPDX-License-Identifier: Apache-2.0
"""The soft bodies of a cell: one frame of 10 ms after another, and what arms feel of them.

When a frame begins the instruments are led to where they will be at its end if they go on as they
did in the last; its forces act during the frame after it.  So a frame may be computed beside the
arms (a thread, in real time) or at once, in lockstep: the result is the same to the bit.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from trocar import _core
from trocar.geometry import Array
from trocar.sim.render.instrument import Instrument
from trocar.sim.soft.spec import FRAME_TICKS, SoftParameters
from trocar.sim.soft.touch import InstrumentTouch


class TissueDivergedError(ValueError):
    """A soft body was pressed harder than its substeps resolve; it stands as before the frame."""


class SoftBody:
    """One soft body with its bed and the instruments in it; `name` is the scene's."""

    def __init__(self, name: str, parameters: SoftParameters, arms: tuple[str, ...]) -> None:
        """At rest, as the bed is at time 0."""
        self.name = name
        self.parameters = parameters
        self.body: _core.TissueBody = parameters.body()
        self.touch = {arm: InstrumentTouch(self.body) for arm in arms}
        self._bed = self.body.rest[self.body.anchors]
        self.nodes = self.body.positions  # as after the last finished frame
        self.topology = 0  # counts the cuts that opened something

    def begin(self, time_s: float, instruments: Mapping[str, Instrument]) -> None:
        """Lead bed and instruments to where they are at the end of the frame that begins."""
        frame_s = FRAME_TICKS * _core.TICK_NS * 1e-9
        if self.parameters.breathing > 0.0:
            self.body.move_anchors(self._bed + self.parameters.lift(time_s + frame_s))
        low, high = self.nodes.min(axis=0), self.nodes.max(axis=0)
        for arm, touch in self.touch.items():
            touch.move(instruments[arm], low, high)

    def end(self) -> None:
        """Take the nodes of the frame that has been computed."""
        self.nodes = self.body.positions

    def cut(self, a: Array, b: Array, depth: Array) -> _core.CutReport:
        """Between two frames: part the tissue under a blade (`TissueBody.cut`), world, m."""
        report = self.body.cut(a, b, depth)
        if report.faces:
            self.topology += 1
            self._bed = self.body.rest[self.body.anchors]
            self.nodes = self.body.positions
        return report


class SoftCell:
    """All soft bodies; call `frame` every FRAME_TICKS; `wrenches`, `grips` act until the next."""

    def __init__(
        self, bodies: Mapping[str, SoftParameters], arms: tuple[str, ...], beside: bool = False
    ) -> None:
        """`beside`: frames are computed in a thread, for a cell that must keep its pace."""
        self.bodies = {name: SoftBody(name, p, arms) for name, p in bodies.items()}
        self._arms = arms
        self._pool = ThreadPoolExecutor(1, "tissue") if beside and bodies else None
        self._pending: Future[None] | None = None
        self.late = 0  # frames that were not done when the next one began
        self.wrenches = {arm: np.zeros(6) for arm in arms}
        self.grips = dict.fromkeys(arms, 0.0)
        self.max_force = 0.0  # N, the strongest on an instrument so far
        self._before: dict[str, Array] = {}

    def frame(self, time_s: float, instruments: Mapping[str, Instrument]) -> None:
        """End the last frame, then begin the next one."""
        if not self.bodies:
            return
        if self._pending is not None:
            self.late += not self._pending.done()
        self.wait()
        for body in self.bodies.values():
            body.end()
        for arm in self._arms:
            p = instruments[arm].T_world_cp[:3, 3]
            self.wrenches[arm] = sum(
                (body.touch[arm].wrench(p) for body in self.bodies.values()), np.zeros(6)
            )
            self.max_force = max(self.max_force, float(np.linalg.norm(self.wrenches[arm][:3])))
            self.grips[arm] = sum(body.touch[arm].grip for body in self.bodies.values())
        ahead = {}
        for arm in self._arms:
            p = instruments[arm].T_world_cp[:3, 3]
            ahead[arm] = instruments[arm].shifted(p - self._before.get(arm, p))
            self._before[arm] = p
        for body in self.bodies.values():
            body.begin(time_s, ahead)
        if self._pool is None:
            self._step()
        else:
            self._pending = self._pool.submit(self._step)

    def wait(self) -> None:
        """Until the frame that was begun is computed: bodies may be looked at and cut then."""
        if self._pending is not None:
            self._pending.result()

    def close(self) -> None:
        """Wait for the thread, if there is one."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def _step(self) -> None:
        for name, body in self.bodies.items():
            try:
                body.body.step()
            except ValueError as error:
                raise TissueDivergedError(f"soft: {name}: {error}") from error
