# SPDX-License-Identifier: Apache-2.0
"""A console server with no ROS behind it: operators' wishes are recorded, pictures made up."""

import asyncio
import threading
import time

import numpy as np
import pytest

from trocar.console.frames import Frame, pack
from trocar.console.server import ConsoleServer


class RecordingSink:
    """Keeps everything that would have become a topic, with its time."""

    def __init__(self):
        self.inputs = []
        self.requests = []

    def operator_input(self, sample):
        self.inputs.append((time.monotonic(), sample))

    def request(self, request):
        self.requests.append(request)


class Served:
    """One running server in its own thread and event loop."""

    def __init__(self):
        self.sink = RecordingSink()
        self.arm_status = {
            "arm": {"name": "PSM1", "state": "ENABLED", "is_homed": True, "source": "follow"},
            "estop": False,
            "target": {"health": "GOOD", "text": "GOOD"},
        }
        self.server = ConsoleServer(self.sink, lambda: self.arm_status, self._next_frame)
        self._seq = 0
        self._last = 0.0
        self.frame_bytes = 0  # extra noise in the picture makes a frame heavy
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.port = self.call(self.server.start(18080, tries=50))

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    def _next_frame(self):
        if time.monotonic() - self._last < 1 / 15:
            return None
        self._last = time.monotonic()
        self._seq += 1
        rgb = np.zeros((480, 640, 3), np.uint8)
        rgb[..., 0] = 150
        rgb[200:280, 300:340] = (90, 90, 100)
        frame = Frame(time.time_ns(), rgb, rgb)
        frame.overlay["points"] = {
            "left": [[100.0, 100.0], [320.0, 240.0]],
            "right": [[90.0, 100.0], None],
            "state": [0, 1],
        }
        origin_and_ends = [[320.0, 240.0], [380.0, 240.0], [320.0, 300.0], [340.0, 220.0]]
        frame.overlay["tool"] = {"left": origin_and_ends, "right": origin_and_ends}
        return frame.stamp_ns, pack(frame, self._seq, 3.0)

    def close(self):
        self.call(self.server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def served():
    """A running `Served`, closed afterwards."""
    running = Served()
    yield running
    running.close()


@pytest.fixture
def wait_until():
    """A function: True as soon as `condition()` holds, False after `seconds`."""

    def wait(condition, seconds=10.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.01)
        return False

    return wait
