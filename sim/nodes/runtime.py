# SPDX-License-Identifier: Apache-2.0
"""Life of this room's ROS processes: start, one executor with finite waits, diagnostics, end."""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from trocar.errors import ConfigurationError, TrocarError
from trocar.process import StopFlag

# The wheels' bootstrap leaves it unset; resource look-up then fails (ROS 2 wheels).
os.environ.setdefault("AMENT_PREFIX_PATH", sys.prefix)

try:
    import rclpy
    from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
    from rclpy.node import Node
    from rclpy.signals import SignalHandlerOptions
except ImportError as _error:  # pragma: no cover - depends on the machine
    raise ImportError(
        f"no ROS 2 here ({_error}); activate the environment that has rclpy (make setup)"
    ) from _error

try:
    from rclpy.experimental.events_executor import EventsExecutor as _Executor
except ImportError:  # Humble, Jazzy
    _Executor = SingleThreadedExecutor

DIAGNOSTICS_PERIOD_NS = 1_000_000_000
SPIN_TIMEOUT_S = 0.1  # finite: without one the events executor of rclpy 9.1 fires nothing


class Runtime:
    """One process: its node, its executor and its stop flag."""

    def __init__(self, name: str) -> None:
        """Initialise ROS from sys.argv; signals go to the stop flag, not to rclpy."""
        rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
        self.stop = StopFlag()
        # Given parameters are declared with the types they came with: refusing a wrong one is ours.
        self.node: Any = Node(name, automatically_declare_parameters_from_overrides=True)
        self._executor = _Executor()
        self._executor.add_node(self.node)
        self._diagnostics = self.node.create_publisher(DiagnosticArray, "/diagnostics", 10)

    def parameter(self, name: str, default: Any) -> Any:
        """Declare and read one parameter as the type of its default; an int serves as a float."""
        if not self.node.has_parameter(name):
            self.node.declare_parameter(name, default)
        value = self.node.get_parameter(name).value
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if type(value) is not type(default):
            raise ConfigurationError(
                f"parameter {name} is {value!r}; give a {type(default).__name__}, like {default!r}"
            )
        return value

    def spin(self, timeout_s: float = SPIN_TIMEOUT_S) -> None:
        """Serve callbacks that are ready, for at most `timeout_s`."""
        try:
            self._executor.spin_once(timeout_sec=timeout_s)
        except ExternalShutdownException:
            self.stop.reason = self.stop.reason or "ROS shut down"

    def diagnose(self, what: str, ok: bool, message: str, values: Mapping[str, object]) -> None:
        """Publish one status on /diagnostics, named `<node>: <what>`."""
        level = DiagnosticStatus.OK if ok else DiagnosticStatus.WARN
        status = DiagnosticStatus(
            level=level, name=f"{self.node.get_name()}: {what}", message=message
        )
        status.values = [KeyValue(key=k, value=str(v)) for k, v in values.items()]
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.node.get_clock().now().to_msg()
        self._diagnostics.publish(array)

    def close(self) -> None:
        """End ROS; a second signal during it changes nothing."""
        self._executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        rclpy.try_shutdown()


def run_node(name: str, body: Callable[[Runtime], int]) -> int:
    """Run `body` in a fresh runtime and always end it cleanly; returns the exit code."""
    runtime = Runtime(name)
    try:
        return body(runtime)
    except TrocarError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2
    finally:
        runtime.close()
