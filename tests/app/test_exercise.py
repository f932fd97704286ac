# SPDX-License-Identifier: Apache-2.0
"""The scripted operator against a small console that knows the real one's messages."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from aiohttp import WSMsgType, web

from trocar.app import exercise
from trocar.app.exercise import ScriptedOperator
from trocar.console.messages import OperatorInput, parse


class Console:
    """Takes over on a held dead-man and returns to follow when asked, where it is told to."""

    def __init__(self, takes_over: bool = True, returns: bool = True) -> None:
        self.takes_over, self.returns = takes_over, returns
        self.source = "follow"
        self.inputs: list[OperatorInput] = []
        self.requests: list[str] = []
        self.url = ""
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10.0)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10.0)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.run_forever()

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_get("/control", self._control)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{port}"
        self._ready.set()

    async def _control(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)

        async def tell() -> None:
            while not socket.closed:
                await socket.send_json({"type": "status", "arm": {"source": self.source}})
                await asyncio.sleep(0.02)

        teller = asyncio.create_task(tell())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._hear(message.data)
        finally:
            teller.cancel()
        return socket

    def _hear(self, text: str) -> None:
        said = parse(text)  # raises for what the real console would refuse
        if isinstance(said, OperatorInput):
            self.inputs.append(said)
            if said.deadman and self.takes_over:
                self.source = "teleop"
        else:
            self.requests.append(f"{said.kind} {said.value}")
            if self.returns:
                self.source = str(said.value)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exercise, "DRIVE", 0.5)
    monkeypatch.setattr(exercise, "PAUSE", 0.1)
    monkeypatch.setattr(exercise, "RETURN", 1.0)


@pytest.fixture
def consoles() -> Iterator[list[Console]]:
    started: list[Console] = []
    yield started
    for console in started:
        console.stop()


def play(console: Console, consoles: list[Console]) -> exercise.Played:
    console.start()
    consoles.append(console)
    operator = ScriptedOperator(console.url, after=0.0)
    operator.start()
    operator._thread.join(20.0)
    return operator.finish()


def test_operator_drives_lets_go_and_asks_for_follow(consoles: list[Console]) -> None:
    console = Console()
    played = play(console, consoles)
    assert played.problem == "" and played.errors == []
    assert played.sources == ["follow", "teleop", "follow"]
    held = [sample.deadman for sample in console.inputs]
    assert held == [True] * (len(held) - 1) + [False] and len(held) > 10
    assert [sample.seq for sample in console.inputs] == sorted({s.seq for s in console.inputs})
    assert any(sample.twist[0] != 0.0 for sample in console.inputs)
    assert console.requests == ["request_source follow"]


@pytest.mark.parametrize(
    ("takes_over", "returns", "said"), [(False, True, "did not take over"), (True, False, "again")]
)
def test_what_does_not_come_about_is_said(
    consoles: list[Console], takes_over: bool, returns: bool, said: str
) -> None:
    assert said in play(Console(takes_over, returns), consoles).problem


def test_a_console_that_is_not_there_is_said() -> None:
    operator = ScriptedOperator("http://127.0.0.1:1", after=0.0)
    operator.start()
    operator._thread.join(20.0)
    assert "socket failed" in operator.finish().problem


def test_a_run_that_ends_before_the_turn_is_said() -> None:
    operator = ScriptedOperator("http://127.0.0.1:1", after=60.0)
    operator.start()
    assert "never came" in operator.finish().problem
