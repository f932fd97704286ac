# SPDX-License-Identifier: Apache-2.0
import importlib
import subprocess
import sys

import pytest

from trocar import _core
from trocar.app import cli
from trocar.process import segment_name


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_has_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([name, "--help"])
    assert caught.value.code == 0
    assert f"usage: trocar {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_module_has_the_two_functions(name: str) -> None:
    module = importlib.import_module(f"trocar.app.{cli.COMMANDS[name][0]}")
    assert callable(module.add_arguments) and callable(module.run)


def test_general_help_imports_no_command() -> None:
    code = (
        "import sys; from trocar.app.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not [m for m in sys.modules if m in ('numpy', 'cv2', 'pybullet', 'aiohttp')]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in cli.COMMANDS:
        assert name in done.stdout


@pytest.mark.parametrize("words", [["fly"], [], ["run", "--speed", "3"]])
def test_unknown_words_are_refused_with_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2
    assert "usage: trocar" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "--exercise"], "--duration of at least"),
        (["run", "--duration", "-1"], "above 0 s"),
        (["run", "--seed", "-1"], "seed:=-1"),
        (["run", "arm:=external"], "refused"),
        (["run", "speed:=3"], "unknown launch argument speed"),
        (["launch", "no.xml"], "trocar.launch.xml"),
        (["launch", "trocar.launch.xml", "scene=follow"], "name:=value"),
    ],
)
def test_bad_arguments_are_one_line_and_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    message = capsys.readouterr().err
    assert said in message and len(message.splitlines()) == 1


def test_stop_without_a_cell_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["stop"], ["stop", "--release"]):
        assert cli.main(words) == 1
        assert segment_name() in capsys.readouterr().err


def test_stop_presses_and_releases_the_flag_of_this_domain() -> None:
    segment = _core.Segment(segment_name())
    try:
        assert not _core.Segment.estop_pressed(segment_name())
        assert cli.main(["stop"]) == 0
        assert _core.Segment.estop_pressed(segment_name())
        assert cli.main(["stop", "--release"]) == 0
        assert not _core.Segment.estop_pressed(segment_name())
    finally:
        segment.close()
