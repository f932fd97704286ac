# SPDX-License-Identifier: Apache-2.0
"""The console process over real DDS: its topics, its page, its end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time

import aiohttp
import pytest

rclpy = pytest.importorskip("rclpy", reason="no rclpy: make setup installs the ROS 2 wheels")
pytestmark = pytest.mark.ros

DOMAIN = 60 + os.getpid() % 30


@pytest.fixture
def node():
    from rclpy.executors import SingleThreadedExecutor

    context = rclpy.Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    executor = SingleThreadedExecutor(context=context)
    running = rclpy.create_node("console_test", context=context)
    executor.add_node(running)
    running.spin_for = lambda seconds: _spin(executor, seconds)
    running.spin_until = lambda condition, seconds=15.0: _spin(executor, seconds, condition)
    yield running
    running.destroy_node()
    rclpy.shutdown(context=context)


def _spin(executor, seconds, condition=lambda: False):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        executor.spin_once(timeout_sec=0.02)
    return condition()


@pytest.fixture
def console(tmp_path):
    environment = {
        **os.environ,
        "ROS_DOMAIN_ID": str(DOMAIN),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "TROCAR_RUN_DIR": str(tmp_path),
        "TROCAR_LAUNCHER_PID": str(os.getpid()),
    }
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "trocar.console.nodes.console_node",
            "--ros-args",
            "-p",
            "port:=18200",
        ],
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    url = tmp_path / "console.url"
    end = time.monotonic() + 20
    while not url.exists() and time.monotonic() < end and process.poll() is None:
        time.sleep(0.05)
    process.url = url.read_text()
    process.folder = tmp_path
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()


async def _drive(url, messages):
    async with aiohttp.ClientSession() as session, session.ws_connect(url + "/control") as page:
        for message in messages:
            await page.send_json(message)
            await asyncio.sleep(0.02)


def test_operators_reach_topics_and_a_closed_page_lets_go(node, console):
    from sensor_msgs.msg import Joy
    from std_msgs.msg import Empty, String

    heard = {"joy": [], "source": [], "estop": []}
    node.create_subscription(Joy, "/operator/input", heard["joy"].append, 10)
    node.create_subscription(String, "/PSM1/request_source", heard["source"].append, 10)
    node.create_subscription(Empty, "/estop", heard["estop"].append, 10)
    assert node.spin_until(lambda: node.count_publishers("/operator/input") > 0)
    node.spin_for(0.5)
    base = {"type": "input", "twist": [0.01, 0, 0, 0, 0, 0.5], "deadman": True, "scale": 0.5}
    asyncio.run(
        _drive(
            console.url,
            [{**base, "seq": n} for n in range(1, 6)]
            + [{"type": "request_source", "source": "follow"}, {"type": "estop"}],
        )
    )
    assert node.spin_until(lambda: heard["joy"] and heard["joy"][-1].buttons[0] == 0)
    assert node.spin_until(lambda: heard["source"] and heard["estop"])
    held = [m for m in heard["joy"] if m.buttons[0] == 1]
    assert list(held[0].axes) == pytest.approx([0.01, 0, 0, 0, 0, 0.5, 0.0, 0.5])
    assert heard["source"][0].data == "follow"


def test_pictures_of_one_stamp_reach_the_page(node, console):
    import numpy as np
    from sensor_msgs.msg import Image

    from trocar.console.frames import unpack

    publishers = [
        node.create_publisher(Image, f"/endoscope/{eye}/image_raw", 2) for eye in ("left", "right")
    ]
    assert node.spin_until(lambda: all(p.get_subscription_count() for p in publishers))

    async def watch():
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(console.url + "/media") as media:
                for n in range(200):
                    message = Image(height=48, width=64, encoding="rgb8", step=192)
                    message.data = np.full((48, 64, 3), 90, np.uint8).tobytes()
                    message.header.stamp = node.get_clock().now().to_msg()
                    for publisher in publishers:
                        publisher.publish(message)
                    try:
                        frame = await media.receive(timeout=0.1)
                        return n, unpack(frame.data)
                    except asyncio.TimeoutError:
                        continue
        raise AssertionError("no picture in 20 s")

    _, (meta, left, _right) = asyncio.run(watch())
    assert int(meta["stamp_ns"]) > 0 and left[:2] == b"\xff\xd8"


def test_it_subscribes_to_no_truth_and_ends_cleanly(node, console):
    assert node.spin_until(lambda: "console" in node.get_node_names())
    node.spin_for(0.5)
    topics = node.get_subscriber_names_and_types_by_node("console", "/")
    assert topics and not [name for name, _ in topics if name.startswith("/truth")]
    console.send_signal(signal.SIGINT)
    assert console.wait(timeout=10) == 0
    assert json.loads((console.folder / "console.json").read_text())["port"] >= 18200
