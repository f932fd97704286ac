# SPDX-License-Identifier: Apache-2.0
"""Films that play back, whole or shortened by Ctrl-C, and refusals that leave nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from trocar.app import cli
from trocar.app.film_file import FilmError, FilmFile
from trocar.app.sim_shots import Shots, Wish
from trocar.errors import ConfigurationError
from trocar.sim.render.effect_words import parse_effects
from trocar.sim.render.effects import Effects

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0  # a deadline for a busy machine, not a figure


def played(path):
    capture = cv2.VideoCapture(str(path))
    fps, frames = capture.get(cv2.CAP_PROP_FPS), []
    while (read := capture.read())[0]:
        frames.append(read[1][..., ::-1])
    return fps, frames


def psnr(a, b):
    return 10.0 * np.log10(255.0**2 / np.mean((a.astype(float) - b) ** 2))


def film(*words):
    return cli.main(["sim", "film", *words])


def test_the_film_shows_what_the_renderer_draws(tmp_path, capsys):
    out = tmp_path / "a.mp4"
    words = ["--seconds", "0.4", "--fps", "10", "--seed", "3", "--eye", "both"]
    assert film("follow", str(out), *words, "--effects", "smoke=12") == 0
    assert "4 frames, 0.4 s at 10 a second" in capsys.readouterr().out
    fps, frames = played(out)
    assert fps == pytest.approx(10.0) and len(frames) == 4
    assert frames[0].shape == (480, 1280, 3)
    shots = Shots(Wish("follow", 3, 10.0, "both", "smoke=12"), lambda line: None)
    drawn = [shots.picture(shots.frame()) for _ in range(4)]
    shots.close()
    for shown, true in zip(frames, drawn, strict=True):
        assert psnr(shown, true) > 28.0  # dB; MPEG-4 of a noisy picture
    assert psnr(frames[0], drawn[0]) > psnr(frames[0], drawn[3]) + 0.5  # each in its place
    assert list(tmp_path.iterdir()) == [out]


def test_ctrl_c_leaves_a_shorter_film_and_says_so(tmp_path):
    out = tmp_path / "long.mp4"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "trocar.app.cli",
            "sim",
            "film",
            "follow",
            str(out),
            "--seconds",
            "3000",
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT / "cpp_ext")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    partial = tmp_path / ".long.partial.mp4"
    deadline = time.monotonic() + PATIENCE_S
    while not (partial.exists() and partial.stat().st_size > 100_000):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    _, frames = played(out)
    assert f"holds {len(frames)} of 45000 frames" in err and 0 < len(frames) < 45000
    assert not partial.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere", "a.mp4"], "unknown scene 'nowhere'; scenes: "),
        (["follow", "a.avi"], "name it *.mp4"),
        (["follow", "missing/a.mp4"], "its folder does not exist"),
        (["follow", "."], "name it *.mp4"),
        (["follow", "a.mp4", "--seconds", "-1"], "--seconds is -1; allowed 0.05 to 3600"),
        (["follow", "a.mp4", "--fps", "nan"], "--fps is nan; allowed 1 to 60"),
        (["follow", "a.mp4", "--seed", "-4"], "--seed is -4; allowed 0 and above"),
        (["follow", "a.mp4", "--view", "room", "--effects", "fog=1"], "has one eye and no effects"),
        (["follow", "a.mp4", "--effects", "steam=1"], "unknown name 'steam'; names: exposure_ev"),
    ],
)
def test_what_cannot_be_filmed_is_refused_in_one_line(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert film(*words) == 2
    err = capsys.readouterr().err
    assert told in err and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_film_that_does_not_play_back_is_no_film(tmp_path):
    """What a full disk leaves: a file shorter than what was written to it."""
    out = tmp_path / "a.mp4"
    made = FilmFile(out, 15.0)
    rng = np.random.default_rng(0)
    for _ in range(5):
        made.add(rng.integers(0, 256, (64, 96, 3), dtype=np.uint8))
    made._close()
    partial = tmp_path / ".a.partial.mp4"
    partial.write_bytes(partial.read_bytes()[:-400])
    with pytest.raises(FilmError, match="of 5 frames play back; nothing is kept"):
        made.finish()
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_drawing_leaves_nothing(tmp_path, monkeypatch):
    def broken(self, frame, eye="", what="picture"):
        raise RuntimeError("forced")

    monkeypatch.setattr(Shots, "picture", broken)
    with pytest.raises(RuntimeError, match="forced"):
        film("follow", str(tmp_path / "a.mp4"))
    assert list(tmp_path.iterdir()) == []


def test_effects_from_words():
    assert parse_effects("") == Effects()
    made = parse_effects(" smoke=14, blood_uv=0.4:0.6 ,fog=0.2", Effects(fog=0.9, gain_db=3.0))
    assert made == Effects(smoke=14.0, blood_uv=(0.4, 0.6), fog=0.2, gain_db=3.0)
    for words in ("smoke", "smoke=", "smoke=a", "blood_uv=0.4", "fog=0.1:0.2", "fog=7", "=3"):
        with pytest.raises(ConfigurationError) as caught:
            parse_effects(words)
        assert "\n" not in str(caught.value)
