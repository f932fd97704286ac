# SPDX-License-Identifier: Apache-2.0
"""Tasks in scene files: what is wrong in one is said in one line, with the way out."""

import sys
from pathlib import Path

import pytest

from trocar.errors import ConfigurationError, MissingDependencyError
from trocar.sim import scene as scene_module
from trocar.sim.tasks.env import TaskEnv

SCENES = scene_module.SCENE_FOLDER


def refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, old: str, new: str) -> str:
    text = (SCENES / f"{name}.yaml").read_text()
    assert old in text
    (tmp_path / f"{name}.yaml").write_text(text.replace(old, new, 1))
    monkeypatch.setattr(scene_module, "SCENE_FOLDER", tmp_path)
    with pytest.raises(ConfigurationError) as error:
        env = TaskEnv(name)
        env.reset(seed=0)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("needle_reach", "name: needle_reach", "name: dance", "task: name is 'dance'; tasks: nee"),
        ("needle_reach", "  name: needle_reach\n", "", "task: give a mapping with at least name"),
        ("needle_reach", "horizon: 50", "horizon: 0", "task: horizon is 0, allowed 1 to 1000"),
        ("needle_reach", "horizon: 50", "horizon: 2.5", "task: horizon is 2.5; give a whole"),
        ("needle_reach", "above_mm: 5", "above_mm: 900", "task: above is 0.9, allowed 0.002 to 0"),
        ("needle_reach", "above_mm", "below_mm", "task: unknown key 'below'; keys: horizon, "),
        ("needle_reach", "above_mm: 5", "above_mm: high", "task: above_mm is 'high'; give a fin"),
        ("needle_reach", "needle: {kind: needle", "nail: {kind: needle", "needs needle of kind ne"),
        ("needle_reach", "{kind: needle,", "{kind: gauze,", "needs needle of kind needle"),
        ("needle_reach", "{kind: needle,", "{kind: nail,", "needs needle of kind needle"),
        ("peg_transfer", "rows: 2", "rows: 20", "board: peg_board: rows is 20, allowed 1 to 6"),
        ("needle_regrasp", "  PSM2:", "  PSM3:", "arms: unknown key 'PSM3'; keys: PSM1, PSM2"),
        ("needle_reach", "0.1375,", "0.1875,", "arms: PSM1: initial_q: it stands "),
        ("needle_reach", "position_mm: [0, 0, 7]", "position_mm: [300, 0, 7]",
         "objects: they do not come to rest where the task puts them; let them lie on something"),
    ],
)  # fmt: skip
def test_a_bad_task_is_one_line_that_names_file_key_and_what_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, old: str, new: str, said: str
) -> None:
    line = refusal(tmp_path, monkeypatch, name, old, new)
    assert line.startswith(f"scene file {name}.yaml: ") and said in line and "\n" not in line


def test_a_task_needs_its_arms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (SCENES / "needle_regrasp.yaml").read_text()
    start, end = text.index("  PSM2:"), text.index("objects:")
    line = refusal(tmp_path, monkeypatch, "needle_regrasp", text[start:end], "\n")
    assert "arms: task needle_regrasp needs PSM1, PSM2; add PSM2 with its initial_q" in line


def test_jaws_that_do_not_close_on_the_needle_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (SCENES / "needle_regrasp.yaml").read_text()
    q = text[text.index("initial_q: [") : text.index("\n  PSM2:")]
    higher = q.replace(q.split(",")[2], " 0.13")  # insertion: 17 mm less
    line = refusal(tmp_path, monkeypatch, "needle_regrasp", q, higher)
    assert "arms: PSM1: its jaws do not close on the needle; give an initial_q" in line


def test_without_gymnasium_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "trocar.sim.tasks.gym", raising=False)
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'trocar\[gym\]'"):
        import trocar.sim.tasks.gym  # noqa: F401
