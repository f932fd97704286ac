# SPDX-License-Identifier: Apache-2.0
"""What the core must reach: the rows, counts and campaigns of the benchmark as goals.

`id` is the row of the goal table, a dot and a short name.  A figure that could not be measured
has no value and is not met: silence is not success.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from trocar.app.report import Goal, at_least, at_most, reported

Rows = list[dict[str, Any]]
INSTRUCTION_GOALS = {"fk": 900, "jacobian": 2000, "ik": 1300}
COUNTED = {"fk": "fk", "jacobian": "fk_jacobian", "ik": "ik"}
# Row, least ratio, peers: every solver of a peer must be beaten, from either seed.
RATIO_GOALS = (
    ("jacobian", "Pinocchio", 2.5),
    ("jacobian", "KDL", 6.0),
    ("ik", "KDL", 10.0),
    ("ik", "TRAC-IK", 10.0),
    ("ik", "PyBullet", 10.0),
    ("ik", "Pinocchio", 10.0),
    ("rnea", "Pinocchio", 1.0),
)


@dataclass(frozen=True)
class Limit:
    """A goal over one figure of a campaign."""

    id: str
    campaign: str
    figure: str  # dots lead into nested figures
    unit: str
    limit: float | None  # None: reported, not judged
    least: bool = False  # the limit is a floor
    scale: float = 1.0  # from the figure's unit


LIMITS = (
    Limit("tick.p99", "tick", "tick_us.p99", "us", 20.0),
    Limit("tick.allocations", "tick", "allocations", "", 0),
    Limit("tick.torn_reads", "tick", "torn_reads", "", 0),
    Limit("wake-up.fifo_p99", "wake-up", "fifo_us.p99", "us", 150.0),
    Limit("wake-up.fifo_max", "wake-up", "fifo_us.max", "us", None),
    Limit("wake-up.other_p99", "wake-up", "other_us.p99", "us", None),
    Limit("fault.ticks_to_stop", "fault", "ticks_to_stop", "ticks", 1),
    Limit("fault.detection_off_table", "fault", "detection_off_table_ticks", "ticks", 0),
    Limit("fault.faults", "fault", "faults", "of the table", None),
    Limit("ik.exact.found", "ik", "found", "%", 100.0, least=True, scale=100.0),
    Limit("ik.exact.position_error", "ik", "position_error_m", "m", 1e-12),
    Limit("ik.exact.rotation_error", "ik", "rotation_error_rad", "rad", 1e-12),
    Limit("ik.exact.near_rcm_named", "ik", "near_rcm_named", "%", 100.0, least=True, scale=100.0),
    Limit("trajectory.retargets", "trajectory", "retargets", "", None),
    Limit("trajectory.violations", "trajectory", "violations", "", 0),
    Limit("trajectory.beyond_range", "trajectory", "beyond_range", "rad or m", 1e-9),
    Limit("qp.p99", "qp", "qp_us.p99", "us", 10.0),
    Limit("qp.residual", "qp", "residual", "", 1e-9),
    Limit("qp.unsolved", "qp", "unsolved", "", 0),
    Limit("qp.allocations", "qp", "allocations", "", 0),
    Limit("qp.difference_daqp", "qp", "difference_daqp", "", 1e-8),
    Limit("qp.difference_quadprog", "qp", "difference_quadprog", "", 1e-8),
    # N to a share of the range of 10 N
    Limit("force.static", "force", "static.rmse_n", "% of range", 5.0, scale=10.0),
    Limit("force.1hz", "force", "sine.rmse_n", "% of range", 5.0, scale=10.0),
    *(
        Limit(f"force.{id}_{arm}", "force", f"{kind}_{arm}.rmse_n", "% of range", None, scale=10.0)
        for arm in ("default", "other_friction", "stiction")
        for id, kind in (("static", "static"), ("1hz", "sine"))
    ),
    Limit("tremor.removed", "tremor", "removed", "%", 70.0, least=True, scale=100.0),
    Limit("tremor.delay", "tremor", "delay_s", "ms", 10.0, scale=1e3),
    Limit("fixture.setpoint_breach", "fixture", "setpoint_breach", "mm", 0.05, scale=1e3),
    Limit("fixture.measured_breach", "fixture", "measured_breach", "mm", 0.5, scale=1e3),
)


def core_goals(
    rows: Rows, instructions: dict[str, float], campaigns: dict[str, dict[str, Any]]
) -> list[Goal]:
    """Every figure of the goal table."""
    goals = [
        at_most(f"{name}.instructions", instructions.get(COUNTED[name]), "", limit, 1000)
        for name, limit in INSTRUCTION_GOALS.items()
    ]
    goals += [ratio_goal(rows, *goal) for goal in RATIO_GOALS]
    goals.append(at_most("rnea.difference", difference(rows), "N m", 1e-9, count(rows, "rnea")))
    goals += [limit_goal(limit, campaigns.get(limit.campaign, {})) for limit in LIMITS]
    return goals


def ratio_goal(rows: Rows, name: str, peer: str, least: float) -> Goal:
    """The smallest ratio over everything that this peer was tried with."""
    ratios = [
        row["ratio"]
        for row in rows
        if row["name"] == name and row["peer"].startswith(peer) and row["ratio"] is not None
    ]
    short = peer.lower().replace("-", "_")
    value = min(ratios) if ratios else None
    return at_least(f"{name}.ratio_{short}", value, "x", least, count(rows, name, peer))


def count(rows: Rows, name: str, peer: str = "") -> int:
    """Samples behind the rows of a name."""
    found: Iterable[int] = (
        row.get("n") or 0 for row in rows if row["name"] == name and row["peer"].startswith(peer)
    )
    return max(found, default=0)


def difference(rows: Rows) -> float | None:
    """Largest difference of our RNEA from Pinocchio's."""
    found = [
        row["max_difference"]
        for row in rows
        if row["name"] == "rnea" and row["peer"] == "Pinocchio" and row.get("max_difference")
    ]
    return max(found) if found else None


def limit_goal(limit: Limit, figures: dict[str, Any]) -> Goal:
    """The goal of one figure of a campaign."""
    value: Any = figures
    for key in limit.figure.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    n = figures.get("n", 0)
    if isinstance(n, dict):
        n = n.get(limit.figure.split(".")[0], max(n.values(), default=0))
    value = None if value is None else float(value) * limit.scale
    if limit.limit is None:
        return reported(limit.id, value, limit.unit, int(n))
    judge = at_least if limit.least else at_most
    return judge(limit.id, value, limit.unit, limit.limit, int(n))
