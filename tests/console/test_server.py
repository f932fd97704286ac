# SPDX-License-Identifier: Apache-2.0
"""The server over real sockets: who may drive, and what lost and slow pages do."""

import asyncio
import json
import socket
import time

import aiohttp

from trocar.console.frames import unpack

INPUT = {"type": "input", "seq": 1, "twist": [0.01, 0, 0, 0, 0, 0], "deadman": True}


async def wait_for(socket_, kind):
    async with asyncio.timeout(5):
        async for message in socket_:
            data = json.loads(message.data)
            if data["type"] == kind:
                return data
    raise AssertionError(f"no {kind}")


def session_test(served, body):
    async def run():
        async with aiohttp.ClientSession() as session:
            return await body(session, f"http://127.0.0.1:{served.port}")

    return asyncio.run(run())


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


def test_a_closed_page_releases_the_arm(served):
    async def body(session, url):
        page = await session.ws_connect(url + "/control")
        await page.send_json(INPUT)
        await until(lambda: served.sink.inputs)
        page._response.connection.transport.abort()  # as a killed browser does: no close frame
        await until(lambda: not served.sink.inputs[-1][1].deadman)

    session_test(served, body)


def test_a_silent_page_is_released_and_told_to_let_go(served):
    async def body(session, url):
        page = await session.ws_connect(url + "/control")
        await page.send_json(INPUT)
        await until(lambda: len(served.sink.inputs) == 2)
        assert not served.sink.inputs[-1][1].deadman
        await page.send_json({**INPUT, "seq": 2})
        assert "let go" in (await wait_for(page, "error"))["reason"]
        await page.close()

    session_test(served, body)


def test_two_pages_one_operator_and_anyone_may_stop(served):
    async def body(session, url):
        first = await session.ws_connect(url + "/control")
        second = await session.ws_connect(url + "/control")
        await first.send_json(INPUT)
        await until(lambda: served.sink.inputs)
        await second.send_json(INPUT)
        assert "another operator" in (await wait_for(second, "error"))["reason"]
        await second.send_json({"type": "estop"})
        await until(lambda: [r.kind for r in served.sink.requests] == ["estop"])
        await first.close()
        await second.close()

    session_test(served, body)


def test_nonsense_releases_whoever_was_driving(served):
    async def body(session, url):
        page = await session.ws_connect(url + "/control")
        await page.send_json(INPUT)
        await page.send_str('{"type": "input", "twist": "fast"}')
        assert "twist" in (await wait_for(page, "error"))["reason"]
        assert not served.sink.inputs[-1][1].deadman
        await page.close()

    session_test(served, body)


def test_foreign_origins_and_hosts_are_refused(served):
    async def body(session, url):
        for headers in ({"Origin": "http://elsewhere.example"}, {"Host": "elsewhere.example"}):
            async with session.get(url + "/control", headers=headers) as answer:
                assert answer.status == 403
        async with session.get(url + "/") as answer:
            assert answer.status == 200
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]

    session_test(served, body)


def test_a_slow_page_gets_new_pictures_not_old_ones(served):
    async def body(session, url):
        media = await session.ws_connect(url + "/media")
        ages = []
        for _ in range(6):
            message = await media.receive(timeout=5)
            meta, *_ = unpack(message.data)
            ages.append(time.time_ns() / 1e9 - int(meta["stamp_ns"]) / 1e9)
            await asyncio.sleep(0.4)  # six frame periods to show one
            await media.send_str("ack")
        await media.close()
        return ages

    ages = session_test(served, body)
    # Two in flight at most: however long this went on, a picture is never older than two turns.
    assert max(ages) < 2 * 0.4 + 1.0, ages


def test_a_port_in_use_gives_the_next_one(served):
    from trocar.console.server import ConsoleServer

    other = ConsoleServer(served.sink, dict, lambda: None)
    port = served.call(other.start(served.port))
    assert port != served.port
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        pass
    served.call(other.close())
