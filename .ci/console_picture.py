# SPDX-License-Identifier: Apache-2.0
"""Take the README's picture of the console: the real system, seen in a real browser.

Usage: console_picture.py OUT.png [SECONDS_BEFORE]
Needs Chromium and Playwright: make setup-test.
"""

import re
import shutil
import signal
import subprocess
import sys

from playwright.sync_api import expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PORT = 8090
FOLLOW_MS = 40_000  # patience until the arm follows


def main() -> int:
    """Start the system, wait until the arm follows, take the picture, end the system."""
    out, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 6.0
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        sys.stderr.write("console_picture: no Chromium; apt-get install chromium\n")
        return 1
    command = [sys.executable, "-m", "trocar.app.cli", "run", "--headless", "--port", str(PORT)]
    system = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert system.stdout is not None
        address = next(
            found.group()
            for line in system.stdout
            if (found := re.search(r"http://127\.0\.0\.1:\d+", line))
        )
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1500, "height": 860})
            page.goto(address)
            expect(page.locator("#source")).to_have_text("follow", timeout=FOLLOW_MS)
            page.wait_for_timeout(seconds * 1000)
            page.screenshot(path=out)
            browser.close()
    finally:
        system.send_signal(signal.SIGINT)
        system.communicate(timeout=30)
    return 0


if __name__ == "__main__":
    sys.exit(main())
