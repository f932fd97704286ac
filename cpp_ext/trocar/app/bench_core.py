# SPDX-License-Identifier: Apache-2.0
"""The stages of `trocar bench core`, in order, each filling its part of the report."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import numpy as np
from tqdm import tqdm

from trocar.app import bench_programs as programs
from trocar.app.bench_campaigns import CAMPAIGNS, ROWS, WHY
from trocar.app.bench_goals import core_goals
from trocar.app.bench_ik_peers import ik_peer_rows
from trocar.app.bench_races import library_rows
from trocar.app.bench_samples import judge, random_poses
from trocar.app.report import Goal, with_conditions

SEED = 1
PEERS = ("pin", "pytracik", "pybullet", "quadprog", "daqp", "ruckig")


@dataclass(frozen=True)
class Options:
    """How much is measured."""

    quick: bool = False
    build: bool = True

    def count(self, whole: int) -> int:
        """`whole`, or a twentieth of it."""
        return max(100, whole // 20) if self.quick else whole


@dataclass
class Figures:
    """What the stages fill in."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    instructions: dict[str, float] = field(default_factory=dict)
    campaigns: dict[str, dict[str, Any]] = field(default_factory=dict)
    ik: dict[str, Any] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)
    not_measured: dict[str, str] = field(default_factory=dict)


Stage = Callable[[Options, Figures], None]


def bench_core(options: Options) -> tuple[dict[str, Any], list[Goal]]:
    """Run every stage; the report of design section 6, and its goals."""
    figures = Figures()
    stages: dict[str, Stage] = {
        "C++ programs": build,
        "instructions": count_instructions,
        "races in C++": race_libraries,
        "accuracy": ik_accuracy,
        "IK peers in Python": race_ik_peers,
    }
    stages |= {name: campaign_stage(name) for name in CAMPAIGNS}
    with tqdm(total=len(stages), unit="stage", file=sys.stderr) as bar:
        for name, stage in stages.items():
            bar.set_description(name)
            try:
                stage(options, figures)
            except KeyboardInterrupt:
                bar.close()
                raise
            except Exception as error:  # one stage's fault is not the others'
                figures.not_measured[name] = f"{type(error).__name__}: {error}"
            bar.update()
    goals = core_goals(figures.rows, figures.instructions, figures.campaigns)
    return report(figures, goals), goals


def report(figures: Figures, goals: list[Goal]) -> dict[str, Any]:
    """The JSON."""
    tick = figures.campaigns.get("tick", {})
    body = {
        "rows": figures.rows,
        "ik": figures.ik,
        "tick_us": tick.get("tick_us"),
        "allocations": tick.get("allocations"),
        "torn_reads": tick.get("torn_reads"),
        "campaigns": figures.campaigns,
        "instructions": figures.instructions,
        "not_measured": figures.not_measured,
    }
    whole = with_conditions(body, goals, [SEED])
    for name in PEERS:
        try:
            whole["versions"][name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    whole["versions"] |= figures.libraries
    return whole


def build(options: Options, figures: Figures) -> None:
    """The C++ programs, unless they are to be taken as they are."""
    why = programs.build() if options.build else ""
    if why or programs.path(programs.COMPARE) is None:
        figures.not_measured["C++ programs"] = why or "not built; type: make bench"


def count_instructions(options: Options, figures: Figures) -> None:
    """Instruction counts: the load of the machine does not touch them."""
    if not options.build:
        figures.not_measured["instructions"] = "--no-build"
        return
    figures.instructions, why = programs.instructions()
    if why:
        figures.not_measured["instructions"] = why


def race_libraries(options: Options, figures: Figures) -> None:
    """Ours against the libraries of the C++ program."""
    rows, libraries = library_rows(options.count(20_000), figures.instructions)
    figures.rows += rows
    figures.libraries |= libraries


def ik_accuracy(options: Options, figures: Figures) -> None:
    """How far FK(IK(T)) is from T, as Python sees it; the campaign ik.exact is the larger one."""
    from trocar import _core

    poses = random_poses(np.random.default_rng(SEED), options.count(20_000))
    answers = []
    for T, seed in zip(poses.T_base_cp, poses.seed_mid, strict=True):
        result = _core.psm_ik(T, seed)
        answers.append(result.q if result.status == _core.IkStatus.OK else None)
    worth = judge(answers, poses.T_base_cp)
    figures.ik = {
        "poses": len(answers),
        "success": round(worth.success * len(answers)),
        "max_position_error_m": worth.max_position_error_m,
        "max_rotation_error_rad": worth.max_rotation_error_rad,
    }


def race_ik_peers(options: Options, figures: Figures) -> None:
    """The IK solvers that exist only behind Python."""
    ours = {
        row["seed"]: row["ours_ns"]
        for row in figures.rows
        if row["name"] == "ik" and row.get("seed") in ("near", "mid")
    }
    poses = random_poses(np.random.default_rng(SEED), options.count(2_000))
    figures.rows += ik_peer_rows(poses, ours)


def campaign_stage(name: str) -> Stage:
    """One campaign as a stage."""

    def stage(options: Options, figures: Figures) -> None:
        found = CAMPAIGNS[name](options.quick)
        figures.rows += found.pop(ROWS, [])
        if WHY in found:
            figures.not_measured[name] = found.pop(WHY)
        figures.campaigns[name] = found

    return stage
