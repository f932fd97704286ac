# SPDX-License-Identifier: Apache-2.0
"""`trocar bench SUITE`: what the core or the simulation costs here, and how exact it is."""

import argparse
from pathlib import Path

from trocar.app.bench_core import Options, bench_core
from trocar.app.report import check_writable, goal_lines, write_json
from trocar.errors import ConfigurationError

SUITES = ("core", "sim")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar bench`."""
    parser.add_argument("suite", metavar="SUITE", help=f"one of: {', '.join(SUITES)}")
    parser.add_argument(
        "--json", metavar="FILE", help="write what was measured, and a plot of it beside (PNG)"
    )
    parser.add_argument("--quick", action="store_true", help="small samples: less than a minute")
    parser.add_argument(
        "--surrol", metavar="DIR", help="a checkout of SurRoL to measure beside (suite sim)"
    )
    parser.add_argument(
        "--no-build", action="store_true", help="use the C++ programs as they are, if they are"
    )


def run(args: argparse.Namespace) -> int:
    """Exit code 0 where no goal is missed, 1 where one is, 2 for bad arguments."""
    if args.suite not in SUITES:
        raise ConfigurationError(f"unknown suite {args.suite}; valid: {', '.join(SUITES)}")
    if args.json:
        check_writable(args.json)
    if args.suite == "sim":
        return run_sim(args)
    report, goals = bench_core(Options(quick=args.quick, build=not args.no_build))
    for line in row_lines(report["rows"]):
        print(line)
    print("\n".join(goal_lines(goals)))
    for name, why in report["not_measured"].items():
        print(f"not measured: {name}: {why}")
    if args.json:
        write_json(args.json, report)
        print(f"written: {args.json}{plot_beside(args.json, report)}")
    return 1 if any(goal.met is False for goal in goals) else 0


def run_sim(args: argparse.Namespace) -> int:
    """The suite `sim`; the same exit codes."""
    from trocar.app.bench_sim import bench_sim

    report, goals = bench_sim(args.quick, lambda line: print(line, flush=True), args.surrol)
    print("\n".join(goal_lines(goals)))
    for name, why in report["not_measured"].items():
        print(f"not measured: {name}: {why}")
    if args.json:
        write_json(args.json, report)
        print(f"written: {args.json}")
    return 1 if any(goal.met is False for goal in goals) else 0


def row_lines(rows: list[dict]) -> list[str]:
    """The rows as lines for the screen."""
    lines = []
    for row in rows:
        ours = f"{row['ours_ns']:9.0f} ns" if row["ours_ns"] is not None else " " * 12
        instructions = f" {row['instructions']:6.0f} instr" if row["instructions"] else " " * 13
        line = f"{row['name']:12}{ours}{instructions}"
        if row["ratio"] is not None:
            line += f"   {row['peer']:24}{row['peer_ns']:11.0f} ns  x{row['ratio']:.1f}"
        elif row["peer"]:
            line += f"   {row['peer']:24}"
        if row.get("peer_success") is not None:
            line += f"  finds {100.0 * row['peer_success']:.1f} %"
        lines.append(line + (f"  ({row['note']})" if row.get("note") else ""))
    return lines


def plot_beside(path: str, report: dict) -> str:
    """Write the plot; says where."""
    from trocar.app.bench_plot import plot_core  # here: nothing else waits for matplotlib

    picture = Path(path).with_suffix(".png")
    plot_core(report, picture)
    return f", {picture}"
