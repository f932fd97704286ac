# SPDX-License-Identifier: Apache-2.0
"""One arm as CRTK sees it: commands in, states out, in the frame of each namespace.

| namespace | frame | transform |
|---|---|---|
| (none) | `endoscope_left` | nominal T_camera_base of the site file, no vision |
| `local/` | `<arm>_base` (RCM) | none |
| `visual/` | `endoscope_left` | latched correction, the same both ways |

A command is checked, then the arbiter is asked, then the core gets it; each step may refuse
with a sentence.  Client stamps only decide about age: a CRTK set-point is meant for now.
"""

from collections.abc import Callable, Sequence

import numpy as np

from trocar import _core, kinematics
from trocar.control import crtk
from trocar.control.supervisor import ArmSupervisor
from trocar.control.visual import VisualFrame
from trocar.errors import CommandRefusedError
from trocar.geometry import Array, inverse

NAMESPACES = ("", "local", "visual")


class CrtkArm:
    """CRTK commands and states of the arm of a supervisor; `name` such as "PSM1"."""

    def __init__(self, supervisor: ArmSupervisor, name: str) -> None:
        """Wrap; the supervisor is ticked by its owner."""
        self.supervisor = supervisor
        self.name = name
        self.visual = VisualFrame(supervisor.registration)
        self._T_camera_base = supervisor.registration.T_camera_base_nominal
        self._T_base_camera = inverse(self._T_camera_base)

    # --- commands: names, units and shapes of CRTK ----------------------------------
    def joint_command(
        self,
        what: str,
        names: Sequence[str],
        position: Sequence[float],
        velocity: Sequence[float],
        stamp_ns: int,
        now_ns: int,
    ) -> bool:
        """servo_jp or move_jp: position (6,) rad and m, velocity (6,) or empty."""

        def give() -> int:
            crtk.check_stamp(what, stamp_ns, now_ns)
            joints = kinematics.JOINT_NAMES
            q, qd = crtk.joint_goal(what, names, position, velocity, joints)
            self._ask()
            if what == "move_jp":
                return self.supervisor.arm.move_jp(q)
            return self.supervisor.arm.servo_jp(q, qd)

        return self._attempt(what, now_ns, give)

    def pose_command(
        self,
        what: str,
        frame_id: str,
        position: Sequence[float],
        quat_xyzw: Sequence[float],
        stamp_ns: int,
        now_ns: int,
    ) -> bool:
        """[local/|visual/]servo_cp or move_cp: position (3,) m, orientation (4,)."""
        namespace, _, command = what.rpartition("/")

        def give() -> int:
            stamp = crtk.check_stamp(what, stamp_ns, now_ns)
            base = crtk.base_frame(self.name)
            default = base if namespace == "local" else crtk.CAMERA_FRAME
            frame = crtk.resolve_frame(what, frame_id, default, (crtk.CAMERA_FRAME, base))
            T_frame_cp = crtk.pose_goal(what, position, quat_xyzw)
            T_base_cp = self._to_base(namespace, frame, T_frame_cp, stamp, now_ns)
            self._ask()
            arm = self.supervisor.arm
            return arm.move_cp(T_base_cp) if command == "move_cp" else arm.servo_cp(T_base_cp)

        return self._attempt(what, now_ns, give)

    def jaw_command(
        self,
        what: str,
        names: Sequence[str],
        position: Sequence[float],
        stamp_ns: int,
        now_ns: int,
    ) -> bool:
        """jaw/servo_jp or jaw/move_jp: position (1,) rad, negative grips harder."""

        def give() -> int:
            crtk.check_stamp(what, stamp_ns, now_ns)
            q, _ = crtk.joint_goal(what, names, position, (), (kinematics.JAW_NAME,))
            self._ask()
            arm = self.supervisor.arm
            give_jaw = arm.jaw_move_jp if what == "jaw/move_jp" else arm.jaw_servo_jp
            return give_jaw(float(q[0]))

        return self._attempt(what, now_ns, give)

    def _attempt(self, what: str, now_ns: int, give: Callable[[], int]) -> bool:
        return self.supervisor.said.attempt(what, "crtk", now_ns, give)

    def _ask(self) -> None:
        self.supervisor.arbiter.check("crtk")
        if not self.supervisor.is_ready:
            raise CommandRefusedError(self.supervisor.not_ready())

    def _to_base(
        self, namespace: str, frame: str, T_frame_cp: Array, stamp_ns: int, now_ns: int
    ) -> Array:
        if frame == crtk.base_frame(self.name):
            return T_frame_cp
        if namespace == "visual":
            return self.visual.command(T_frame_cp, stamp_ns, now_ns)
        return self._T_base_camera @ T_frame_cp

    # --- states --------------------------------------------------------------------
    def frame_id(self, namespace: str) -> str:
        """Frame of the poses of a namespace."""
        return crtk.base_frame(self.name) if namespace == "local" else crtk.CAMERA_FRAME

    def measured_cp(self, T_base_cp: Array, namespace: str = "") -> Array:
        """A measured pose of the control point (4, 4) in the frame of the namespace."""
        if namespace == "local":
            return T_base_cp
        if namespace == "visual":
            return self.visual.publish(T_base_cp)
        return self._T_camera_base @ T_base_cp

    def setpoint_cp(self, T_base_cp: Array, now_ns: int, namespace: str = "") -> Array:
        """A set-point pose (4, 4) in the frame of the namespace; `visual` remembers it."""
        if namespace == "visual":
            return self.visual.publish_setpoint(T_base_cp, now_ns)
        return self.measured_cp(T_base_cp, namespace)

    def measured_cv(self, state: _core.ArmState) -> Array:
        """Twist (6,) of the control point in camera axes (dVRK: those of measured_cp)."""
        twist_base = kinematics.jacobian(state.q[:6]) @ np.asarray(state.qd)[:6]
        R = self._T_camera_base[:3, :3]
        return np.concatenate([R @ twist_base[:3], R @ twist_base[3:]])
