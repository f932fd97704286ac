# SPDX-License-Identifier: Apache-2.0
"""The control node over real DDS, its loop in lockstep with an ideal plant, in one thread.

Two contexts, one domain: what the client hears has been on the wire.  Wall time paces the plant,
so nothing here waits for a fixed time where a condition will do.
"""

import importlib.util
import time
from pathlib import Path

import numpy as np
import pytest

_path = Path(__file__).resolve().parent.parent / "control" / "ideal_plant.py"
_spec = importlib.util.spec_from_file_location("ideal_plant", _path)
ideal_plant = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ideal_plant)

MS = 1_000_000
TIMEOUT = 20.0  # s, of a condition; far more than it takes, for a machine under load


class LockstepLoop:
    """Stands in for `ArmLoop`: the owner steps it by wall time."""

    def __init__(self, arm, segment, index):
        self.plant = ideal_plant.IdealPlant(arm, start_ns=time.time_ns())

    def start(self, priority=80):
        return ""

    def stop(self):
        self.plant.arm.state_command(ideal_plant._core.StateCommand.DISABLE)
        self.plant.step(600)

    def statistics(self):
        return {"rate_hz": 1000.0, "missed": 0, "overruns": 0}

    def step_to(self, now_ns):
        behind = (now_ns - self.plant.now_ns) // MS
        if behind > 0:
            self.plant.step(min(int(behind), 50))


class Bench:
    """`client` is a node that publishes and hears; `control` is the node under test."""

    def __init__(self, autostart="none"):
        import rclpy
        from rclpy.node import Node

        from trocar.control.nodes.control_node import ControlNode
        from trocar.control.nodes.executor import EventsExecutor
        from trocar.control.nodes.parameters import ControlParameters
        from trocar.site import load_site

        root = Path(__file__).resolve().parent.parent.parent
        site = load_site(root / "launch/config/site.yaml")
        T_camera_base = site.T_camera_base["PSM1"]
        parameters = ControlParameters(
            "PSM1", T_camera_base, autostart, 0, 15.0, site.gravity_camera, True
        )
        self.contexts = [rclpy.Context(), rclpy.Context()]
        for context in self.contexts:
            rclpy.init(context=context)
        self.control_node = Node("control", context=self.contexts[0])
        self.client = Node("client", context=self.contexts[1])
        self.control = ControlNode(self.control_node, parameters, "", LockstepLoop)
        self.executors = [EventsExecutor(context=c) for c in self.contexts]
        self.executors[0].add_node(self.control_node)
        self.executors[1].add_node(self.client)
        self.heard = {}
        self._publishers = {}

    # --- time ------------------------------------------------------------------------
    def once(self):
        """One turn of everybody."""
        if self.control.loop is not None:
            self.control.loop.step_to(time.time_ns())
        for executor in self.executors:
            executor.spin_once(timeout_sec=0.001)

    def spin(self, seconds):
        """Let the system run."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.once()

    def until(self, condition, timeout=TIMEOUT):
        """Run until the condition holds; whether it did."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if condition():
                return True
            self.once()
        return bool(condition())

    # --- the client ------------------------------------------------------------------
    def listen(self, *names):
        """Subscribe to topics of the table by their names in it; messages go to `heard[name]`."""
        from trocar.control.nodes.topics import PUBLISHED

        rows = {row.name: row for row in PUBLISHED}
        for name in names:
            self.heard[name] = []
            row = rows[name]
            self.client.create_subscription(
                row.type, row.path("PSM1"), self.heard[name].append, row.qos
            )
        assert self.until(lambda: all(self._is_heard(rows[n]) for n in names))
        return self.heard

    def _is_heard(self, row):
        return self.control_node.count_subscribers(row.path("PSM1")) > 0

    def say(self, name, message):
        """Publish on a topic the node subscribes to, once it is connected."""
        from trocar.control.nodes.topics import SUBSCRIBED

        row = {r.name: r for r in SUBSCRIBED}[name]
        if name not in self._publishers:
            publisher = self.client.create_publisher(row.type, row.path("PSM1"), 10)
            assert self.until(lambda: publisher.get_subscription_count() > 0)
            self._publishers[name] = publisher
        self._publishers[name].publish(message)

    def ready(self):
        """Enable and home over the wire."""
        from std_msgs.msg import String

        self.until(lambda: self.state.tick > 0)
        self.say("std/state_command", String(data="enable"))
        assert self.until(lambda: self.state.operating_state.name == "ENABLED")
        self.say("std/state_command", String(data="home"))
        assert self.until(lambda: self.state.is_homed and not self.state.is_busy)
        return self

    @property
    def state(self):
        return self.control.supervisor.state

    def close(self):
        self.control.stop()
        for executor in self.executors:
            executor.shutdown(timeout_sec=1.0)
        self.control_node.destroy_node()
        self.client.destroy_node()
        import rclpy

        for context in self.contexts:
            rclpy.shutdown(context=context)


@pytest.fixture
def bench():
    running = Bench()
    yield running
    running.close()


@pytest.fixture
def following_bench():
    running = Bench("follow")
    yield running
    running.close()


@pytest.fixture
def still():
    """Asserts that two joint vectors are the same but for the reference's last settling."""
    return lambda q, q_before: np.testing.assert_allclose(q, q_before, rtol=0, atol=1e-9)
