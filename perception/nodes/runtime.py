# SPDX-License-Identifier: Apache-2.0
"""Life of this room's ROS process: start, one executor with finite waits, a clean end."""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from trocar.errors import MissingDependencyError, TrocarError
from trocar.process import StopFlag

# The ROS 2 wheels leave it unset; looking up a package's share folder then fails.
os.environ.setdefault("AMENT_PREFIX_PATH", sys.prefix)

try:
    import rclpy
    from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
    from rclpy.node import Node
    from rclpy.signals import SignalHandlerOptions
except ImportError as _error:  # pragma: no cover - depends on the machine
    raise MissingDependencyError(
        f"no ROS 2 here ({_error}); activate the environment that has rclpy (make setup)"
    ) from _error

try:
    from rclpy.experimental.events_executor import EventsExecutor as _Executor
except ImportError:  # Humble, Jazzy
    _Executor = SingleThreadedExecutor

SPIN_S = 0.1  # finite: without an end the events executor of rclpy 9.1 fires nothing


class Runtime:
    """One process: its node, its executor and its stop flag."""

    def __init__(self, name: str) -> None:
        """Initialise ROS from sys.argv; signals go to the stop flag, not to rclpy."""
        rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
        self.stop = StopFlag()
        self.node: Any = Node(name)
        self._executor: Any = _Executor()
        self._executor.add_node(self.node)
        self._diagnostics = self.node.create_publisher(DiagnosticArray, "/diagnostics", 10)

    def parameter(self, name: str, default: Any) -> Any:
        """Declare and read one parameter."""
        return self.node.declare_parameter(name, default).value

    def spin_until_stopped(self) -> None:
        """Serve callbacks until a signal, the launcher's death or the end of ROS."""
        try:
            while not self.stop and self.node.context.ok():
                self._executor.spin_once(timeout_sec=SPIN_S)
        except ExternalShutdownException:
            self.stop.reason = self.stop.reason or "ROS shut down"

    def diagnose(self, what: str, level: int, message: str, values: Mapping[str, object]) -> None:
        """Publish one status on /diagnostics, named `<node>: <what>`; level 0 ok, 1 warn."""
        status = DiagnosticStatus(
            level=bytes([level]), name=f"{self.node.get_name()}: {what}", message=message
        )
        status.values = [KeyValue(key=key, value=_text(value)) for key, value in values.items()]
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.node.get_clock().now().to_msg()
        self._diagnostics.publish(array)

    def close(self) -> None:
        """End ROS."""
        self._executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        rclpy.try_shutdown()


def _text(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def run_node(name: str, body: Callable[[Runtime], None]) -> int:
    """Run `body` in a fresh runtime, end it cleanly; exit code 0, or 2 with one line why."""
    runtime = Runtime(name)
    try:
        body(runtime)
    except TrocarError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2
    finally:
        runtime.close()
    return 0
