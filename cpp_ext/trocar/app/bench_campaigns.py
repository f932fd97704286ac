# SPDX-License-Identifier: Apache-2.0
"""Campaigns of `trocar bench core`: each many random cases of one promise of the core.

A campaign takes `quick` and returns its figures; what each figure must reach is in bench_goals.py.
Two names are not figures: ROWS, rows beside peers, and WHY, what could not be measured and why.
"""

from collections.abc import Callable
from typing import Any

from trocar import _core
from trocar.app import bench_programs as programs
from trocar.app.bench_qp import beside_peers, qp_rows
from trocar.app.bench_tremor import measure_tremor

SEED = 1
ROWS, WHY = "rows", "why"
FIFO_PRIORITY = 80  # of the loop


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


def ik(quick: bool) -> dict[str, Any]:
    """Every pose found, exactly; every pose too near the RCM named so."""
    return program_figures("ik", 50_000 if quick else 1_000_000)


def trajectory(quick: bool) -> dict[str, Any]:
    """Random retargets, every sample held against the limits."""
    return program_figures("trajectory", 50_000 if quick else 1_000_000)


def qp(quick: bool) -> dict[str, Any]:
    """Time and optimality of the quadratic program in C++, and its answers beside the peers'."""
    figures = program_figures("qp", 20_000 if quick else 200_000)
    found, unsolved, missing = beside_peers(200 if quick else 4_000, SEED)
    for peer, beside in found.items():
        name = f"difference_{peer.lower()}"
        figures[name], figures["n"][name] = beside.difference, beside.compared
        figures[f"unsolved_{peer.lower()}"] = beside.unsolved
    figures["unsolved"] += unsolved
    figures[ROWS] = qp_rows(figures["qp_box4_us"], found, missing)
    return figures


def fault(quick: bool) -> dict[str, Any]:
    """Ticks from the detection of a fault to the commanded stop, over every cause."""
    return program_figures("fault", 60 if quick else 3_000)


def wake_up(quick: bool) -> dict[str, Any]:
    """How late a 1 kHz thread wakes: SCHED_FIFO where it is granted, and without priority."""
    seconds = 2.0 if quick else 20.0
    figures: dict[str, Any] = {"n": {}}
    for name, priority in (("other", 0), ("fifo", FIFO_PRIORITY)):
        measured = _core.measure_wake_up(seconds, priority)
        if measured["refused"]:
            figures[WHY] = f"SCHED_FIFO: {measured['refused']}"
            continue
        figures[f"{name}_us"] = measured["wake_us"]
        figures[f"{name}_skipped"] = measured["skipped"]
        figures["n"][f"{name}_us"] = measured["ticks"]
    return figures


def force(quick: bool) -> dict[str, Any]:
    """Known wrenches against the arm's estimate, its parameters identified in the same run."""
    from trocar.app.force import force_campaign

    return force_campaign(SEED, 10.0, 1) if quick else force_campaign(SEED, 20.0)


def fixture(quick: bool) -> dict[str, Any]:
    """How deep set-points and arm get into regions that they meet at 20 mm/s, m."""
    return program_figures("fixture", 42 if quick else 2_100)


CAMPAIGNS: dict[str, Callable[[bool], dict[str, Any]]] = {
    "tick": tick,
    "wake-up": wake_up,
    "fault": fault,
    "ik": ik,
    "trajectory": trajectory,
    "qp": qp,
    "force": force,
    "tremor": lambda quick: measure_tremor(1 if quick else 10),
    "fixture": fixture,
}
