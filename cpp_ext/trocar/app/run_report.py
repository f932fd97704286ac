# SPDX-License-Identifier: Apache-2.0
"""Composes the report of `trocar run --json` from what each process wrote at its end.

Sources: `$TROCAR_RUN_DIR/{sim,render,perception,control,console}.json`, see docs/contracts.md.
A missing file or figure makes the run unclean and is named, never guessed.
"""

import json
from pathlib import Path
from typing import Any

from trocar.app.report import Goal, at_least, at_most, equals, reported

PROCESSES = ("sim", "render", "perception", "control", "console")
LOOP_KEYS = (
    "rate_hz",
    "ticks",
    "overruns",
    "missed",
    "missed_fraction",
    "wake_us",
    "tick_us",
)
LATENCIES = ("image_to_setpoint_ms", "topic_to_setpoint_ms")
ROW = "run.realtime"
# The figures of the report's goals: short name, where it stands, unit, limit, direction.
IMAGE_RATE = "/endoscope/left/image_raw"
TISSUE_RATE = "/tissue/target"
TOOL_RATE = "/PSM1/visual/correction"
ARM_RATE = "/PSM1/measured_js"


def read_reports(folder: Path) -> dict[str, dict[str, Any]]:
    """The report of every process that wrote one."""
    reports = {}
    for name in PROCESSES:
        try:
            reports[name] = json.loads((folder / f"{name}.json").read_text())
        except (OSError, ValueError):
            continue
    return reports


def compose(
    reports: dict[str, dict[str, Any]], duration: float, ended: str, played: dict[str, Any] | None
) -> tuple[dict[str, Any], list[Goal]]:
    """The figures of design section 6 and their goals.

    `duration` in s; `ended` is "clean" or what went wrong; `played` is what the scripted
    operator saw, None without an exercise.
    """
    control = reports.get("control", {})
    rates = {
        topic: rate
        for report in reports.values()
        for topic, rate in report.get("rates", {}).items()
    }
    loop = {key: control.get("loop", {}).get(key) for key in LOOP_KEYS}
    loop["realtime_priority"] = control.get("loop", {}).get("realtime_priority")
    figures: dict[str, Any] = {
        "duration_s": round(duration, 2),
        "realtime_factor": reports.get("sim", {}).get("realtime_factor"),
        "rates": rates,
        "latency": {
            name: control.get("latency", control).get(name, {"p50": None, "p99": None})
            for name in LATENCIES
        },
        "loop": loop,
        "cpu_cores": _cpu_cores(reports, duration),
        "exit": _exit_reason(reports, ended, played),
        "processes": reports,
    }
    if played is not None:
        figures["exercise"] = played
    return figures, goals(figures, duration)


def _cpu_cores(reports: dict[str, dict[str, Any]], duration: float) -> float | None:
    seconds = [report["cpu_s"] for report in reports.values() if "cpu_s" in report]
    return sum(seconds) / duration if seconds and duration > 0.0 else None


def _exit_reason(
    reports: dict[str, dict[str, Any]], ended: str, played: dict[str, Any] | None
) -> str:
    problems = [] if ended == "clean" else [ended]
    missing = [name for name in PROCESSES if name not in reports]
    if missing:
        problems.append(f"no report from {', '.join(missing)}")
    if played is not None and played.get("problem"):
        problems.append(f"exercise: {played['problem']}")
    return "; ".join(problems) or "clean"


def goals(figures: dict[str, Any], duration: float) -> list[Goal]:
    """The goals of the row run.realtime."""
    rates, loop, latency = figures["rates"], figures["loop"], figures["latency"]
    ticks = int(loop["ticks"] or 0)

    def rate(short: str, topic: str, limit: float) -> Goal:
        value = rates.get(topic)
        return at_least(f"{ROW}.{short}", value, "Hz", limit, round((value or 0.0) * duration))

    image = latency["image_to_setpoint_ms"]
    tick_us = loop["tick_us"] or {}
    missed = ("missed_fraction", loop["missed_fraction"], "")
    return [
        at_least(f"{ROW}.realtime_factor", figures["realtime_factor"], "", 0.98, ticks),
        rate("image_rate", IMAGE_RATE, 14.5),
        rate("tissue_rate", TISSUE_RATE, 14.5),
        rate("tool_rate", TOOL_RATE, 14.5),
        rate("arm_state_rate", ARM_RATE, 95.0),
        # Without real-time priority missed ticks are counted, not judged.
        at_most(f"{ROW}.{missed[0]}", missed[1], missed[2], 0.001, ticks)
        if loop["realtime_priority"] is not False
        else reported(f"{ROW}.{missed[0]}", missed[1], missed[2], ticks),
        at_most(f"{ROW}.tick_p99", tick_us.get("p99"), "us", 50.0, ticks),
        at_most(
            f"{ROW}.image_to_setpoint_p99",
            image.get("p99"),
            "ms",
            150.0,
            int(image.get("n") or image.get("count") or 0),
        ),
        equals(f"{ROW}.exit", figures["exit"], "clean"),
    ]
