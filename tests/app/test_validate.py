# SPDX-License-Identifier: Apache-2.0
import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trocar.app import cli, scenario
from trocar.app.report import Goal, at_most
from trocar.app.scenario import SeedResult, pool


class Walk:
    """A scenario whose samples are known: seed s gives s, s + 1, s + 2; seed 3 fails."""

    name = "walk"
    description = "known numbers"
    units = {"error": "mm", "never": "mm"}

    def run(self, seed: int) -> SeedResult:
        samples = {"error": np.arange(seed, seed + 3, dtype=float)}
        controls = {"blind": {"error": 10.0 + samples["error"]}}
        return SeedResult(seed, "touched" if seed == 3 else "", samples, controls)

    def goals(self, report: dict[str, Any]) -> list[Goal]:
        metric = report["metrics"]["error"]
        return [at_most("walk.median", metric["median"], "mm", 2.5, metric["n"])]


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Walk:
    module = types.ModuleType("walk_scenario")
    instance = Walk()
    module.SCENARIO = instance  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "walk_scenario", module)
    monkeypatch.setitem(scenario.REGISTRY, "walk", "walk_scenario")
    return instance


def test_samples_of_all_seeds_are_pooled(walk: Walk) -> None:
    report = pool(walk, [walk.run(seed) for seed in (3, 0, 1, 2)])
    pooled = np.sort(np.concatenate([np.arange(s, s + 3) for s in range(4)]))
    assert report["seeds"] == [0, 1, 2, 3]
    assert report["success_rate"] == 0.75
    assert report["failures"] == [{"seed": 3, "reason": "touched"}]
    error = report["metrics"]["error"]
    assert error["median"] == np.median(pooled) and error["max"] == 5.0 and error["n"] == 12
    assert error["p95"] == pytest.approx(np.percentile(pooled, 95)) and error["unit"] == "mm"
    assert report["controls"]["blind"]["error"]["median"] == np.median(pooled) + 10.0
    assert "never" not in report["metrics"], "a metric without samples has no percentiles"


def test_samples_that_are_not_numbers_are_left_out() -> None:
    result = SeedResult(0, "", {"error": np.array([1.0, np.nan, 3.0])})
    assert pool(Walk(), [result])["metrics"]["error"]["n"] == 2


def test_command_writes_the_report_and_the_exit_code_says_whether_goals_are_met(
    walk: Walk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "walk.json"
    arguments = ["validate", "walk", "--jobs", "1", "--json", str(path)]
    assert cli.main([*arguments, "--seeds", "2"]) == 0
    report = json.loads(path.read_text())
    assert report["scenario"] == "walk" and report["seeds"] == [0, 1]
    assert report["goals"][0]["id"] == "walk.median" and report["goals"][0]["met"]
    assert cli.main([*arguments, "--seeds", "4", "--first-seed", "3"]) == 1
    assert "seed 3: touched" in capsys.readouterr().out


def test_list_and_unknown_names(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", "fall"]) == 2
    assert "unknown scenario fall; valid: follow, expert:needle_reach, " in capsys.readouterr().err
    assert cli.main(["validate"]) == 2
    assert cli.main(["validate", "walk", "--seeds", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err
