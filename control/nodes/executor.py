# SPDX-License-Identifier: Apache-2.0
"""The executor of a Trocar process: events where rclpy has it, always waited for with an end."""

from collections.abc import Callable

from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

try:
    from rclpy.experimental.events_executor import EventsExecutor
except ImportError:  # Humble
    EventsExecutor = SingleThreadedExecutor

SPIN_S = 0.1  # finite, or the events executor of the wheels fires nothing


def spin_until(node: Node, is_over: Callable[[], bool]) -> None:
    """Run the node's callbacks in this thread until `is_over()` or ROS shuts down."""
    executor = EventsExecutor()
    executor.add_node(node)
    try:
        while not is_over() and node.context.ok():
            executor.spin_once(timeout_sec=SPIN_S)
    except ExternalShutdownException:
        pass
    finally:
        executor.remove_node(node)
        executor.shutdown(timeout_sec=1.0)
