# SPDX-License-Identifier: Apache-2.0
"""Everything that may command one arm, composed: arbiter, operator, tissue follower, clients.

`tick(now_ns)` is called at 100-200 Hz; inputs come in between by the other methods, each with
its time.  The 1 kHz loop behind `Arm` needs none of this to be punctual: it carries the
newest command, slows and holds by itself.  What is to be told is in `said.answers` and
`said.messages`.  Hand-overs, holds and stops always hold the arm first, so nobody inherits
another's motion.
"""

from trocar import _core, kinematics
from trocar.control.answer import Answers
from trocar.control.arbiter import Arbiter, Handover
from trocar.control.autostart import Autostart, Step
from trocar.control.crtk import state_command
from trocar.control.follow import FollowConfig, FollowState, TissueFollower
from trocar.control.operator_input import OperatorInput
from trocar.control.registration import Registration
from trocar.control.teleop import Teleop, TeleopState
from trocar.errors import CommandRefusedError
from trocar.estimates import TargetEstimate, ToolEstimate
from trocar.geometry import Array

NS = 1_000_000_000
_JAW_STEP = 1e-6  # rad; a smaller change of the jaw is not worth a command


class ArmSupervisor:
    """The command side of one arm.

    `T_camera_base` is nominal.  Poses in `Registration` and `TissueFollower` follow from it;
    `autostart` is "none" or "follow".
    """

    def __init__(
        self,
        arm: _core.Arm,
        T_camera_base: Array,
        autostart: str = "none",
        *,
        follow: FollowConfig | None = None,
    ) -> None:
        """Compose; nothing moves before the first `tick`."""
        self.arm = arm
        self.registration = Registration(T_camera_base)
        self.follower = TissueFollower(follow)
        self.teleop = Teleop()
        self.arbiter = Arbiter(autostart)
        self.autostart = Autostart(autostart == "follow")
        self.said = Answers()
        self.state = arm.state()
        self.target: TargetEstimate | None = None
        self.is_moving_teleop = False
        self._was_ready = False
        self._was: tuple[_core.OperatingState, _core.Fault] | None = None
        self._follow_state = FollowState.OFF

    # --- inputs --------------------------------------------------------------------
    def add_target(self, target: TargetEstimate) -> None:
        """The newest tissue target."""
        self.target = target

    def add_tool(self, estimate: ToolEstimate, now_ns: int) -> str:
        """The newest tool estimate; returns "" or why it is not believed."""
        return self.registration.add(estimate, now_ns)

    def add_operator(self, sample: OperatorInput, now_ns: int) -> None:
        """The newest sample of the operator's hand; a press of the dead-man takes the arm."""
        was_pressed = self.teleop.is_pressed
        fault = self.teleop.add(sample)
        if fault:
            self.said.say("error", fault, now_ns)
        else:
            self.arbiter.keep_alive("teleop", now_ns)
        if not self.teleop.is_pressed:
            self.arbiter.let_go()
        elif not was_pressed:
            self.autostart.cancel("the operator took over")
            self._on_handover(self.arbiter.take_over(now_ns), now_ns)

    def request_source(self, source: str, now_ns: int) -> bool:
        """Someone asks for the arm; answered like a command.  Asking for `follow` engages anew."""
        what = "request_source"
        try:
            if source == "follow" and not self.is_ready:
                raise CommandRefusedError(self.not_ready())
            handover = self.arbiter.request(source, now_ns)
        except CommandRefusedError as refusal:
            self.said.refuse(what, source, str(refusal), now_ns)
            return False
        self.autostart.cancel(f"'{source}' was asked for")
        self._on_handover(handover, now_ns)
        if source == "follow" and handover is None and not self.follower.is_engaged:
            self.follower.engage(now_ns)
        self.said.accept(what, source, now_ns)
        return True

    def hold(self, now_ns: int) -> None:
        """Hold, from anyone: whoever moves the arm by itself loses it."""
        self.autostart.cancel("hold")
        self._on_handover(self.arbiter.release("hold asked for", now_ns), now_ns)
        self.said.expect(self.arm.hold(), "hold", "crtk")

    def state_command(self, word: str, now_ns: int) -> None:
        """enable, disable, pause, resume, home, unhome: from anyone."""
        self.autostart.cancel(f"state_command {word}")
        self.said.attempt(
            "state_command", "crtk", now_ns, lambda: self.arm.state_command(state_command(word))
        )

    def press_estop(self, now_ns: int, *, is_elsewhere: bool = False) -> None:
        """Emergency stop: controlled stop, power off, latched, until released.

        `is_elsewhere`: the flag of the cell is pressed already, and its release must suffice.
        """
        if not is_elsewhere:
            self.arm.press_estop()
        self.autostart.cancel("emergency stop")
        self.said.say("error", "emergency stop pressed", now_ns)

    def release_estop(self, now_ns: int) -> None:
        """Clears the cause only: the arm stays in FAULT until it is enabled."""
        self.arm.release_estop()
        self.said.say("status", "emergency stop released; enable the arm to go on", now_ns)

    # --- the tick ------------------------------------------------------------------
    @property
    def is_ready(self) -> bool:
        """Powered, enabled and homed."""
        enabled = self.state.operating_state == _core.OperatingState.ENABLED
        return enabled and self.state.is_homed

    def not_ready(self) -> str:
        """Why the arm takes no motion now."""
        word = self.state.operating_state.name
        homed = "" if self.state.is_homed else ", not homed"
        return f"the arm is {word}{homed}: enable and home it first"

    def tick(self, now_ns: int) -> None:
        """Read the arm, move what is in control, give up what is stale."""
        self.state = self.arm.state()
        self.registration.advance(now_ns)
        self._watch_state(now_ns)
        self._autostart(now_ns)
        if self.is_ready:
            if self.arbiter.source == "teleop":
                self._tick_teleop(now_ns)
            elif self.arbiter.source == "follow":
                self._tick_follow(now_ns)
        if not self.teleop.is_pressed:  # also after a lock or a time-out: others may ask again
            self.arbiter.let_go()
        self._on_handover(self.arbiter.tick(now_ns), now_ns)
        self.said.take(self.arm.take_results())

    def _watch_state(self, now_ns: int) -> None:
        if self._was_ready and not self.is_ready:  # nothing resumes by itself after a stop
            self._on_handover(self.arbiter.release("the arm is not ready", now_ns), now_ns)
        elif not self.is_ready and self.arbiter.source == "teleop":
            self.teleop.lock("the arm is not ready: enable and home it first")
        self._was_ready = self.is_ready
        now = (self.state.operating_state, self.state.fault)
        if now != self._was:
            if self.state.fault != _core.Fault.NONE and (
                self._was is None or self._was[1] != self.state.fault
            ):
                self.said.say("error", f"FAULT: {_core.describe(self.state.fault)}", now_ns)
            self.said.say("status", f"operating state {now[0].name}", now_ns)
            self._was = now

    def _autostart(self, now_ns: int) -> None:
        step = self.autostart.next(
            self.state, now_ns, lambda: self.follower.can_begin(self.target, now_ns)
        )
        if step == Step.ENABLE:
            seq = self.arm.state_command(_core.StateCommand.ENABLE)
            self.said.expect(seq, "state_command", "autostart")
        elif step == Step.HOME:
            seq = self.arm.state_command(_core.StateCommand.HOME)
            self.said.expect(seq, "state_command", "autostart")
        elif step == Step.ENGAGE:
            self._on_handover(self.arbiter.request("follow", now_ns), now_ns)

    def _tick_teleop(self, now_ns: int) -> None:
        q = self.state.setpoint_q
        T_base_setpoint = kinematics.forward_kinematics(q[:6])
        T_camera_base = self.registration.T_camera_base(now_ns)
        command = self.teleop.update(now_ns, T_camera_base, T_base_setpoint, float(q[6]))
        if command.T_base_cp is None:
            if self.is_moving_teleop:
                self.said.expect(self.arm.hold(), "hold", "teleop")
                self.is_moving_teleop = False
            if command.state == TeleopState.LOCKED:
                self.said.say("warning", f"teleoperation holds: {command.reason}", now_ns)
            return
        self.is_moving_teleop = True
        seq = self.arm.servo_cp(
            command.T_base_cp, source=_core.Source.TELEOP, stamp_ns=command.stamp_ns
        )
        self.said.expect(seq, "servo_cp", "teleop")
        if command.jaw is not None and abs(command.jaw - float(q[6])) > _JAW_STEP:
            seq = self.arm.jaw_servo_jp(command.jaw, source=_core.Source.TELEOP)
            self.said.expect(seq, "jaw/servo_jp", "teleop")

    def _tick_follow(self, now_ns: int) -> None:
        command = self.follower.update(now_ns, self.target, self.registration, self.state)
        if command.state != self._follow_state:
            self._follow_state = command.state
            is_bad = command.state in (FollowState.HOLDING, FollowState.GIVEN_UP)
            level = "warning" if is_bad else "status"
            self.said.say(level, f"follow: {command.state.value} {command.reason}".rstrip(), now_ns)
            if command.state == FollowState.GIVEN_UP:
                self.said.expect(self.arm.hold(), "hold", "follow")
        if command.T_base_cp is None:
            return
        self.arbiter.keep_alive("follow", now_ns)
        seq = self.arm.servo_cp(
            command.T_base_cp,
            command.twist_base,
            source=_core.Source.FOLLOW,
            stamp_ns=command.stamp_ns,
        )
        self.said.expect(seq, "servo_cp", "follow")

    def _on_handover(self, handover: Handover | None, now_ns: int) -> None:
        if handover is None:
            return
        if self.is_ready:
            self.said.expect(self.arm.hold(), "hold", "supervisor")
        self.is_moving_teleop = False
        if handover.source != "follow":
            self.follower.disengage(f"{handover.source} has the arm: {handover.reason}")
            self._follow_state = FollowState.OFF
        else:
            self.follower.engage(now_ns)
        if handover.source != "teleop":
            self.teleop.lock(f"{handover.reason}; release the dead-man and press it again")
        self.said.say(
            "status",
            f"source {handover.source} after {handover.earlier}: {handover.reason}",
            now_ns,
        )
