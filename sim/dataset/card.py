# SPDX-License-Identifier: Apache-2.0
"""The data card: what a data set is, how it was made, what is in it and what it is not."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trocar.sim.dataset.quantities import QUANTITIES
from trocar.sim.dataset.ranges import Range

TEMPLATE = Path(__file__).resolve().parent / "card.md"
_MEANS = {  # of the sequences' figures: name in the card
    "brightness": "mean grey level of the left picture (of 255)",
    "burnt_out": "share of pixels with a channel at 255",
    "dark": "share of pixels below grey level 10",
    "instruments": "share of pixels that show an instrument",
    "first_instrument": "share of pixels that show PSM1",
    "others": "share of pixels that show any other labelled thing",
    "depth_median_m": "median depth (m)",
    "points_visible": "share of tracked points visible in the left eye",
    "frames_with_tool": "share of frames with PSM1 on more than 0.2 % of the picture",
}


def aggregate(figures: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Minimum, median and maximum over the sequences of each figure."""
    found = {}
    for name in _MEANS:
        values = [float(f[name]) for f in figures if np.isfinite(f[name])]
        if values:
            low, middle, high = np.percentile(values, [0, 50, 100])
            found[name] = {"min": float(low), "median": float(middle), "max": float(high)}
    return found


def card(manifest: Mapping[str, Any], ranges: Mapping[str, Range], command: str) -> str:
    """README.md of a data set."""
    request, made_by = manifest["request"], manifest["made_by"]
    frames = sum(entry["frames"] for entry in manifest["sequences"])
    width, height = manifest["size"]
    rows = {
        "sequences": request["sequences"],
        "frames": frames,
        "picture": f"{width} x {height} px, two eyes, {request['fps']:g} Hz",
        "scene": request["scene"],
        "seed": request["seed"],
        "faults": "; ".join(request["faults"]) or "none",
        "licence": request["licence"],
    }
    head = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    versions = ", ".join(f"{name} {value}" for name, value in made_by.items())
    statistics = "\n".join(
        f"| {_MEANS[name]} | {s['min']:.4g} | {s['median']:.4g} | {s['max']:.4g} |"
        for name, s in manifest["statistics"].items()
    )
    drawn = "\n".join(
        f"| `{key}` | {QUANTITIES[key].what} | {range_} | {QUANTITIES[key].unit} |"
        for key, range_ in sorted(ranges.items())
    )
    return TEMPLATE.read_text().format(
        head=head,
        command=command,
        versions=versions,
        flow=_FLOW if request["flow"] else "",
        source=_EXPERT if manifest["has_task"] else _LED,
        statistics=statistics,
        drawn=drawn or "| none | | | |",
    )


_FLOW = (
    "| `flow_left/`, `flow_right/` | PNG, 3 x 16 bit as in KITTI: red u, green v, in 1/64 px "
    "plus 2^15, blue 1 where known; to the next capture |\n"
)
_LED = (
    "- The instruments are led along smooth paths: no task, no controller in the loop, no grasp. "
    "Soft bodies give way and\n  push back (`wrenches.csv`); where a scene has none, nothing is "
    "touched.\n"
)
_EXPERT = (
    "- A scripted expert works at the scene's task under torque control, without hidden errors of "
    "bases and joints, and\n  never hesitates; the goal's marker is in the picture where the scene "
    "has one. Captures fall on multiples of 10 ms.\n  Ranges of errors, tool, second, tissue and "
    "soft are not used.\n"
)
