# SPDX-License-Identifier: Apache-2.0
"""Campaigns of `trocar bench core`: each many random cases of one promise of the core.

A campaign takes `quick` and returns its figures; what each figure must reach is in bench_goals.py.
"""

from collections.abc import Callable
from typing import Any

from trocar.app import bench_programs as programs

SEED = 1


def program_figures(name: str, count: int) -> dict[str, Any]:
    """Figures of one campaign of the C++ program: {name: value}, times as {p50, p99, max, n}."""
    figures: dict[str, Any] = {}
    for line in programs.lines(programs.CAMPAIGNS, name, count, SEED):
        if line["kind"] == "times":
            times = {key: line[f"{key}_us"] for key in ("p50", "p99", "p999", "max")}
            figures[f"{line['campaign']}_us"] = {**times, "n": int(line["n"])}
        elif line["kind"] == "figure":
            figures[line["name"]] = line["value"]
            figures.setdefault("n", {})[line["name"]] = int(line["n"])
    return figures


def tick(quick: bool) -> dict[str, Any]:
    """One tick with everything on, its allocations, and torn reads of the exchange."""
    figures = program_figures("tick", 20_000 if quick else 1_000_000)
    exchange = program_figures("exchange", 100_000 if quick else 2_000_000)
    whole = {**figures, **exchange}
    whole["n"] = {**figures["n"], **exchange["n"]}
    return whole


CAMPAIGNS: dict[str, Callable[[bool], dict[str, Any]]] = {
    "tick": tick,
}
