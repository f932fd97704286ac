# SPDX-License-Identifier: Apache-2.0
"""The console process: aiohttp in the main thread, ROS in one other thread."""

import asyncio
import os
import sys
import threading
import time
from pathlib import Path

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from trocar.console.frames import pack
from trocar.console.nodes.topics import ConsoleTopics
from trocar.console.server import ConsoleServer
from trocar.process import RUN_DIR, StopFlag, segment_name, write_report

try:
    from rclpy.experimental.events_executor import EventsExecutor as Executor
except ImportError:  # Humble
    Executor = SingleThreadedExecutor

STOP_CHECK_PERIOD = 0.05  # s
SPIN_TIMEOUT = 0.1  # s: finite, or the events executor never fires (reference: rclpy 9.1)


class Film:
    """Packs frames for the server and keeps their ages."""

    def __init__(self, topics: ConsoleTopics) -> None:
        """Takes from the joiner of `topics`."""
        self._topics = topics
        self._seq = 0
        self.ages_ms: list[float] = []

    def next_frame(self) -> tuple[int, bytes] | None:
        """The newest ready frame as one message, or None."""
        with self._topics.lock:
            frame = self._topics.joiner.take(time.time_ns())
        if frame is None:
            return None
        self._seq += 1
        age_ms = (time.time_ns() - frame.stamp_ns) / 1e6
        self.ages_ms.append(age_ms)
        return frame.stamp_ns, pack(frame, self._seq, age_ms)


def _spin(node: Node, ended: threading.Event) -> None:
    executor = Executor()
    executor.add_node(node)
    while not ended.is_set() and rclpy.ok():
        executor.spin_once(timeout_sec=SPIN_TIMEOUT)


def _announce(port: int, asked: int) -> None:
    if port != asked:
        sys.stdout.write(f"port {asked} is in use, the console took {port} instead\n")
    sys.stdout.write(f"console: http://127.0.0.1:{port}\n")
    sys.stdout.flush()
    folder = os.environ.get(RUN_DIR)
    if folder:
        Path(folder, "console.url").write_text(f"http://127.0.0.1:{port}")


def _diagnose(node: Node, server: ConsoleServer, film: Film) -> DiagnosticArray:
    status = DiagnosticStatus(name="console: page", level=DiagnosticStatus.OK, message="serving")
    age = film.ages_ms[-1] if film.ages_ms else float("nan")
    values = {"picture_age_ms": f"{age:.1f}", **{k: str(v) for k, v in server.counters.items()}}
    status.values = [KeyValue(key=k, value=v) for k, v in values.items()]
    message = DiagnosticArray(status=[status])
    message.header.stamp = node.get_clock().now().to_msg()
    return message


async def _serve(node: Node, port: int, arm: str, stop: StopFlag) -> int:
    topics = ConsoleTopics(node, arm, segment_name())
    film = Film(topics)
    server = ConsoleServer(topics, topics.status, film.next_frame)
    diagnostics = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
    ended = threading.Event()
    spinner = threading.Thread(target=_spin, args=(node, ended), name="ros")
    spinner.start()
    try:
        used = await server.start(port)
        _announce(used, port)
        ticks = 0
        while not stop:
            await asyncio.sleep(STOP_CHECK_PERIOD)
            ticks += 1
            if ticks % round(1.0 / STOP_CHECK_PERIOD) == 0:
                diagnostics.publish(_diagnose(node, server, film))
        await server.close()
    except OSError as error:
        sys.stderr.write(f"console: no free port in {port}..{port + 9} ({error}); give port:=N\n")
        return 2
    finally:
        ended.set()
        spinner.join()
    ages = sorted(film.ages_ms)
    write_report(
        "console",
        {
            "port": used,
            "counters": server.counters,
            "picture_age_ms": {
                "p50": ages[len(ages) // 2] if ages else None,
                "p99": ages[min(len(ages) - 1, int(0.99 * len(ages)))] if ages else None,
                "count": len(ages),
            },
        },
    )
    return 0


def main() -> int:
    """Entry point `console_node`."""
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    stop = StopFlag()
    node = rclpy.create_node("console")
    port = int(node.declare_parameter("port", 8080).value)
    arm = str(node.declare_parameter("arm", "PSM1").value)
    code = 1
    try:
        code = asyncio.run(_serve(node, port, arm, stop))
    except (KeyboardInterrupt, ExternalShutdownException):
        code = 0
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    return code


if __name__ == "__main__":
    sys.exit(main())
