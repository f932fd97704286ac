# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path

import numpy as np
import pytest

from trocar import _core
from trocar.app import bench, cli


def test_random_joints_are_inside_the_limits_and_past_the_rcm(rng: np.random.Generator) -> None:
    for q in bench.random_joints(rng, 200):
        assert np.all(q >= _core.Q_MIN[:6]) and np.all(q <= _core.Q_MAX[:6])
        assert _core.psm_ik(_core.psm_fk(q), q).status == _core.IkStatus.OK


def test_bench_core_writes_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "POSES", 200)
    monkeypatch.setattr(bench, "TICKS", 200)
    path = tmp_path / "core.json"
    assert cli.main(["bench", "core", "--json", str(path)]) == 0
    report = json.loads(path.read_text())
    assert {row["name"] for row in report["rows"]} >= {"fk", "jacobian", "ik"}
    assert all(row["ours_ns"] > 0 for row in report["rows"])
    assert report["ik"]["success"] == report["ik"]["poses"] == 200
    assert report["ik"]["max_position_error_m"] < 1e-12
    assert report["ik"]["max_rotation_error_rad"] < 1e-9
    assert report["tick_us"]["p50"] <= report["tick_us"]["p99"] <= report["tick_us"]["max"]


def test_unknown_suite_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "moon"]) == 2
    assert "valid: core" in capsys.readouterr().err
