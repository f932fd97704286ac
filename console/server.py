# SPDX-License-Identifier: Apache-2.0
"""The console's web server: the page, a control socket and a media socket, on loopback.

It knows no ROS: what operators do goes to a `Sink`, what they see comes from `status`
and `next_frame`.  Control and media are separate sockets, so that pictures never delay
a command; at most two pictures are on their way to a page, the newest wins.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from trocar.console.messages import MessageError, OperatorInput, Request, parse
from trocar.console.operator import OperatorLease

STATIC = Path(__file__).parent / "static"
STATUS_PERIOD = 0.1  # s
EXPIRE_PERIOD = 0.02  # s, how often a silent operator is looked for
FRAMES_IN_FLIGHT = 2
SEND_TIMEOUT = 2.0  # s; a page that takes longer is gone
CONTENT_SECURITY_POLICY = "default-src 'self'; connect-src 'self'; img-src 'self' blob: data:"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Sink(Protocol):
    """Where operators' wishes go."""

    def operator_input(self, sample: OperatorInput) -> None:
        """A fresh, validated input of the one operator (or the released one)."""

    def request(self, request: Request) -> None:
        """Anything else: source, state command, target, emergency stop and its release."""


def _host_of(value: str) -> str:
    return value.rpartition(":")[0] if value.rpartition(":")[2].isdigit() else value


@web.middleware
async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
    """Refuse foreign hosts and origins: a page elsewhere must not drive an arm here."""
    origin = request.headers.get("Origin", "")
    if _host_of(request.host) not in LOOPBACK:
        raise web.HTTPForbidden(text=f"host {request.host} refused; open the console as 127.0.0.1")
    if origin and origin != f"http://{request.host}":
        raise web.HTTPForbidden(text=f"origin {origin} refused; open the console's own page")
    response: web.StreamResponse = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Cache-Control"] = "no-store"
    return response


class ConsoleServer:
    """Serves pages until closed; one instance per console process."""

    def __init__(
        self,
        sink: Sink,
        status: Callable[[], dict[str, Any]],
        next_frame: Callable[[], tuple[int, bytes] | None],
    ) -> None:
        """`next_frame` packs and returns (stamp_ns, message) or None; it may run in any thread."""
        self._sink = sink
        self._status = status
        self._next_frame = next_frame
        self._lease = OperatorLease()
        self._clients: dict[int, web.WebSocketResponse] = {}
        self._viewers: dict[int, asyncio.Queue[bytes]] = {}
        self._ids = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None
        self.counters = {"inputs": 0, "refused": 0, "frames": 0, "expired": 0}

    async def start(self, port: int, tries: int = 10) -> int:
        """Listen on loopback at `port` or the next free one; returns the port in use.

        Raises OSError where none of `tries` ports is free.
        """
        app = web.Application(middlewares=[guard], client_max_size=4096)
        app.router.add_get("/", self._page)
        app.router.add_get("/control", self._control)
        app.router.add_get("/media", self._media)
        app.router.add_static("/static", STATIC)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        for candidate in range(port, port + tries):
            try:
                await web.TCPSite(self._runner, "127.0.0.1", candidate).start()
            except OSError:
                if candidate == port + tries - 1:
                    raise
            else:
                break
        self._tasks = [
            asyncio.create_task(loop()) for loop in (self._expire, self._tell, self._film)
        ]
        return candidate

    async def close(self) -> None:
        """Let go of the arm, then close every socket."""
        for client in list(self._clients):
            self._pass_on(self._lease.forget(client))
        for task in self._tasks:
            task.cancel()
        for socket in list(self._clients.values()):
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _pass_on(self, sample: OperatorInput | None) -> None:
        if sample is not None:
            self.counters["inputs"] += 1
            self._sink.operator_input(sample)

    async def _page(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _control(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=5.0, max_msg_size=4096)
        await socket.prepare(request)
        client = next(self._ids)
        self._clients[client] = socket
        try:
            await self._send(socket, {"type": "hello", "client": client})
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await self._handle(client, socket, message.data)
        finally:
            del self._clients[client]
            self._pass_on(self._lease.forget(client))
        return socket

    async def _handle(self, client: int, socket: web.WebSocketResponse, text: str) -> None:
        try:
            message = parse(text)
        except MessageError as error:
            self.counters["refused"] += 1
            self._pass_on(self._lease.release(client))  # whoever talks nonsense does not drive
            await self._send(socket, {"type": "error", "reason": str(error)})
            return
        if isinstance(message, OperatorInput):
            self._pass_on(self._lease.offer(client, message, time.monotonic()))
            if self._lease.refusal:
                self.counters["refused"] += 1
                await self._send(socket, {"type": "error", "reason": self._lease.refusal})
        elif message.kind == "ping":
            await self._send(socket, {"type": "pong", "t": message.value})
        else:
            self._sink.request(message)

    async def _send(self, socket: web.WebSocketResponse, message: dict[str, Any]) -> None:
        try:
            await asyncio.wait_for(socket.send_str(json.dumps(message)), SEND_TIMEOUT)
        except (ConnectionError, asyncio.TimeoutError):
            return  # the reader of this socket sees the close and lets go of the arm

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(EXPIRE_PERIOD)
            sample = self._lease.expire(time.monotonic())
            if sample is not None:
                self.counters["expired"] += 1
                self._pass_on(sample)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(STATUS_PERIOD)
            status = self._status()
            for client, socket in list(self._clients.items()):
                driving = self._lease.holder == client
                taken = self._lease.holder is not None and not driving
                await self._send(
                    socket, {"type": "status", "driving": driving, "taken": taken, **status}
                )

    async def _film(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.005)
            if not self._viewers:
                continue
            packed = await loop.run_in_executor(None, self._next_frame)
            if packed is None:
                continue
            for queue in self._viewers.values():
                while not queue.empty():
                    queue.get_nowait()  # latest wins
                queue.put_nowait(packed[1])

    async def _media(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=5.0, max_msg_size=4096)
        await socket.prepare(request)
        viewer = next(self._ids)
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._viewers[viewer] = queue
        credit = asyncio.Semaphore(FRAMES_IN_FLIGHT)
        sender = asyncio.create_task(self._pump(request, socket, queue, credit))
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT and message.data == "ack":
                    credit.release()
        finally:
            sender.cancel()
            del self._viewers[viewer]
        return socket

    async def _pump(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        queue: "asyncio.Queue[bytes]",
        credit: asyncio.Semaphore,
    ) -> None:
        try:
            while True:
                await credit.acquire()
                message = await queue.get()
                await asyncio.wait_for(socket.send_bytes(message), SEND_TIMEOUT)
                self.counters["frames"] += 1
        except (ConnectionError, asyncio.TimeoutError):
            if request.transport is not None:
                request.transport.abort()  # a close handshake with a stalled peer would hang
