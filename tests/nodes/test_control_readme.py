# SPDX-License-Identifier: Apache-2.0
"""control/README.md says what the code does."""

import re

import pytest

pytest.importorskip("rclpy", reason="no rclpy: make setup installs the ROS 2 wheels")
pytestmark = pytest.mark.ros

from trocar.control.nodes import topics  # noqa: E402

QOS = {
    "state": topics.STATE,
    "event": topics.EVENT,
    "latched": topics.LATCHED,
    "newest": topics.NEWEST,
    "queued": topics.QUEUED,
    "sensor": topics.SENSOR,
}


def _rows(text, heading):
    table = text.split(f"| {heading} | type |")[1].split("\n\n")[0]
    return [
        [c.strip().strip("`") for c in r.strip("| ").split("|")] for r in table.splitlines()[2:]
    ]


@pytest.mark.parametrize(
    ("heading", "rows"), [("published", topics.PUBLISHED), ("subscribed", topics.SUBSCRIBED)]
)
def test_the_topic_table_is_the_code(root, heading, rows):
    table = _rows((root / "control/README.md").read_text(), heading)
    assert [r[0] for r in table] == [t.name for t in rows]
    for written, topic in zip(table, rows, strict=True):
        name, kind, qos, unit, frame = (*written, "", "")[:5]
        assert kind == topic.type.__name__, name
        assert QOS[qos] == topic.qos, name
        assert unit == topic.unit, name
        assert frame == topic.frame, name


def test_the_parameter_table_is_the_code(root):
    text = (root / "control/README.md").read_text()
    table = text.split("## Parameters of control_node")[1].split("## ")[0]
    written = set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE))
    code = (root / "control/nodes/parameters.py").read_text()
    assert written == set(re.findall(r"declare_parameter\(\s*\"(\w+)\"", code))
