# SPDX-License-Identifier: Apache-2.0
import json
import os
from pathlib import Path

import pytest

from trocar.app.report import (
    at_least,
    at_most,
    check_writable,
    equals,
    goal_lines,
    reported,
    with_conditions,
    write_json,
)
from trocar.errors import ConfigurationError


def test_goals_judge_from_their_side_and_a_missing_value_is_not_met() -> None:
    assert at_least("r.a", 0.98, "", 0.98, 1).met
    assert not at_least("r.a", 0.97, "", 0.98, 1).met
    assert not at_least("r.a", None, "", 0.98, 0).met
    assert at_most("r.b", 150.0, "ms", 150.0, 1).met
    assert not at_most("r.b", 151.0, "ms", 150.0, 1).met
    assert not at_most("r.b", None, "ms", 150.0, 0).met
    assert equals("r.c", "clean", "clean").met and not equals("r.c", "died", "clean").met
    assert reported("r.d", 0.5, "", 1).met is None


def test_goal_is_not_met_by_nan() -> None:
    assert not at_least("r.a", float("nan"), "", 0.0, 1).met
    assert not at_most("r.a", float("nan"), "", 1.0, 1).met


def test_json_holds_figures_goals_and_conditions(tmp_path: Path) -> None:
    path = tmp_path / "new" / "r.json"
    goals = [at_most("row.short", 3.0, "ms", 5.0, 7)]
    write_json(path, with_conditions({"figure": 1.5}, goals, [0, 1]))
    report = json.loads(path.read_text())
    assert report["figure"] == 1.5 and report["seeds"] == [0, 1]
    assert report["goals"] == [
        {"id": "row.short", "value": 3.0, "unit": "ms", "limit": 5.0, "met": True, "n": 7}
    ]
    assert report["machine"]["cores"] >= 1 and len(report["load_average"]) == 3
    assert report["versions"]["trocar"] and "T" in report["date"]
    assert list(path.parent.iterdir()) == [path], "a partial file was left"


def test_nan_never_reaches_a_json_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "r.json", {"bad": float("nan")})


def test_a_place_that_cannot_be_written_is_said_before_the_measurement(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b.json")
    with pytest.raises(ConfigurationError, match="cannot write"):
        check_writable(tmp_path)
    if os.geteuid() != 0:  # root may write everywhere
        with pytest.raises(ConfigurationError, match="cannot write"):
            check_writable("/proc/x.json")
    with pytest.raises(ConfigurationError, match="cannot write"):
        write_json("/proc/no/x.json", {})


def test_lines_for_the_screen() -> None:
    lines = goal_lines([at_most("a.b", 2.0, "ms", 1.0, 1), equals("a.c", "clean", "clean")])
    assert "a.b" in lines[0] and "2 ms" in lines[0] and lines[0].endswith("NOT MET")
    assert lines[1].endswith(": met")
