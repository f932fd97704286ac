# SPDX-License-Identifier: Apache-2.0
"""What `trocar validate` runs: the protocol of a scenario and the registry of their names.

A scenario's module defines `SCENARIO`, or `scenario(name)` where it has several.  It runs one seed
at a time, in a process of its own, and returns samples; pooling, percentiles and the JSON are the
same for all.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import numpy as np

from trocar.app.report import Goal
from trocar.errors import ConfigurationError
from trocar.geometry import Array

# Tasks with an expert (trocar.sim.tasks.experts), each a scenario `expert:TASK`.
EXPERT_TASKS = (
    "needle_reach",
    "gauze_retrieve",
    "needle_pick",
    "needle_regrasp",
    "peg_transfer",
    "bimanual_peg_transfer",
    "ecm_target",
    "tissue_retraction",
    "cut_line",
    "needle_drive",
)
REGISTRY = {
    "follow": "trocar.app.follow_scenario",
    **{f"expert:{task}": "trocar.app.expert_scenario" for task in EXPERT_TASKS},
}


@dataclass(frozen=True)
class SeedResult:
    """One seed: `samples` and, per control, its samples: metric name -> values (n,) in its unit.

    `reason` is "" for a success, otherwise why the seed failed.
    """

    seed: int
    reason: str
    samples: dict[str, Array]
    controls: dict[str, dict[str, Array]] = field(default_factory=dict)

    @property
    def success(self) -> bool:
        """Whether the seed passed."""
        return not self.reason


class Scenario(Protocol):
    """A named situation with a pass criterion."""

    name: str
    description: str  # one line, for --list
    units: dict[str, str]  # of each metric

    def run(self, seed: int) -> SeedResult:
        """Run one seed, bit-repeatably; raises only for what is wrong with the set-up."""

    def goals(self, report: dict[str, Any]) -> list[Goal]:
        """The goals of the pooled report (see `pool`)."""


def load_scenario(name: str) -> Scenario:
    """The scenario of that name; raises ConfigurationError that lists the names."""
    if name not in REGISTRY:
        raise ConfigurationError(f"unknown scenario {name}; valid: {', '.join(REGISTRY)}")
    module = importlib.import_module(REGISTRY[name])
    return cast(Scenario, module.scenario(name) if hasattr(module, "scenario") else module.SCENARIO)


def run_seed(name: str, seed: int) -> SeedResult:
    """Run one seed of a named scenario (a function that a process pool can be given)."""
    return load_scenario(name).run(seed)


def pool(scenario: Scenario, results: Sequence[SeedResult]) -> dict[str, Any]:
    """The report of a campaign: metrics over the pooled samples of all seeds."""
    results = sorted(results, key=lambda result: result.seed)
    names = list(dict.fromkeys(name for result in results for name in result.controls))
    return {
        "scenario": scenario.name,
        "seeds": [result.seed for result in results],
        "success_rate": sum(result.success for result in results) / len(results),
        "metrics": _summary(scenario.units, [result.samples for result in results]),
        "controls": {
            name: _summary(
                scenario.units, [r.controls[name] for r in results if name in r.controls]
            )
            for name in names
        },
        "failures": [
            {"seed": result.seed, "reason": result.reason} for result in results if result.reason
        ],
    }


def _summary(units: dict[str, str], samples: Sequence[dict[str, Array]]) -> dict[str, Any]:
    summary = {}
    for name, unit in units.items():
        parts = [np.ravel(sample[name]) for sample in samples if name in sample]
        values = np.concatenate(parts) if parts else np.empty(0)
        values = values[np.isfinite(values)]
        if values.size == 0:
            continue
        summary[name] = {
            "unit": unit,
            "mean": float(values.mean()),
            "median": float(np.median(values)),
            "p95": float(np.percentile(values, 95)),
            "max": float(values.max()),
            "n": int(values.size),
        }
    return summary
