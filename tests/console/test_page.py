# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser: what a surgeon sees, and every way of letting go."""

import re
import shutil

import pytest

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium: apt-get install chromium (make test does it as root)"
    ),
]


def expect(locator, pattern):
    from playwright.sync_api import expect as assertion

    assertion(locator).to_have_text(pattern)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser, served):
    tab = browser.new_page(viewport={"width": 1500, "height": 900})
    problems = []
    tab.on("console", lambda message: message.type == "error" and problems.append(message.text))
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.goto(f"http://127.0.0.1:{served.port}/")
    expect(tab.locator("#banner"), re.compile("^ENABLED"))
    yield tab
    tab.close()
    assert problems == []


def red_of_left_eye(page, u, v):
    return page.evaluate(
        "([u, v]) => Array.from(document.getElementById('left').getContext('2d')"
        ".getImageData(u, v, 1, 1).data)",
        [u, v],
    )


def test_pictures_are_shown_with_their_points_and_tool_axes(page):
    expect(page.locator("#frame-info"), re.compile("its own"))
    red, green, _blue, _ = red_of_left_eye(page, 20, 20)
    assert red > 120 and green < 40
    seen = [red_of_left_eye(page, u, 98) for u in range(96, 106)]
    assert any(g > 150 and r < 120 for r, g, _b, _a in seen), "no point is drawn at its pixel"
    assert page.text_content("#points-seen") == "1 of 2"
    assert page.text_content("#source") == "follow"


def test_the_dead_man_drives_and_its_release_is_sent_at_once(page, served, wait_until):
    page.keyboard.down("Space")
    page.keyboard.down("KeyD")
    assert wait_until(lambda: any(s.deadman and s.twist[0] > 0 for _, s in served.sink.inputs))
    page.keyboard.up("Space")
    assert wait_until(lambda: not served.sink.inputs[-1][1].deadman)
    count = len(served.sink.inputs)
    page.keyboard.up("KeyD")
    page.wait_for_timeout(300)
    assert len(served.sink.inputs) == count, "inputs after the release"


def test_a_closed_tab_lets_go(page, served, wait_until):
    page.keyboard.down("Space")
    assert wait_until(lambda: served.sink.inputs and served.sink.inputs[-1][1].deadman)
    page.goto("about:blank")
    assert wait_until(lambda: not served.sink.inputs[-1][1].deadman)


def test_losing_the_window_lets_go(page, served, wait_until):
    page.keyboard.down("Space")
    assert wait_until(lambda: served.sink.inputs and served.sink.inputs[-1][1].deadman)
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    assert wait_until(lambda: not served.sink.inputs[-1][1].deadman)


def test_the_stop_is_always_in_view_and_its_release_is_another_control(page, served, wait_until):
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    assert page.locator("#estop").is_visible()
    assert page.locator("#release").is_disabled()
    page.click("#estop")
    assert wait_until(lambda: [r.kind for r in served.sink.requests] == ["estop"])
    served.arm_status = {**served.arm_status, "estop": True}
    expect(page.locator("#release:enabled"), re.compile("Release"))
    assert "EMERGENCY STOP" in page.text_content("#banner")
    page.click("#release")
    assert wait_until(lambda: [r.kind for r in served.sink.requests] == ["estop", "estop_release"])
    page.keyboard.press("Escape")
    assert wait_until(lambda: served.sink.requests[-1].kind == "estop")


def test_buttons_ask_and_the_mouse_selects_a_point(page, served, wait_until):
    page.click("text=Follow tissue")
    assert wait_until(lambda: served.sink.requests[-1].value == "follow")
    box = page.locator("#left").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert wait_until(lambda: served.sink.requests[-1].kind == "select")
    u, v = served.sink.requests[-1].value
    assert abs(u - 319.5) < 2 and abs(v - 239.5) < 2
