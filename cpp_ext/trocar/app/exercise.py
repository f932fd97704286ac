# SPDX-License-Identifier: Apache-2.0
"""The scripted operator of `trocar run --exercise`, on the console's own socket.

Two thirds into the run it holds the dead-man for three seconds and moves the hand in a small
circle, lets go, waits, and asks for `follow` again: console/README.md's messages and nothing
else, so that the way is exactly an operator's.
"""

import asyncio
import json
import math
import threading
from dataclasses import dataclass, field
from typing import Any

import aiohttp

RATE = 60.0  # Hz, of inputs; console/README.md: 50-100 Hz
DRIVE = 3.0  # s with the dead-man held
PAUSE = 1.0  # s after letting go, before asking for follow
RETURN = 5.0  # s within which follow must be the active source again
SPEED = 0.010  # m/s of the hand
SCALE = 0.5
CONNECT_TIMEOUT = 5.0  # s


@dataclass
class Played:
    """What came of it; `problem` "" where the operator drove and follow came back."""

    inputs_sent: int = 0
    sources: list[str] = field(default_factory=list)  # active sources seen, in order
    errors: list[str] = field(default_factory=list)  # what the console refused
    problem: str = "the operator's turn never came"


class ScriptedOperator:
    """Plays once, in a thread of its own; `played` holds what came of it."""

    def __init__(self, url: str, after: float) -> None:
        """`url` of the console (http://...), `after` in s from now."""
        self.played = Played()
        self._url = url
        self._after = after
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scripted operator", daemon=True)

    def start(self) -> None:
        """Begin to wait for the turn."""
        self._thread.start()

    def finish(self) -> Played:
        """Cancel what is still to come and return what came of it."""
        self._cancelled.set()
        self._thread.join(timeout=CONNECT_TIMEOUT)
        return self.played

    def _run(self) -> None:
        if self._cancelled.wait(self._after):
            return
        try:
            asyncio.run(self._play())
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            self.played.problem = f"the console's socket failed: {error!r}"

    async def _play(self) -> None:
        address = self._url.rstrip("/") + "/control"
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.ws_connect(address) as socket,
        ):
            listener = asyncio.create_task(self._listen(socket))
            await self._drive(socket)
            await asyncio.sleep(PAUSE)
            drove = "teleop" in self.played.sources
            await socket.send_str(json.dumps({"type": "request_source", "source": "follow"}))
            returned = await self._wait_for("follow")
            listener.cancel()
            if not drove:
                self.played.problem = "the dead-man did not take over: source never was teleop"
            elif not returned:
                self.played.problem = f"follow was not the source again within {RETURN:g} s"
            else:
                self.played.problem = ""

    async def _drive(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        for seq in range(round(DRIVE * RATE)):
            if self._cancelled.is_set():
                break
            angle = 2.0 * math.pi * seq / (DRIVE * RATE)
            twist = [SPEED * math.cos(angle), SPEED * math.sin(angle), 0.0, 0.0, 0.0, 0.0]
            await self._send_input(socket, seq, twist, deadman=True)
            await asyncio.sleep(1.0 / RATE)
        await self._send_input(socket, self.played.inputs_sent, [0.0] * 6, deadman=False)

    async def _send_input(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        seq: int,
        twist: list[float],
        deadman: bool,
    ) -> None:
        message = {"type": "input", "seq": seq, "twist": twist, "jaw": 0.0, "deadman": deadman}
        await socket.send_str(json.dumps({**message, "clutch": False, "scale": SCALE}))
        self.played.inputs_sent += 1

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is aiohttp.WSMsgType.TEXT:
                self._hear(json.loads(frame.data))

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("type") == "status":
            source = str(message.get("arm", {}).get("source", ""))
            if source and self.played.sources[-1:] != [source]:
                self.played.sources.append(source)
        elif message.get("type") == "error":
            self.played.errors.append(str(message.get("reason", "")))

    async def _wait_for(self, source: str) -> bool:
        for _ in range(round(RETURN / 0.05)):
            if self.played.sources[-1:] == [source]:
                return True
            await asyncio.sleep(0.05)
        return False
