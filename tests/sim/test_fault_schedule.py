# SPDX-License-Identifier: Apache-2.0
"""The catalogue of faults, and reading when they happen: every refusal is one line."""

import math
from pathlib import Path

import pytest

from trocar.errors import ConfigurationError
from trocar.sim.faults.board import FaultBoard
from trocar.sim.faults.catalogue import CATALOGUE, Place
from trocar.sim.faults.schedule import (
    at_place,
    check_names,
    load_faults,
    parse_fault,
    read_faults,
)

ISSUE = (
    *("encoder_jump", "stuck_joint", "torque_saturation", "cable_slip", "camera_freeze"),
    *("blackout", "wrong_exposure", "frame_delay", "frame_reorder", "stamp_lag"),
    *("packet_loss", "process_pause", "tissue_tear"),
)


def test_the_catalogue_has_every_fault_that_was_asked_for() -> None:
    assert set(ISSUE) <= set(CATALOGUE)
    for kind in CATALOGUE.values():
        assert kind.what and kind.follows
        for parameter in kind.parameter_table().values():
            default = parameter.default  # each default is inside its own limits
            assert parameter.read(default, 1.0, kind.name) == default


def test_the_documents_say_what_the_catalogue_says(root: Path) -> None:
    readme = (root / "sim/README.md").read_text()
    for kind in CATALOGUE.values():
        row = f"| `{kind.name}` | {kind.place.value} | {kind.what} | {kind.follows} |"
        assert row in readme, f"sim/README.md, Faults: {row}"


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_fault_written_out_reads_back_as_itself(name: str) -> None:
    fault = parse_fault(f"{name}:at=1.25")
    again = parse_fault(str(fault))
    assert (again.kind, again.at, again.duration) == (fault.kind, 1.25, fault.duration)
    assert again.values == fault.values


def test_units_of_a_key_come_out_in_si() -> None:
    fault = parse_fault("encoder_jump:at_ms=1500,for_s=0.25,axis=3,amount_mm=2")
    assert (fault.at, fault.duration) == (1.5, 0.25)
    assert fault.number("amount") == 0.002
    turned = parse_fault("cable_slip:amount_deg=2")
    assert turned.number("amount") == pytest.approx(math.radians(2.0))


def test_words_and_yaml_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "bad_day.yaml"
    path.write_text(
        "faults:\n"
        "- {fault: blackout, at_s: 6, for_ms: 500, eye: left}\n"
        "- camera_freeze:at=5,for=0.5\n"
    )
    words = "blackout:at=6,for=0.5,eye=left; camera_freeze:at=5,for=0.5"
    assert load_faults(str(path)) == load_faults(words)
    assert [f.kind.name for f in load_faults(words)] == ["camera_freeze", "blackout"]  # in time
    assert load_faults("") == () == read_faults(None, "x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("black_out", "no fault 'black_out'; faults: encoder_jump, .*trocar fault --list"),
        ("blackout:at", "'at' is no key=value"),
        ("blackout:at=soon", "at is 'soon'; give a number from 0 to 1e.06 s"),
        ("blackout:at=nan", "at is 'nan'; give a number from 0"),
        ("blackout:at=-1", "give a number from 0"),
        ("blackout:mode=2", "unknown key 'mode'; keys: at, for, eye"),
        ("blackout:at=1,at_ms=2", "twice 'at_ms'"),
        ("blackout:eye=third", "eye is 'third'; give one of both, left, right"),
        ("blackout:for_mm=3", "unknown key 'for_mm'"),
        ("encoder_jump:axis=8", "axis is '8'; give a whole number from 1 to 7"),
        ("encoder_jump:axis=1.5", "give a whole number"),
        ("packet_loss:share=1.5", "give a number from 0 to 1"),
        ("tissue_tear:for=2", "unknown key 'for'"),
        ("process_pause:for=0", "give a number from 0.001 to 60 s"),
        ("process_pause:process=roscore", "give one of sim, render"),
        ("camera_freeze:stamp=old,eye=left", "leave eye out"),
    ],
)
def test_a_bad_fault_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        parse_fault(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("faults: 3", "give a list of faults"),
        ("- {at_s: 3}", "entry 1: name the fault"),
        ("- {fault: blackout, at_s: true}", r"entry 1 \(blackout\): at_s is True"),
        ("- {fault: blackout, at_s: [1]}", r"at_s is \[1\]"),
        ("- {fault: blackout, eye: 3}", "eye is 3; give one of"),
        ("- [", "no YAML"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        load_faults(str(path))
    assert "\n" not in str(caught.value) and "f.yaml" in str(caught.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"faults file no\.yaml: No such file"):
        load_faults("no.yaml")


def test_names_are_those_of_the_cell() -> None:
    joints = {"PSM1": 7, "ECM": 4}
    check_names([parse_fault("stuck_joint:arm=ECM,axis=4")], joints, (), "scene x")
    check_names([parse_fault("tissue_tear")], joints, ("liver",), "scene x")
    for text, message in (
        ("stuck_joint:arm=PSM2", "scene x: fault stuck_joint at 0 s: no arm 'PSM2'; arms: PSM1"),
        ("stuck_joint:arm=ECM,axis=5", "axis is 5; ECM has 1 to 4"),
        ("tissue_tear", "name the body; soft bodies: none in this scene"),
        ("tissue_tear:body=skin", "no soft body 'skin'"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            check_names([parse_fault(text)], joints, (), "scene x")


def test_a_fault_acts_from_its_beginning_to_before_its_end() -> None:
    fault = parse_fault("blackout:at=1,for=0.5")
    assert [fault.is_active(t) for t in (0.999, 1.0, 1.499, 1.5)] == [False, True, True, False]
    endless = parse_fault("blackout:at=1")
    assert endless.is_active(1e5)


def test_the_board_adds_from_now_and_clears() -> None:
    board = FaultBoard([parse_fault("blackout:at=2"), parse_fault("stamp_lag:at=0")])
    assert [f.kind.name for f in board.active(time_s=1.0)] == ["stamp_lag"]
    assert board.add(parse_fault("packet_loss:at=0.5,for=1"), 1.0).at == 1.5
    assert len(board.active(time_s=2.0)) == 3
    assert board.clear("blackout", 2.0) == 1
    assert [f.kind.name for f in board.active(time_s=2.0)] == ["stamp_lag", "packet_loss"]
    assert board.clear("", 2.0) == 2  # what is over is not counted again
    assert board.active(time_s=2.0) == []
    future = FaultBoard([parse_fault("blackout:at=9")])
    assert future.clear("", 1.0) == 1 and future.active(time_s=10.0) == []


def test_faults_are_sorted_by_place() -> None:
    faults = load_faults("stamp_lag; blackout; stuck_joint")
    assert [f.kind.name for f in at_place(faults, Place.CAMERA, Place.CLOCK)] == [
        "stamp_lag",
        "blackout",
    ]
    assert {kind.place.process for kind in CATALOGUE.values()} == {"sim", "render", "launch"}
