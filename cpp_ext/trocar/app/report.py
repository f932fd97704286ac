# SPDX-License-Identifier: Apache-2.0
"""What every `--json FILE` says beside its figures: machine, load, versions, date, seeds, goals.

Keys may be added, not renamed (docs/contracts.md, design section 6).
"""

import datetime
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import trocar
from trocar.errors import ConfigurationError

PACKAGES = ("numpy", "scipy", "opencv-python-headless", "pybullet", "moderngl", "aiohttp")


@dataclass(frozen=True)
class Goal:
    """One figure with a limit; `limit` None: counted and reported, not judged (`met` None)."""

    id: str  # the row's id, a dot, a short name: run.realtime.image_to_setpoint_p99
    value: float | str | None
    unit: str
    limit: float | str | None
    met: bool | None
    n: int  # how many samples the value is made of


def at_least(id: str, value: float | None, unit: str, limit: float, n: int) -> Goal:
    """A goal that `value` reaches from above; a missing value does not."""
    return Goal(id, value, unit, limit, value is not None and value >= limit, n)


def at_most(id: str, value: float | None, unit: str, limit: float, n: int) -> Goal:
    """A goal that `value` reaches from below; a missing value does not."""
    return Goal(id, value, unit, limit, value is not None and value <= limit, n)


def equals(id: str, value: str, limit: str, n: int = 1) -> Goal:
    """A goal that is one word."""
    return Goal(id, value, "", limit, value == limit, n)


def reported(id: str, value: float | None, unit: str, n: int) -> Goal:
    """A figure without a limit under these conditions."""
    return Goal(id, value, unit, None, None, n)


def machine() -> dict[str, Any]:
    """Processor, cores, memory and system of this machine."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def versions() -> dict[str, str]:
    """Versions of Trocar and of what its figures depend on; missing packages are left out."""
    found = {"trocar": trocar.__version__}
    for name in (*PACKAGES, "ros-rclpy"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def with_conditions(
    figures: dict[str, Any], goals: Sequence[Goal], seeds: Sequence[int]
) -> dict[str, Any]:
    """The figures with their goals and the conditions under which they were taken, now."""
    return {
        **figures,
        "goals": [asdict(goal) for goal in goals],
        "seeds": list(seeds),
        "machine": machine(),
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "versions": versions(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def write_json(path: str | Path, report: dict[str, Any]) -> None:
    """Write a report, whole or not at all; raises ConfigurationError where it cannot."""
    path = Path(path)
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
        partial.replace(path)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error


def check_writable(path: str | Path) -> None:
    """Raise ConfigurationError before a long measurement rather than after it."""
    folder = Path(path).resolve().parent
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):  # permissions alone say little: /proc, root
            is_writable = not Path(path).is_dir()
    except OSError:
        is_writable = False
    if not is_writable:
        raise ConfigurationError(f"cannot write {path}; name a file in a writable folder")


def goal_lines(goals: Sequence[Goal]) -> list[str]:
    """The goals as lines for the screen."""
    lines = []
    for goal in goals:
        mark = {True: "met", False: "NOT MET", None: "reported"}[goal.met]
        value = f"{goal.value:.4g}" if isinstance(goal.value, float) else str(goal.value)
        limit = "" if goal.limit is None else f" (goal {goal.limit} {goal.unit})".replace(" )", ")")
        lines.append(f"{goal.id:45} {value} {goal.unit}{limit}: {mark}")
    return lines
