# SPDX-License-Identifier: Apache-2.0
"""The cell's process: 1 kHz physics in real time, paced by the wall, in ONE thread.

PyBullet holds the interpreter in every call, so nothing else runs here: the arm's loop is on the
other side of shared memory, and ROS is served only in the slack of a tick.  Every physics step
is done, late ones without a pause; stamps are system time, mapped once at the start.
Parameters: scene, seed, site (file; "" the default one), second_instrument_at (s, < 0 never),
truth, duration (s, 0 endless), faults (a schedule: a YAML file or words).  /sim/fault
(std_msgs/String) takes faults too.
"""

import gc
import sys
import time
from typing import Any

from std_msgs.msg import String

from trocar import _core
from trocar.errors import UnstablePlantError
from trocar.process import segment_name, write_report
from trocar.sim.cell import Cell
from trocar.sim.faults.catalogue import Place
from trocar.sim.faults.live import CellFaults
from trocar.sim.faults.schedule import load_faults
from trocar.sim.nodes.cell_topics import CellTopics
from trocar.sim.nodes.runtime import Runtime, run_node
from trocar.sim.nodes.wounds import WoundWriter
from trocar.sim.scene import Scene, load_scene
from trocar.sim.tick_pacer import TickPacer
from trocar.site import load_site

PRIORITY = 75  # below the arm's loop (80): a plant that waits for its controller must not bar it
FAULT_PLACES = (Place.PLANT, Place.LINK, Place.TISSUE)
_SNAPSHOT_TICKS = 4
_ROS_TICKS = 20  # callbacks are served every 20 ms where there is slack ...
_ROS_TICKS_LATE = 200  # ... and at least this often where there never is
_ROS_SLACK_NS = 300_000
_STOP_TICKS = 20  # asking costs a look into /proc
_TRUTH_TICKS = 66  # 15 Hz
_DIAGNOSE_TICKS = 1000


class RealTimeCell:
    """Runs a cell against the wall clock until told to stop."""

    def __init__(
        self,
        runtime: Runtime,
        cell: Cell,
        ports: dict[str, Any],
        snapshot: Any,
        wounds: WoundWriter,
        faults: CellFaults,
        truth: bool,
    ) -> None:
        """`ports`: the plants' ends of the seam, for their figures; `snapshot`: shared memory."""
        self._wounds = wounds
        self._faults = faults
        runtime.node.create_subscription(
            String, "/sim/fault", lambda m: faults.hear(m.data, cell.time_s), 10
        )
        self._runtime = runtime
        self._cell = cell
        self._ports = ports
        self._snapshot = snapshot
        self._layout = cell.scene.layout
        self._topics = CellTopics(runtime.node, cell, truth)
        self._served = 0
        self._diagnosed_overruns = 0
        self.pacer = TickPacer(_core.TICK_NS, _core.monotonic_ns())

    def run(self, duration_s: float) -> None:
        """Tick until the stop flag or the duration (0: none)."""
        last = round(duration_s * 1e9) // _core.TICK_NS if duration_s > 0.0 else sys.maxsize
        self._cell.set_first_stamp(time.time_ns())
        self.pacer = TickPacer(_core.TICK_NS, _core.monotonic_ns())
        while self._cell.ticks < last:
            self._wait()
            if self._cell.ticks % _SNAPSHOT_TICKS == 0:  # before the step: stamped with now
                values = self._layout.to_vector(self._cell.snapshot())
                self._snapshot.write(values, self._cell.stamp_ns)
                self._wounds.write(self._cell.surroundings.soft.bodies, self._cell.stamp_ns)
            self._cell.tick()
            ticks = self._cell.ticks
            if ticks % _STOP_TICKS == 0 and self._runtime.stop:
                return
            self._use_slack(ticks)

    def _wait(self) -> None:
        now_ns = _core.monotonic_ns()
        slack_ns = self.pacer.slack_ns(now_ns)
        if slack_ns > 0:
            time.sleep(slack_ns * 1e-9)
            now_ns = _core.monotonic_ns()
        self.pacer.taken(now_ns)

    def _use_slack(self, ticks: int) -> None:
        """One piece of other work, if the next tick leaves room for it."""
        waiting = ticks - self._served
        slack_ns = self.pacer.slack_ns(_core.monotonic_ns())
        if waiting < _ROS_TICKS or (slack_ns < _ROS_SLACK_NS and waiting < _ROS_TICKS_LATE):
            return
        served, self._served = self._served, ticks
        self._faults.serve(self._cell.time_s)
        if served // _DIAGNOSE_TICKS != ticks // _DIAGNOSE_TICKS:
            self._diagnose()
        elif served // _TRUTH_TICKS != ticks // _TRUTH_TICKS:
            self._topics.publish_truth()
        self._runtime.spin(0.0)

    def _diagnose(self) -> None:
        gc.collect(1)  # what a second of messages left; everything older is frozen
        new = self.pacer.overruns - self._diagnosed_overruns
        self._diagnosed_overruns = self.pacer.overruns
        late_ms = max(0.0, -self.pacer.slack_ns(_core.monotonic_ns()) / 1e6)
        missed = sum(port.statistics().get("missed", 0) for port in self._ports.values())
        self._runtime.diagnose(
            "cell",
            late_ms < 100.0,
            "running" if late_ms < 100.0 else f"{late_ms:.0f} ms behind the wall",
            {
                "time_s": f"{self._cell.time_s:.3f}",
                "overruns": self.pacer.overruns,
                "overruns_last_s": new,
                "missed": missed,
                "braked": " ".join(n for n, a in self._cell.arms.items() if a.plant.braked),
                "faults": self._faults.active(self._cell.time_s),
            },
        )

    def report(self) -> dict[str, Any]:
        """What the process measured."""
        return {
            "realtime_factor": self.pacer.realtime_factor(_core.monotonic_ns()),
            "ticks": self.pacer.ticks,
            "overruns": self.pacer.overruns,
            "late_us": self.pacer.lateness(),
            "seam": self._ports[self._cell.scene.psms[0]].statistics(),
            "seams": {arm: port.statistics() for arm, port in self._ports.items()},
            "tissue_late": self._cell.surroundings.soft.late,
        }


def _say(line: str) -> None:
    sys.stdout.write(f"sim: {line}\n")
    sys.stdout.flush()


def _run(runtime: Runtime, scene: Scene, segment: str, snapshot: Any) -> int:
    seed = runtime.parameter("seed", 0)
    truth = runtime.parameter("truth", False)
    second_at = runtime.parameter("second_instrument_at", -1.0)
    duration_s = runtime.parameter("duration", 0.0)
    ports = {arm: _core.PlantPort(segment, k) for k, arm in enumerate(scene.psms)}
    given = load_faults(runtime.parameter("faults", ""))
    faults = CellFaults(scene, given, _say, FAULT_PLACES, seed)
    cell = Cell(
        scene, seed, ports, second_instrument_at=second_at, watch_clearance=False, beside=True,
        faults=faults.board,
    )  # fmt: skip
    wounds = WoundWriter(f"{segment}.wounds", scene, _say)
    live = RealTimeCell(runtime, cell, ports, snapshot, wounds, faults, truth)
    # Last, because threads inherit it: ROS's own must stay ordinary.
    refused = _core.set_realtime(PRIORITY)
    if refused:
        _say(f"no real-time priority ({refused}); running without, overruns are counted")
    arms = ", ".join(scene.arms)
    _say(f"scene {scene.name}, seed {seed}, {arms} at 1 kHz on segment {segment}")
    gc.collect()
    gc.freeze()
    gc.disable()
    failure = ""
    try:
        live.run(duration_s)
    except UnstablePlantError as error:
        failure = str(error)
        sys.stderr.write(f"sim: {failure}\n")
    finally:
        gc.enable()
        ended = failure or runtime.stop.reason or "duration"
        write_report("sim", {**live.report(), "realtime_priority": not refused, "ended": ended})
        faults.close()
        wounds.close()
        cell.close()
    return 1 if failure else 0


def _body(runtime: Runtime) -> int:
    site = runtime.parameter("site", "")
    scene = load_scene(runtime.parameter("scene", "follow"), load_site(site) if site else None)
    name = segment_name()
    segment = _core.Segment(name, 2)  # refuses a live cell's, replaces a dead one's
    snapshot_name = f"{name}.cell"
    try:
        _core.Snapshot.remove(snapshot_name)  # a dead cell's
        snapshot = _core.Snapshot(snapshot_name, scene.layout.size, True)
        try:
            return _run(runtime, scene, name, snapshot)
        finally:
            snapshot.close()
            _core.Snapshot.remove(snapshot_name)
    finally:
        segment.close()


def main() -> int:
    """Entry point `sim_node`."""
    return run_node("sim", _body)


if __name__ == "__main__":
    sys.exit(main())
