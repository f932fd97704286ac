# SPDX-License-Identifier: Apache-2.0
"""`trocar identify ARM`: masses, inertias and friction of an arm from its own motion.

Moves the arm of the simulated cell in lockstep along an exciting motion, fits what its sensors
said, prints the parameters with their standard errors and how well they foretell another motion,
and writes a file that `trocar launch trocar.launch.xml dynamics_file:=FILE` takes.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from trocar.app.identify_motion import PERIOD_S
from trocar.app.identify_result import DURATION_S, RMS_SHARE, Identified, identify
from trocar.app.report import at_most, check_writable, goal_lines, with_conditions, write_json
from trocar.dynamics_file import LINK_NAMES, save
from trocar.errors import ConfigurationError

ARMS = ("PSM1",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar identify`."""
    parser.add_argument("arm", metavar="ARM", help=f"one of: {', '.join(ARMS)} (simulated)")
    parser.add_argument("--out", metavar="YAML", help="write the parameters for the control node")
    parser.add_argument("--json", metavar="F", help="write what was measured")
    parser.add_argument("--plot", metavar="PNG", help="measured and predicted torque")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="cell and motion (0)")
    parser.add_argument(
        "--duration", type=float, default=DURATION_S, metavar="S", help=f"({DURATION_S:g} s)"
    )


def run(args: argparse.Namespace) -> int:
    """Exit code 0 where every axis is foretold well enough, 1 where not, 2 for bad arguments."""
    args.arm = args.arm.upper()
    if args.arm not in ARMS:
        raise ConfigurationError(f"unknown arm {args.arm!r}; one of: {', '.join(ARMS)}")
    if not PERIOD_S <= args.duration <= 600.0:
        raise ConfigurationError(f"--duration is {args.duration:g}, allowed {PERIOD_S:g} to 600 s")
    if args.seed < 0:
        raise ConfigurationError(f"--seed is {args.seed}, allowed 0 or more")
    for path in (args.out, args.json, args.plot):
        if path:
            check_writable(path)
    ticks = round(1500 * args.duration)
    with tqdm(total=ticks, desc=f"{args.arm} moves", unit="tick", file=sys.stderr) as bar:
        result = identify(args.seed, args.duration, progress=bar.update)
    print_tables(result)
    goals = [
        at_most(
            f"identify.rms.{name}",
            float(result.rms[i] / result.rms_measured[i]),
            "of torque",
            RMS_SHARE,
            1,
        )
        for i, name in enumerate(LINK_NAMES)
    ]
    print("\n".join(goal_lines(goals)))
    is_good = all(goal.met for goal in goals)
    if args.out and not is_good:
        print(f"did not write {args.out}: a model that foretells this badly drives no arm")
    if args.out and is_good:
        notes = {"command": f"trocar identify {args.arm} --seed {args.seed}", "simulated": True}
        save(args.out, result.parameters, args.arm, notes)
        print(
            f"wrote {args.out}; use it: trocar launch trocar.launch.xml dynamics_file:={args.out}"
        )
    if args.json:
        write_json(args.json, with_conditions(figures(result), goals, [args.seed]))
    if args.plot:
        draw(result, args.arm, Path(args.plot))
    return 0 if is_good else 1


def print_tables(result: Identified) -> None:
    """Base parameters with standard errors, then the errors of the held-out motion."""
    base = result.base
    tilt, error = np.degrees([result.gravity.tilt, result.gravity.error])
    print(f"down is {tilt:.2f} deg (+-{error:.2f}) from where the site says")
    print(f"{len(base.columns)} base parameters, condition {base.condition:.3g}")
    print("SI; m, m c and I about the link's origin; the error is that of the noise alone")
    print(f"{'value':>11} {'std error':>10}  parameter")
    for value, error, label in zip(base.value, base.error, base.labels, strict=True):
        short = label if len(label) < 90 else label[:86] + " ..."
        print(f"{value:11.4g} {error:10.2g}  {short}")
    print("held-out motion: RMS torque error, RMS torque (N m, insertion N; means over 50 ms)")
    for i, name in enumerate(LINK_NAMES):
        print(f"  {name:12} {result.rms[i]:9.2g} {result.rms_measured[i]:9.3g}")


def figures(result: Identified) -> dict[str, Any]:
    """What goes into the JSON file."""
    base = result.base
    return {
        "base_parameters": [
            {"parameter": label, "value": float(value), "standard_error": float(error)}
            for value, error, label in zip(base.value, base.error, base.labels, strict=True)
        ],
        "condition": base.condition,
        "gravity_base": result.gravity.vector.tolist(),
        "gravity_tilt_deg": float(np.degrees(result.gravity.tilt)),
        "gravity_tilt_error_deg": float(np.degrees(result.gravity.error)),
        "held_out": {
            name: {"rms_error": float(result.rms[i]), "rms_torque": float(result.rms_measured[i])}
            for i, name in enumerate(LINK_NAMES)
        },
    }


def draw(result: Identified, arm: str, path: Path) -> None:
    """The plot; matplotlib is imported only where one is asked for."""
    from trocar.app.identify_plot import plot_identified

    plot_identified(result, arm, path)
    print(f"wrote {path}")
