# SPDX-License-Identifier: Apache-2.0
"""The live window: what its keys do, that it really opens where it can, and what is said if not."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from trocar.app import cli
from trocar.app.sim_shots import Shots, Wish
from trocar.app.sim_view import watch

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0  # a deadline for a busy machine, not a figure


class Fake:
    """A window that presses one key after each picture."""

    def __init__(self, keys):
        self.is_open = True
        self.shown = []
        self._keys = list(keys)

    def keys(self):
        return [self._keys.pop(0)] if self._keys and self.shown else []

    def show(self, image, text):
        self.shown.append((image.copy(), text))
        self.is_open = len(self.shown) < 20


def look(keys, tmp_path, monkeypatch, eye="left"):
    monkeypatch.chdir(tmp_path)
    shots = Shots(Wish("follow", 1, 30.0, eye, ""), lambda line: None)
    screen = Fake(keys)
    try:
        watch(shots, screen, False, eye)
    finally:
        shots.close()
    return screen.shown


def test_keys_change_eye_and_truth_pause_save_and_end(tmp_path, monkeypatch):
    shown = look(["e", "e", "e", "t", "t", "t", "t", "s", "q"], tmp_path, monkeypatch)
    widths = [image.shape[1] for image, _ in shown]
    assert widths == [640, 640, 1280, 640, 640, 640, 640, 640, 640]
    assert [text.split()[3] for _, text in shown][3:8] == [
        "picture",
        "depth",
        "ids",
        "flow",
        "picture",
    ]
    red = [np.ptp(image.astype(int), axis=-1).mean() for image, _ in shown]
    assert red[0] > 20.0 and red[4] == 0.0  # a depth picture is grey
    assert len(np.unique(shown[5][0].reshape(-1, 3), axis=0)) == 4  # nothing, shaft, wrist, jaws
    assert [p.name for p in tmp_path.iterdir()] == ["view-000.png"]
    times = [float(text.split()[0]) for _, text in shown]
    assert (np.diff(times) > 0.0).all()


def test_a_pause_holds_the_picture(tmp_path, monkeypatch):
    shown = look(["space", "e", "e", "space", "e", "Escape"], tmp_path, monkeypatch)
    times = [float(text.split()[0]) for _, text in shown]
    assert times[1] == times[0] == times[2] == times[3] < times[4]
    np.testing.assert_array_equal(shown[0][0], shown[1][0])


def test_without_a_display_the_film_is_named(monkeypatch, capsys):
    monkeypatch.delenv("DISPLAY", raising=False)
    assert cli.main(["sim", "view", "follow"]) == 2
    err = capsys.readouterr().err
    assert "no window: " in err and "trocar sim film follow out.mp4" in err and err.count("\n") == 1


def test_without_tk_the_package_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tkinter", None)
    assert cli.main(["sim", "view", "follow"]) == 2
    err = capsys.readouterr().err
    assert "python3-tk" in err and "trocar sim film follow out.mp4" in err and err.count("\n") == 1


def test_an_unknown_scene_opens_no_window(capsys):
    assert cli.main(["sim", "view", "nowhere"]) == 2
    assert "unknown scene 'nowhere'" in capsys.readouterr().err


@pytest.fixture
def display(tmp_path):
    """The name of a display of our own, and the file its pixels are in."""
    if shutil.which("Xvfb") is None:
        pytest.skip("no Xvfb here: the window itself was not opened")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x700x24", "-nolisten", "tcp"]
        + ["-fbdir", str(tmp_path)],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}", tmp_path / "Xvfb_screen0"
    server.terminate()
    server.wait(timeout=PATIENCE_S)


def screen(path):
    """The display's pixels (700, 1400, 3) RGB from its file (X window dump, version 7)."""
    data = path.read_bytes()
    header = np.frombuffer(data[:100], ">u4")
    start = int(header[0] + 12 * header[19])  # header with its name, then the colour map
    pixels = np.frombuffer(data[start : start + 700 * 1400 * 4], np.uint8)
    return pixels.reshape(700, 1400, 4)[..., 2::-1]


def test_a_real_window_shows_the_scene_and_ctrl_c_closes_it(display):
    name, pixels = display
    process = subprocess.Popen(
        [sys.executable, "-m", "trocar.app.cli", "sim", "view", "follow", "--eye", "both"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "cpp_ext"), "DISPLAY": name},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline, red = time.monotonic() + PATIENCE_S, 0
    try:
        while red < 0.5 * 640 * 480 * 2:  # tissue fills most of both pictures
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, f"{red} red pixels"
            time.sleep(0.2)
            image = screen(pixels).astype(int)
            red = int((image[..., 0] > image[..., 1:].max(-1) + 20).sum())
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert int((np.ptp(screen(pixels).astype(int), axis=-1) > 20).sum()) < 1000  # it is gone
