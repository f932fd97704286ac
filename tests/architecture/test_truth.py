# SPDX-License-Identifier: Apache-2.0
"""No node under test knows the simulator's truth: its topics are named in the simulator alone."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_no_room_but_the_simulator_names_a_topic_of_truth() -> None:
    rooms = ("perception", "control", "console")
    files = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    assert len(files) > 50
    assert [path for path in files if "/truth" in path.read_text()] == []
    assert any("/truth" in path.read_text() for path in (ROOT / "sim/nodes").glob("*.py"))
