# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trocar import _core
from trocar.app import bench_core, bench_goals, bench_races, bench_samples, cli
from trocar.app import bench_programs as programs
from trocar.app.bench_urdf import psm_urdf

RACES = [
    {"kind": "version", "library": "compiler", "version": "12.2.0"},
    *(
        {
            "kind": "race",
            "operation": operation,
            "library": library,
            "p50_ns": ns,
            "p99_ns": 2 * ns,
            "max_ns": 9 * ns,
            "batches": 400,
            "calls_a_batch": 50,
        }
        for operation, library, ns in (
            ("jacobian", "ours", 100.0),
            ("jacobian", "KDL", 1400.0),
            ("ik.near", "ours", 150.0),
            ("ik.near", "KDL LMA", 75_000.0),
            ("ik.near", "KDL NR_JL", 18_000.0),
            ("rnea", "ours", 300.0),
        )
    ),
    {
        "kind": "ik",
        "operation": "ik.near",
        "library": "KDL LMA",
        "poses": 100,
        "found": 96,
        "claimed_but_wrong": 4,
        "max_position_error_m": 2e-7,
        "max_rotation_error_rad": 1e-6,
    },
]


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.setattr(programs, "lines", lambda *_: iter(RACES))
    found, versions = bench_races.library_rows(100, {"fk_jacobian": 947.0})
    assert versions == {"compiler": "12.2.0"}
    return found


def test_random_joints_are_inside_the_limits_and_past_the_rcm(rng: np.random.Generator) -> None:
    for q in bench_samples.random_joints(rng, 200):
        assert np.all(q >= _core.Q_MIN[:6]) and np.all(q <= _core.Q_MAX[:6])
        assert _core.psm_ik(_core.psm_fk(q), q).status == _core.IkStatus.OK


def test_seeds_of_the_sample_are_as_near_as_they_say(rng: np.random.Generator) -> None:
    poses = bench_samples.random_poses(rng, 50)
    away = np.abs(poses.seed_near - poses.q)
    assert np.all(away[:, [0, 1, 3, 4, 5]] <= 0.05) and np.all(away[:, 2] <= 0.005)
    assert np.ptp(poses.seed_mid, axis=0).max() == 0.0


def test_a_row_has_the_ratio_the_instructions_and_the_worth_of_the_peer(
    rows: list[dict[str, Any]],
) -> None:
    by_peer = {(row["name"], row["peer"]): row for row in rows}
    assert by_peer["jacobian", "KDL"]["ratio"] == 14.0
    assert by_peer["jacobian", "KDL"]["instructions"] == 947.0
    lma = by_peer["ik", "KDL LMA, near seed"]
    assert lma["peer_success"] == 0.96 and lma["peer_wrong"] == 0.04


def test_a_library_that_was_not_found_has_rows_that_say_how_to_get_it(
    rows: list[dict[str, Any]],
) -> None:
    missing = [row for row in rows if row["peer"] == "Pinocchio"]
    assert {row["name"] for row in missing} == {"jacobian", "ik", "rnea"}
    assert all("pip install pin" in row["note"] for row in missing)
    assert all(row["ratio"] is None for row in missing)


def test_every_solver_of_a_peer_must_be_beaten(rows: list[dict[str, Any]]) -> None:
    goal = bench_goals.ratio_goal(rows, "ik", "KDL", 10.0)
    assert goal.value == 120.0 and goal.met and goal.id == "ik.ratio_kdl"
    assert not bench_goals.ratio_goal(rows, "ik", "KDL", 121.0).met


def test_what_was_not_measured_is_not_met(rows: list[dict[str, Any]]) -> None:
    goals = {goal.id: goal for goal in bench_goals.core_goals(rows, {}, {})}
    for id in ("fk.instructions", "ik.ratio_pinocchio", "tick.p99", "tick.allocations"):
        assert goals[id].value is None and goals[id].met is False, id


def test_a_figure_of_a_campaign_is_held_against_its_limit() -> None:
    limit = bench_goals.Limit("tick.p99", "tick", "tick_us.p99", "us", 20.0)
    assert bench_goals.limit_goal(limit, {"tick_us": {"p99": 19.0}, "n": {"tick_us": 7}}).met
    goal = bench_goals.limit_goal(limit, {"tick_us": {"p99": 21.0}, "n": {"tick_us": 7}})
    assert goal.met is False and goal.n == 7


def test_the_urdf_of_the_peers_is_our_arm(rng: np.random.Generator) -> None:
    pinocchio = pytest.importorskip("pinocchio", reason="pin is not installed")
    model = pinocchio.buildModelFromXML(psm_urdf())
    data = model.createData()
    frame = model.getFrameId("tool")
    for q in bench_samples.random_joints(rng, 50):
        pinocchio.framesForwardKinematics(model, data, q)
        assert np.abs(data.oMf[frame].homogeneous - _core.psm_fk(q)).max() < 1e-12
    assert np.abs(model.upperPositionLimit - _core.Q_MAX[:6]).max() == 0.0


def test_ik_judge_counts_only_what_is_there_and_inside_the_limits() -> None:
    q = np.array([0.1, 0.2, 0.15, 0.3, 0.4, 0.5])
    T = np.array([_core.psm_fk(q)] * 4)
    turned = q + np.array([0, 0, 0, 2 * np.pi, 0, 0])  # the same pose, outside the limits
    worth = bench_samples.judge([q, None, q + 0.01, turned], T)
    assert worth.success == 0.25 and worth.max_position_error_m < 1e-15


@pytest.mark.parametrize("flag", [[], ["--quick"]])
def test_unknown_suite_lists_the_known(flag: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "moon", *flag]) == 2
    assert "valid: core" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_said_before_the_measurement(tmp_path: Path) -> None:
    assert cli.main(["bench", "core", "--json", str(tmp_path)]) == 2


def test_bench_core_without_programs_reports_what_python_can_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(programs, "path", lambda program: None)
    monkeypatch.setattr(bench_core, "CAMPAIGNS", {})
    path = tmp_path / "core.json"
    assert cli.main(["bench", "core", "--quick", "--no-build", "--json", str(path)]) == 1
    report = json.loads(path.read_text())
    for key in ("rows", "ik", "tick_us", "allocations", "torn_reads", "goals", "machine"):
        assert key in report
    for key in ("load_average", "versions", "seeds", "date"):
        assert report[key], key
    assert report["ik"]["success"] == report["ik"]["poses"] > 0
    assert report["ik"]["max_position_error_m"] < 1e-12
    assert report["ik"]["max_rotation_error_rad"] < 1e-12
    assert "make bench" in report["not_measured"]["races in C++"]
    assert "ik.ratio_pinocchio" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_command_runs_and_meets_what_load_cannot_disturb(tmp_path: Path) -> None:
    path = tmp_path / "core.json"
    assert cli.main(["bench", "core", "--quick", "--json", str(path)]) in (0, 1)
    report = json.loads(path.read_text())
    goals = {goal["id"]: goal for goal in report["goals"]}
    for id in ("tick.allocations", "tick.torn_reads"):
        assert goals[id]["met"], goals[id]
    if "instructions" not in report["not_measured"]:
        for id in ("fk.instructions", "jacobian.instructions", "ik.instructions"):
            assert goals[id]["met"], goals[id]
    assert path.with_suffix(".png").is_file() or "matplotlib" not in report["versions"]
