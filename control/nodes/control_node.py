# SPDX-License-Identifier: Apache-2.0
"""The control process: one arm, its 1 kHz loop, and everything that may command it.

Runs until SIGINT, SIGTERM or the launcher's death; then the loop brings the arm to a controlled
stop, powers it off and the process ends with code 0.
"""

import sys
import time
from collections.abc import Callable

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node

from trocar import _core
from trocar.control.crtk_arm import CrtkArm
from trocar.control.follow import FollowConfig
from trocar.control.latency import SetpointLatency
from trocar.control.nodes.arm_commands import ArmCommands
from trocar.control.nodes.arm_states import ArmStates
from trocar.control.nodes.executor import spin_until
from trocar.control.nodes.parameters import SEGMENT_INDEX, ControlParameters, read_parameters
from trocar.control.nodes.tf import TfBroadcaster
from trocar.control.supervisor import ArmSupervisor
from trocar.errors import ConfigurationError, SharedMemoryError
from trocar.process import StopFlag, segment_name, write_report

TICK_S = 0.005  # commands and the supervisor: 200 Hz
STATE_S = 0.010  # states: 100 Hz (dVRK's default period), also where a tick is skipped
STATES_PER_TF = 2  # transforms: 50 Hz
DIAGNOSTICS_S = 1.0
RETRY_S = 0.2


def model(parameters: ControlParameters) -> _core.DynamicParameters:
    """The identified masses and friction, else the nominal ones, wrong by up to 10 %."""
    dynamics = parameters.dynamics
    if dynamics is None:
        dynamics = _core.DynamicParameters().perturbed(0.1, parameters.seed)
        dynamics.gravity_base = parameters.gravity_base
    return dynamics


def make_arm(parameters: ControlParameters) -> _core.Arm:
    """The arm as it is configured here."""
    config = _core.ArmConfig()
    config.dynamics = model(parameters)
    config.follow_extrapolate_s = 2.5 / parameters.fps
    config.follow_hold_s = 4.0 / parameters.fps
    return _core.Arm(config)


class ControlNode:
    """Everything of the process but its end; `segment` "" is the built-in perfect mock.

    `make_loop(arm, segment, index)` is `_core.ArmLoop`; a test gives a lockstep one.
    """

    def __init__(
        self,
        node: Node,
        parameters: ControlParameters,
        segment: str,
        make_loop: Callable[[_core.Arm, str, int], _core.ArmLoop] | None = None,
    ) -> None:
        """Compose and subscribe; the loop joins the plant at the first tick that finds it."""
        self.node = node
        self._make_loop = make_loop or _core.ArmLoop
        self.arm = make_arm(parameters)
        follow = FollowConfig(frame_period=1.0 / parameters.fps)
        self.supervisor = ArmSupervisor(
            self.arm, parameters.T_camera_base, parameters.autostart, follow=follow
        )
        self.crtk = CrtkArm(self.supervisor, parameters.arm)
        self.latency = SetpointLatency()
        self.states = ArmStates(node, self.crtk)
        self.tf = TfBroadcaster(node, self.crtk)
        self.loop: _core.ArmLoop | None = None
        self.priority_refused = ""
        self._segment = segment
        self.commands = ArmCommands(node, self.crtk, self.latency, self.now_ns, segment)
        self._published = 0
        self._next_state_s = self._last_s = time.monotonic()
        self._began_s: float | None = None
        self._counted_from: dict[str, int] = {}
        self._said_waiting = False
        self._next_try_s = 0.0
        node.create_timer(TICK_S, self.tick)
        node.create_timer(DIAGNOSTICS_S, self.diagnose)

    def now_ns(self) -> int:
        """ROS time in integer ns: the clock of every stamp."""
        return int(self.node.get_clock().now().nanoseconds)

    # --- the loop --------------------------------------------------------------------
    def connect(self) -> bool:
        """Join the loop to the plant; says once what it waits for."""
        try:
            loop = self._make_loop(self.arm, self._segment, SEGMENT_INDEX[self.crtk.name])
            refused = loop.start()
        except SharedMemoryError as error:
            if not self._said_waiting:
                self._said_waiting = True
                _say(f"waiting for the cell: {error}")
            return False
        self.loop, self.priority_refused = loop, refused
        if refused:
            _say(f"no real-time priority: {refused}; going on without it, late ticks are counted")
        _say(f"{self.crtk.name}: loop joined to {self._segment or 'the built-in mock'}")
        return True

    def _try_to_connect(self) -> bool:
        if time.monotonic() < self._next_try_s:
            return False
        self._next_try_s = time.monotonic() + RETRY_S
        return self.connect()

    def tick(self) -> None:
        """One period of the supervisor; states every second one."""
        if self.loop is None and not self._try_to_connect():
            return
        now_ns = self.now_ns()
        self.supervisor.tick(now_ns)
        state = self.supervisor.state
        if state.source == _core.Source.FOLLOW:
            self.latency.applied(state.command_stamp_ns, state.command_applied_ns)
        if time.monotonic() >= self._next_state_s - 0.5 * TICK_S:
            self._publish_states(now_ns)
        self.states.publish_events()

    def _publish_states(self, now_ns: int) -> None:
        now_s = time.monotonic()
        self._next_state_s = max(self._next_state_s + STATE_S, now_s)
        self.states.publish_states(now_ns)
        self._published += 1
        if self._published % STATES_PER_TF == 0:
            self.tf.publish()
        if self._began_s is None and self.supervisor.state.tick > 0:
            self._began_s = now_s
            self._counted_from = dict(self.states.counts)
        self._last_s = now_s

    def stop(self) -> None:
        """Controlled stop, power off, end of the loop thread."""
        self.supervisor.autostart.cancel("the process ends")
        if self.loop is not None:
            self.loop.stop()
            self.supervisor.tick(self.now_ns())
            self.states.publish_events()

    def last_words(self) -> str:
        """The arm's state as the process leaves it, and why where that is a fault."""
        state = self.supervisor.state
        why = "" if state.fault == _core.Fault.NONE else f": {_core.describe(state.fault)}"
        return f"{state.operating_state.name}{why}"

    # --- what was measured -----------------------------------------------------------
    def rates(self) -> dict[str, float]:
        """Hz of every topic since the first state was published."""
        if self._began_s is None:
            return {}
        seconds = max(self._last_s - self._began_s, 1e-3)
        before = self._counted_from
        return {t: (n - before.get(t, 0)) / seconds for t, n in self.states.counts.items()}

    def report(self) -> dict[str, object]:
        """What the process leaves in the run directory."""
        loop = dict(self.loop.statistics()) if self.loop is not None else {}
        loop["realtime_priority"] = self.loop is not None and not self.priority_refused
        registration = self.supervisor.registration
        return {
            "loop": loop,
            "rates": self.rates(),
            "latency": self.latency.report(),
            "corrections": {"accepted": registration.accepted, "rejected": registration.rejected},
            "operating_state": self.supervisor.state.operating_state.name,
            "fault": self.supervisor.state.fault.name,
        }

    def diagnose(self) -> None:
        """Publish one diagnostic status."""
        now_ns, supervisor = self.now_ns(), self.supervisor
        state, registration = supervisor.state, supervisor.registration
        status = registration.status(now_ns)
        target = supervisor.target
        level = DiagnosticStatus.OK
        if self.loop is None or state.fault != _core.Fault.NONE:
            level = DiagnosticStatus.ERROR
        elif self.priority_refused or state.stale:
            level = DiagnosticStatus.WARN
        values: dict[str, object] = {
            "state_rate_hz": f"{self.rates().get(f'/{self.crtk.name}/measured_js', 0.0):.1f}",
            "state_age_ms": f"{(now_ns - state.stamp_ns) / 1e6:.1f}" if state.tick else "none",
            "follow": supervisor.follower.state.value,
            "follow_reason": supervisor.follower.reason,
            "registration_age_s": f"{status.age_s:.2f}",
            "registration": status.reason or "good",
            "corrections": f"{registration.accepted} believed, {registration.rejected} not",
            "last_refusal": registration.last_refusal,
            "target_age_ms": f"{(now_ns - target.stamp_ns) / 1e6:.0f}" if target else "none",
            "commands_refused": state.commands_refused,
        }
        if self.loop is not None:
            loop = self.loop.statistics()
            keys = ("rate_hz", "missed", "overruns")
            values.update({f"loop_{k}": loop.get(k) for k in keys})
        self.states.publish_diagnostics(now_ns, values, level)


def _say(line: str) -> None:
    sys.stdout.write(f"control: {line}\n")
    sys.stdout.flush()


def run(node: Node, is_over: Callable[[], bool]) -> int:
    """The life of the process on a node; the exit code."""
    try:
        parameters = read_parameters(node)
    except ConfigurationError as error:
        sys.stderr.write(f"control: {error}\n")
        return 2
    segment = "" if parameters.is_mock else segment_name()
    control = ControlNode(node, parameters, segment)
    if parameters.autostart == "follow":
        _say("autostart: the arm will power itself, home, and follow the tissue")
    try:
        spin_until(node, is_over)
    finally:
        control.stop()
        write_report(node.get_name(), control.report())
    _say(f"ended; arm {control.last_words()}")
    return 0


def main() -> int:
    """Entry point `control_node`."""
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    stop = StopFlag()
    node = rclpy.create_node("control")
    try:
        return run(node, lambda: bool(stop))
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    sys.exit(main())
