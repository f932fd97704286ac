# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path
from typing import Any

from trocar.app.run_report import PROCESSES, compose, read_reports


def reports() -> dict[str, dict[str, Any]]:
    return {
        "sim": {"cpu_s": 3.0, "realtime_factor": 0.999},
        "render": {"cpu_s": 9.0, "rates": {"/endoscope/left/image_raw": 15.0}},
        "perception": {
            "cpu_s": 6.0,
            "rates": {"/tissue/target": 14.9, "/PSM1/visual/correction": 14.8},
        },
        "control": {
            "cpu_s": 6.0,
            "rates": {"/PSM1/measured_js": 99.5},
            "latency": {
                "image_to_setpoint_ms": {"p50": 70.0, "p99": 120.0, "n": 400},
                "topic_to_setpoint_ms": {"p50": 2.0, "p99": 6.0, "n": 400},
            },
            "loop": {
                "rate_hz": 1000.0,
                "ticks": 30000,
                "overruns": 0,
                "missed": 3,
                "missed_fraction": 0.0001,
                "wake_us": {"p50": 20.0, "p99": 90.0, "max": 900.0},
                "tick_us": {"p50": 9.0, "p99": 20.0, "max": 200.0},
                "realtime_priority": True,
            },
        },
        "console": {"cpu_s": 3.0},
    }


def test_figures_are_composed_of_the_processes_reports(tmp_path: Path) -> None:
    for name, report in reports().items():
        (tmp_path / f"{name}.json").write_text(json.dumps(report))
    figures, goals = compose(read_reports(tmp_path), 30.0, "clean", {"problem": ""})
    assert figures["realtime_factor"] == 0.999
    assert figures["rates"]["/tissue/target"] == 14.9
    assert figures["latency"]["image_to_setpoint_ms"]["p99"] == 120.0
    assert figures["loop"]["missed"] == 3
    assert figures["cpu_cores"] == 27.0 / 30.0
    assert figures["exit"] == "clean"
    assert len(goals) == 9 and all(goal.met for goal in goals), goals
    assert all(goal.id.startswith("run.realtime.") for goal in goals)


def test_a_missing_report_is_named_and_nothing_is_guessed() -> None:
    figures, goals = compose({}, 30.0, "clean", None)
    assert figures["exit"] == f"no report from {', '.join(PROCESSES)}"
    assert figures["realtime_factor"] is None and figures["cpu_cores"] is None
    assert not any(goal.met for goal in goals)


def test_damaged_report_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / "sim.json").write_text("{")
    assert read_reports(tmp_path) == {}


def test_what_went_wrong_is_in_exit() -> None:
    figures, _ = compose(reports(), 30.0, "control died", {"problem": "no teleop"})
    assert figures["exit"] == "control died; exercise: no teleop"


def test_missed_ticks_are_judged_only_with_priority() -> None:
    slow = reports()
    slow["control"]["loop"] |= {"missed_fraction": 0.02, "realtime_priority": False}
    _, goals = compose(slow, 30.0, "clean", None)
    missed = next(goal for goal in goals if goal.id.endswith("missed_fraction"))
    assert missed.met is None and missed.value == 0.02
    slow["control"]["loop"]["realtime_priority"] = True
    _, goals = compose(slow, 30.0, "clean", None)
    assert next(goal for goal in goals if goal.id.endswith("missed_fraction")).met is False


def test_each_goal_fails_on_its_own_figure() -> None:
    spoil: list[tuple[str, Any]] = [
        ("realtime_factor", lambda r: r["sim"].update(realtime_factor=0.97)),
        ("image_rate", lambda r: r["render"]["rates"].update({"/endoscope/left/image_raw": 14.0})),
        ("tissue_rate", lambda r: r["perception"]["rates"].pop("/tissue/target")),
        ("tool_rate", lambda r: r["perception"]["rates"].pop("/PSM1/visual/correction")),
        ("arm_state_rate", lambda r: r["control"]["rates"].update({"/PSM1/measured_js": 90.0})),
        ("tick_p99", lambda r: r["control"]["loop"]["tick_us"].update(p99=51.0)),
        (
            "image_to_setpoint_p99",
            lambda r: r["control"]["latency"]["image_to_setpoint_ms"].update(p99=151.0),
        ),
    ]
    for short, change in spoil:
        spoilt = reports()
        change(spoilt)
        _, goals = compose(spoilt, 30.0, "clean", None)
        assert [g.id for g in goals if not g.met] == [f"run.realtime.{short}"]
