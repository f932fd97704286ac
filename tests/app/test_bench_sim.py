# SPDX-License-Identifier: Apache-2.0
"""`trocar bench sim`: keys, goals and lines; never the times."""

import json

import pytest

from trocar.app import bench_cell, bench_sim, cli
from trocar.errors import MissingDependencyError

pytestmark = pytest.mark.gl


def test_quick_run_writes_the_contracts_keys(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LP_NUM_THREADS", "0")
    monkeypatch.setattr(bench_cell, "realtime", lambda *_: None)  # a system test's affair
    path = tmp_path / "sim.json"
    code = cli.main(["bench", "sim", "--quick", "--json", str(path)])
    report = json.loads(path.read_text())
    if "render" in report["not_measured"]:
        pytest.skip(report["not_measured"]["render"])
    assert code in (0, 1)  # the time's goal is the machine's affair
    sizes = [(row["width"], row["height"], row["eyes"]) for row in report["render"]]
    assert sizes == [(640, 480, 2), (480, 360, 2), (320, 240, 2), (640, 480, 2)]
    assert all(row["frame_ms"] > 0.0 for row in report["render"])
    names = {row["name"] for row in report["effects"]}
    assert names >= {
        "lens distortion", "exposure and gain", "motion blur", "wet highlights", "smoke", "blood",
        "fog", "instrument shadow",
    }  # fmt: skip
    goals = {goal["id"]: goal for goal in report["goals"]}
    assert goals["depth.box_p95_mm"]["met"] and goals["mask.box_iou"]["met"]
    assert "render.frame_cpu_ms" in goals
    printed = capsys.readouterr().out
    assert all(name in printed for name in names)  # the cost of each effect is printed
    for name in ("plant", "tick", "ecm_tick"):
        row = report["arm_step_us"][name]
        assert 0.0 < row["median"] <= row["p99"] <= row["max"] and row["n"] >= 2000
    assert report["arm_step_us"]["tick_mean"]["mean"] > 0.0
    assert report["machine"]["cores"] >= 1 and report["seeds"] == [0]


def test_without_egl_it_says_what_to_install(monkeypatch):
    def refuse(*_):
        raise MissingDependencyError("no EGL rendering here (forced); install libegl1")

    monkeypatch.setattr(bench_sim, "frame_times", refuse)
    monkeypatch.setattr(bench_cell, "realtime", lambda *_: None)
    monkeypatch.setattr(bench_sim, "env_rows", lambda *_: None)  # rates are the machine's affair
    report, goals = bench_sim.bench_sim(True, lambda _: None)
    assert "install libegl1" in report["not_measured"]["render"]
    met = {goal.id: goal.met for goal in goals}  # what needs no picture is measured all the same
    for name in (
        "arm.tick_us", "tissue.core_share", "cell.fast.no_render", "cell.fast.no_tissue",
    ):  # fmt: skip
        met.pop(name)  # the machine's affair
    assert all(met.values())
    assert set(met) == {
        "column.error", "press.error_2mm", "press.error_5mm", "grasp.follow", "grasp.residual",
        "repeat.tissue", "repeat.cell",
    }  # fmt: skip
