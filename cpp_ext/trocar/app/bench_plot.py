# SPDX-License-Identifier: Apache-2.0
"""A picture of `trocar bench core`: times faster than each peer, margin over each goal."""

import textwrap
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from trocar.app.bench_goals import RATIO_GOALS

FARTHEST = 100.0  # margins beyond are cut, with an arrow
MET, MISSED, NEUTRAL = "#2a7f9e", "#c8553d", "#8d99a6"


def plot_core(report: dict[str, Any], path: Path) -> None:
    """Write the picture of a report as PNG."""
    rows = [row for row in report["rows"] if row["ratio"]]
    goals = [goal for goal in report["goals"] if margin(goal) is not None]
    exact = [goal for goal in report["goals"] if margin(goal) is None]
    lines = caption(report, exact).count("\n") + 1
    height = 1.9 + 0.27 * max(len(rows), len(goals) + 2) + 0.17 * lines
    figure, (left, right) = plt.subplots(1, 2, figsize=(14, height), width_ratios=(1.15, 1))
    plot_ratios(left, rows)
    plot_margins(right, goals)
    figure.suptitle("Trocar core against its peers and its goals", fontweight="bold", fontsize=13)
    figure.text(0.01, 0.012, caption(report, exact), fontsize=8, color="#444444", va="bottom")
    figure.tight_layout(rect=(0, 0.02 + 0.17 * lines / height, 1, 0.99))
    figure.savefig(path, dpi=130)
    plt.close(figure)


def plot_ratios(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """Bars of peer time over ours, with the goal of each as a mark."""
    for y, row in enumerate(reversed(rows)):
        least = ratio_goal(row)
        good = least is None or row["ratio"] >= least
        colour = NEUTRAL if least is None else MET if good else MISSED
        axes.barh(y, row["ratio"], left=0, color=colour, height=0.72)
        if least is not None:
            axes.plot([least, least], [y - 0.45, y + 0.45], color="black", lw=2)
        text = f" {row['ratio']:.{0 if row['ratio'] >= 100 else 1}f}x"
        if row.get("peer_success") is not None:
            text += f", finds {100 * row['peer_success']:.3g} %"
        axes.text(max(row["ratio"], least or 0), y, text, va="center", fontsize=8)
    labels = [f"{row['name']}: {row['peer']}" for row in reversed(rows)]
    axes.set_yticks(range(len(rows)), labels, fontsize=8)
    axes.set_xscale("log")
    largest = max((row["ratio"] for row in rows), default=10.0)
    axes.set_xlim(0.5, 8 * largest)
    axes.axvline(1.0, color="black", lw=0.8, ls=":")
    axes.set_xlabel("time of the peer / ours (log; black mark: the goal, grey: none)")
    axes.set_title("Speed against peers, the same run", fontsize=10)
    tidy(axes)


def plot_margins(axes: Axes, goals: list[dict[str, Any]]) -> None:
    """Bars from the goal line: how many times better than asked."""
    for y, goal in enumerate(reversed(goals)):
        factor = margin(goal)
        assert factor is not None
        colour = MET if goal["met"] else MISSED
        shown = min(max(factor, 1.0 / FARTHEST), FARTHEST)
        axes.barh(y, shown - 1.0, left=1.0, color=colour, height=0.72)
        arrow = "" if shown == factor else " \u2192" if factor > 1.0 else " \u2190"
        text = f"{arrow} {goal['value']:.4g} {goal['unit']} (goal {goal['limit']:g})"
        axes.text(max(shown, 1.0), y, text.replace("  ", " "), va="center", fontsize=8)
    axes.set_yticks(range(len(goals)), [goal["id"] for goal in reversed(goals)], fontsize=8)
    factors = [factor for goal in goals if (factor := margin(goal)) is not None]
    axes.set_xscale("log")
    least = max(1.0 / FARTHEST, min([1.0, *factors]))
    axes.set_xlim(0.5 * least, 60 * min(FARTHEST, max([2.0, *factors])))
    axes.axvline(1.0, color="black", lw=1.5)
    axes.set_xlabel("margin over the goal (log; right of the line: met)")
    axes.set_title("Goals", fontsize=10)
    tidy(axes)


def margin(goal: dict[str, Any]) -> float | None:
    """How many times better than its limit; None where that has no meaning (limits of zero)."""
    value, limit = goal["value"], goal["limit"]
    if not isinstance(value, float | int) or not isinstance(limit, float | int) or not limit:
        return None
    if value == limit:
        return 1.0
    # A floor is met from above, a ceiling from below.
    is_floor = goal["met"] == (value >= limit)
    smaller = max(abs(value), 1e-12 * abs(limit))
    return value / limit if is_floor else limit / smaller


def ratio_goal(row: dict[str, Any]) -> float | None:
    """The least ratio asked of a row."""
    for name, peer, least in RATIO_GOALS:
        if row["name"] == name and row["peer"].startswith(peer):
            return least
    return None


def caption(report: dict[str, Any], exact: list[dict[str, Any]]) -> str:
    """Goals without a margin, what was not measured, and the machine."""
    machine = report["machine"]
    words = [
        f"{goal['id']}: {'not measured' if goal['value'] is None else format(goal['value'], 'g')}"
        + (
            f" (goal {goal['limit']:g}{', NOT MET' if goal['met'] is False else ''})"
            if goal["limit"] is not None
            else ""
        )
        for goal in exact
    ]
    conditions = (
        f"{machine['cpu']}, {machine['cores']} cores, load {report['load_average'][0]}, "
        f"{report['date']}. Medians of alternating batches; -O3 without -march=native."
    )
    return "\n".join(textwrap.wrap("   ".join(words), 190) + [conditions])


def tidy(axes: Axes) -> None:
    """Less ink."""
    axes.grid(axis="x", which="major", alpha=0.3)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
