# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trocar import _core
from trocar.app import (
    bench_campaigns,
    bench_core,
    bench_goals,
    bench_qp,
    bench_races,
    bench_samples,
    cli,
)
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


def test_a_campaign_adds_rows_and_says_what_it_could_not_measure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {"fifo_us": {"p99": 9.0}, "rows": [{"name": "qp"}], "why": "SCHED_FIFO: not permitted"}
    monkeypatch.setitem(bench_core.CAMPAIGNS, "wake-up", lambda quick: found)
    figures = bench_core.Figures()
    bench_core.campaign_stage("wake-up")(bench_core.Options(quick=True), figures)
    assert figures.rows == [{"name": "qp"}]
    assert figures.not_measured == {"wake-up": "SCHED_FIFO: not permitted"}
    assert figures.campaigns["wake-up"] == {"fifo_us": {"p99": 9.0}}


def test_wake_up_says_where_priority_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(seconds: float, priority: int) -> dict[str, Any]:
        refused = "SCHED_FIFO refused: Operation not permitted" if priority else ""
        return {"wake_us": {"p99": 50.0}, "ticks": 7, "skipped": 0, "refused": refused}

    monkeypatch.setattr(_core, "measure_wake_up", measure)
    figures = bench_campaigns.wake_up(quick=True)
    assert "fifo_us" not in figures and "not permitted" in figures["why"]
    goals = {goal.id: goal for goal in bench_goals.core_goals([], {}, {"wake-up": figures})}
    assert goals["wake-up.fifo_p99"].met is False
    assert goals["wake-up.other_p99"].value == 50.0


def test_qp_agrees_with_its_peers_and_a_missing_one_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(bench_qp.PACKAGES, "quadprog", "no-such-package")
    found, unsolved, missing = bench_qp.beside_peers(30, seed=5)
    assert unsolved == 0 and "pip install no-such-package" in missing["quadprog"]
    rows = bench_qp.qp_rows({"p50": 2.0, "p99": 4.0}, found, missing)
    assert [row["peer"] for row in rows] == ["DAQP", "quadprog"]
    assert rows[1]["ratio"] is None and rows[1]["note"]
    if "DAQP" in found:
        assert found["DAQP"].compared > 0 and found["DAQP"].difference <= 1e-8
        assert rows[0]["ours_ns"] == 2000.0 and rows[0]["ratio"] > 0.0


def test_every_figure_of_the_issue_is_a_goal() -> None:
    limits = {goal.id: goal.limit for goal in bench_goals.core_goals([], {}, {})}
    for id, limit in {
        "ik.exact.found": 100.0,
        "ik.exact.position_error": 1e-12,
        "ik.exact.rotation_error": 1e-12,
        "ik.exact.near_rcm_named": 100.0,
        "rnea.difference": 1e-9,
        "rnea.ratio_pinocchio": 1.0,
        "qp.p99": 10.0,
        "qp.residual": 1e-9,
        "qp.allocations": 0,
        "qp.difference_daqp": 1e-8,
        "qp.difference_quadprog": 1e-8,
        "trajectory.violations": 0,
        "tick.p99": 20.0,
        "tick.allocations": 0,
        "tick.torn_reads": 0,
        "wake-up.fifo_p99": 150.0,
        "wake-up.fifo_max": None,
        "fault.ticks_to_stop": 1,
    }.items():
        assert limits[id] == limit, id


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
    disturbed = (".p99", "fifo_p99", ".ratio_", ".instructions")
    for id, goal in goals.items():
        if goal["met"] is not None and not any(word in id for word in disturbed):
            assert goal["met"], goal
    assert goals["ik.exact.found"]["n"] >= 50_000
    assert goals["trajectory.retargets"]["value"] >= 50_000
    if "instructions" not in report["not_measured"]:
        for id in ("fk.instructions", "jacobian.instructions", "ik.instructions"):
            assert goals[id]["met"], goals[id]
    assert path.with_suffix(".png").is_file()
