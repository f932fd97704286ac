# SPDX-License-Identifier: Apache-2.0
"""A CRTK client that moves the arm and remembers where it truly was."""

import math
import threading
import time
from collections.abc import Callable

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped, PoseWithCovarianceStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import String

PATIENCE = 60.0
AMPLITUDE, FREQUENCY = 0.08, 0.5  # rad, Hz of the first joint: about 30 mm/s at the tip


class Client:
    """Homes the arm and streams a sine to its first joint; remembers the true positions."""

    def __init__(self) -> None:
        self.context = rclpy.context.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("kill_test", context=self.context)
        latched = QoSProfile(
            depth=1,
            durability=DurabilityPolicy.TRANSIENT_LOCAL,
            reliability=ReliabilityPolicy.RELIABLE,
        )
        sensor = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.command = self.node.create_publisher(String, "/PSM1/std/state_command", 10)
        self.servo = self.node.create_publisher(JointState, "/PSM1/servo_jp", 10)
        make = self.node.create_subscription
        make(DiagnosticArray, "/PSM1/std/operating_state", self._on_state, latched)
        make(JointState, "/PSM1/setpoint_js", self._on_setpoint, sensor)
        make(PoseStamped, "/truth/PSM1/measured_cp", self._on_truth, sensor)
        make(PoseWithCovarianceStamped, "/tissue/target", self._on_target, sensor)
        self.state, self.is_homed, self.is_busy = "", False, False
        self.targets: list[float] = []  # monotonic s at which perception said where the tissue is
        self.setpoint: list[float] = []
        self.truth: list[tuple[float, np.ndarray]] = []  # monotonic s, position m
        self._ended = threading.Event()
        self._moving_from: tuple[float, list[float]] | None = None
        self.node.create_timer(0.01, self._stream)
        executor = SingleThreadedExecutor(context=self.context)
        executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, args=(executor,), daemon=True)
        self._thread.start()

    def _spin(self, executor: SingleThreadedExecutor) -> None:
        while not self._ended.is_set():
            executor.spin_once(timeout_sec=0.05)

    def _on_state(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {v.key: v.value for v in status.values}
            self.state = status.message
            self.is_homed = values.get("is_homed", "").lower() == "true"
            self.is_busy = values.get("is_busy", "").lower() == "true"

    def _on_setpoint(self, message: JointState) -> None:
        self.setpoint = list(message.position)

    def _on_target(self, _message: PoseWithCovarianceStamped) -> None:
        self.targets.append(time.monotonic())

    def _on_truth(self, message: PoseStamped) -> None:
        p = message.pose.position
        self.truth.append((time.monotonic(), np.array([p.x, p.y, p.z])))

    def _stream(self) -> None:
        if self._moving_from is None:
            return
        begun, q = self._moving_from
        phase = 2.0 * math.pi * FREQUENCY * (time.monotonic() - begun)
        self.servo.publish(JointState(position=[q[0] + AMPLITUDE * math.sin(phase), *q[1:6]]))

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"still waiting for {what}; arm is {self.state}"
            time.sleep(0.02)

    def home_and_move(self) -> None:
        """Power, home, and let the sine run until the arm truly moves."""
        self.enable()
        self._command_until("home", self._is_home)
        self.wait(lambda: len(self.setpoint) >= 6 and bool(self.truth), "set-point and truth")
        self._moving_from = (time.monotonic(), list(self.setpoint))
        at_rest = self.truth[-1][1]
        self.wait(
            lambda: bool(np.linalg.norm(self.truth[-1][1] - at_rest) > 0.003), "the arm to move"
        )

    def enable(self) -> None:
        """Power; acknowledges a fault."""
        self._command_until("enable", lambda: self.state == "ENABLED")

    def be_still(self) -> None:
        """Send no more set-points."""
        self._moving_from = None

    def _command_until(self, word: str, done: Callable[[], bool]) -> None:
        """Say the word again each second: the first may be sent before the node has matched."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, f"{word} did not work; arm is {self.state}"
            if not self.is_busy:
                self.command.publish(String(data=word))
            for _ in range(50):
                if done():
                    break
                time.sleep(0.02)

    def _is_home(self) -> bool:
        return self.is_homed and not self.is_busy and self.state == "ENABLED"

    def travelled_since(self, when: float) -> float | None:
        """Largest distance in m from the last true position before `when`; None: no later news."""
        before = [p for t, p in self.truth if t <= when]
        after = [p for t, p in self.truth if t > when]
        return max(float(np.linalg.norm(p - before[-1])) for p in after) if after else None

    def close(self) -> None:
        self._ended.set()
        self._thread.join(5.0)
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)
