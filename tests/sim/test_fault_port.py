# SPDX-License-Identifier: Apache-2.0
"""Telling a running process of faults: asked, answered, refused; nobody there; nobody answers."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from trocar.errors import ConfigurationError, SharedMemoryError
from trocar.sim.faults import port as port_module
from trocar.sim.faults.catalogue import Place
from trocar.sim.faults.desk import FaultDesk
from trocar.sim.faults.live import CellFaults
from trocar.sim.faults.port import FaultPort, ask
from trocar.sim.faults.schedule import load_faults, parse_fault
from trocar.sim.scene import load_scene


class Served:
    """A desk that a thread serves, as a node does."""

    def __init__(self, desk: FaultDesk) -> None:
        self.desk = desk
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(0.002):
            self.desk.serve(7.0)

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self.desk.close()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def served(said: list[str]) -> Iterator[Callable[..., Served]]:
    running: list[Served] = []

    def begin(process: str, faults: str = "") -> Served:
        running.append(Served(FaultDesk(process, load_faults(faults), said.append)))
        return running[-1]

    yield begin
    for one in running:
        one.close()


def test_a_fault_is_taken_from_now_and_said(served: Callable[..., Served], said: list[str]) -> None:
    desk = served("render").desk
    taken, text = ask("render", {"fault": "blackout:at=0.5,for=1"})
    assert taken and text == "fault blackout:at=7.5,for=1.0,eye=both"
    assert said == [text]
    assert desk.board.active(time_s=7.4) == []
    assert [f.kind.name for f in desk.board.active("blackout", time_s=7.6)] == ["blackout"]


def test_faults_are_listed_and_cleared(served: Callable[..., Served]) -> None:
    served("render", "stamp_lag:at=0; blackout:at=3")
    assert ask("render", {"list": 1})[1].startswith("stamp_lag:at=0.0")
    assert ask("render", {"clear": "blackout"}) == (True, "1 cleared")
    assert ask("render", {"clear": ""}) == (True, "1 cleared")
    assert ask("render", {"list": 1}) == (True, "no fault acts")


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"fault": "blackout:for=-1"}, "give a number from 0"),
        ({"fault": "stuck_joint"}, "stuck_joint is served by sim, not render"),
        ({"faults": 3}, "no such request; give fault, clear or list"),
        ({"fault": 3}, "no such request"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(
    served: Callable[..., Served], request_: dict[str, object], message: str
) -> None:
    served("render")
    taken, text = ask("render", request_)
    assert not taken and message in text and "\n" not in text


def test_rubbish_is_answered_and_harmless(served: Callable[..., Served]) -> None:
    served("render")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
        own.bind("")
        own.settimeout(5.0)
        for data in (b"", b"\xff\x00", b"[1, 2]", b"{" * 5000):
            own.sendto(data, f"\0{port_module.port_name('render')}")
            assert json.loads(own.recv(4096))["taken"] is False
    assert ask("render", {"list": 1})[0]


def test_nobody_there_and_nobody_answering_are_told_apart() -> None:
    with pytest.raises(SharedMemoryError, match="no render process listens in this domain"):
        ask("render", {"list": 1})
    port = FaultPort("render")  # listens, but nobody serves it: a paused process
    with pytest.raises(TimeoutError):
        ask("render", {"list": 1}, timeout_s=0.05)
    port.close()


def test_a_second_process_of_the_name_goes_without_and_says_so(
    served: Callable[..., Served], said: list[str]
) -> None:
    served("sim")
    second = FaultDesk("sim", load_faults("packet_loss"), said.append)
    assert "faults by command are off" in said[0] and "listens for faults" in said[0]
    second.serve(0.0)
    assert second.board.active(time_s=1.0)  # its schedule still acts
    assert not second.tell("render", parse_fault("blackout"))
    second.close()


def test_a_stranger_is_not_heard(
    served: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    served("render")
    monkeypatch.setattr(port_module, "_is_own", lambda _ancillary: False)
    assert ask("render", {"fault": "blackout"}) == (False, "refused: another user's cell")
    monkeypatch.undo()
    # what the kernel says of others: a uid that is neither root's nor ours
    level, kind = socket.SOL_SOCKET, socket.SCM_CREDENTIALS
    stranger = port_module._CREDENTIALS.pack(1, 4_000_000, 1)
    assert not port_module._is_own([(level, kind, stranger)]) and not port_module._is_own([])


def test_a_topic_reaches_only_the_process_it_is_for(said: list[str]) -> None:
    sim = FaultDesk("sim", (), said.append)
    render = FaultDesk("render", (), said.append)
    for desk in (sim, render):
        desk.hear("packet_loss:share=0.1", 2.0)
        desk.hear("blackout", 2.0)
    assert [f.kind.name for f in sim.board.faults] == ["packet_loss"]
    assert [f.kind.name for f in render.board.faults] == ["blackout"]
    sim.hear("clear", 3.0)
    assert sim.board.active(time_s=3.0) == [] and render.board.active(time_s=3.0)
    sim.hear("black out", 3.0)
    assert "refused: fault 'black out': no fault 'black out'" in said[-1]
    sim.close()
    render.close()


def test_a_scheduled_pause_is_asked_of_the_launcher_once_when_it_is_due(
    served: Callable[..., Served], said: list[str]
) -> None:
    launch = served("launch").desk
    faults = load_faults("process_pause:at=2,for=0.3,process=render")
    cell = CellFaults(load_scene("follow"), faults, said.append, ())
    cell.serve(1.9)
    cell.serve(2.0)
    cell.serve(2.1)
    deadline = time.monotonic() + 10.0
    while not launch.board.faults and time.monotonic() < deadline:
        time.sleep(0.005)
    (fault,) = launch.board.faults
    assert (fault.at, fault.duration, fault.word("process")) == (7.0, 0.3, "render")  # now, there
    cell.close()


def test_a_pause_without_a_launcher_is_said(said: list[str]) -> None:
    cell = CellFaults(load_scene("follow"), load_faults("process_pause"), said.append, ())
    cell.serve(0.0)
    assert "not done, no trocar launch listens" in said[-1]
    cell.close()


def test_a_cell_refuses_what_it_does_not_have(said: list[str]) -> None:
    scene = load_scene("follow")
    with pytest.raises(ConfigurationError, match="no arm 'PSM3'; arms: PSM1"):
        CellFaults(scene, load_faults("stuck_joint:arm=PSM3"), said.append, (Place.PLANT,))
    with pytest.raises(ConfigurationError, match="no faults of the plant; places it has: link"):
        CellFaults(scene, load_faults("stuck_joint"), said.append, (Place.LINK,))
