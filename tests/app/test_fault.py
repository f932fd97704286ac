# SPDX-License-Identifier: Apache-2.0
"""`trocar fault`: the catalogue, a fault taken or refused by a running process, exit codes."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from trocar.app.cli import main
from trocar.app.launch_checks import check_variables
from trocar.app.launch_file import load
from trocar.app.share import find_launch_file
from trocar.errors import ConfigurationError
from trocar.sim.faults.catalogue import CATALOGUE
from trocar.sim.faults.desk import FaultDesk


@pytest.fixture
def render() -> Iterator[FaultDesk]:
    """A render process's desk, served at 2 s of the cell's time."""
    desk = FaultDesk("render", (), lambda _: None)
    ended = threading.Event()

    def serve() -> None:
        while not ended.wait(0.002):
            desk.serve(2.0)

    thread = threading.Thread(target=serve)
    thread.start()
    yield desk
    ended.set()
    thread.join()
    desk.close()


def test_the_list_names_every_fault_and_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fault", "--list"]) == 0
    printed = capsys.readouterr().out
    for kind in CATALOGUE.values():
        assert f"{kind.name} ({kind.place.value}): {kind.what}" in printed
        for parameter in kind.parameter_table().values():
            assert f"    {parameter.name}=" in printed


def test_a_fault_is_taken_and_cleared(
    render: FaultDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fault", "camera_freeze", "for=0.5", "stamp=old"]) == 0
    assert capsys.readouterr().out == (
        "render: fault camera_freeze:at=2.0,for=0.5,stamp=old,eye=both\n"
    )
    assert [f.kind.name for f in render.board.active(time_s=2.1)] == ["camera_freeze"]
    assert main(["fault", "--active"]) == 0
    assert "render: camera_freeze" in capsys.readouterr().out
    assert main(["fault", "--clear", "camera_freeze"]) == 0
    assert capsys.readouterr().out == "render: 1 cleared\n"
    assert render.board.active(time_s=2.1) == []


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["camera_freeze"], 1, "no render process listens in this domain"),
        (["stuck_joint", "axis=2"], 1, "no sim process listens"),
        (["process_pause"], 1, "no launch process listens"),
        (["--active"], 1, "no process of a cell listens"),
        (["--clear"], 1, "no process of a cell listens"),
        (["--clear", "freeze"], 2, "--clear: no fault 'freeze'"),
        (["freeze"], 2, "no fault 'freeze'; faults: encoder_jump"),
        (["blackout", "for"], 2, "'for' is no key=value"),
        (["blackout", "for=x"], 2, "for is 'x'; give a number from 0"),
        ([], 2, "name a fault (trocar fault --list)"),
    ],
)
def test_what_does_not_work_is_one_line(
    words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fault", *words]) == code
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_a_refusal_of_the_process_is_shown(
    render: FaultDesk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_fault: object) -> None:
        raise ConfigurationError("not in this cell")

    monkeypatch.setattr(render, "_check", refuse)
    assert main(["fault", "blackout"]) == 2
    assert capsys.readouterr().err == "render: not in this cell\n"


def test_a_schedule_is_checked_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "day.yaml"
    path.write_text("- {fault: stuck_joint, at_s: 3, arm: PSM7}\n")
    for value, message in (
        ("blackout:at=1; freeze", "no fault 'freeze'"),
        (str(path), "no arm 'PSM7'; arms: PSM1"),
        ("absent.yaml", "No such file"),
    ):
        description = load(find_launch_file("trocar.launch.xml"), {"faults": value})
        with pytest.raises(ConfigurationError, match=message):
            check_variables(description)
    good = load(find_launch_file("trocar.launch.xml"), {"faults": "blackout:at=1"})
    check_variables(good)
