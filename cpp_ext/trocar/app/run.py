# SPDX-License-Identifier: Apache-2.0
"""`trocar run`: the whole system with the defaults of a first look, and its report."""

import argparse
import os
import shutil
import tempfile
import threading
import time
import webbrowser
from dataclasses import asdict
from pathlib import Path

from trocar.app.exercise import ScriptedOperator
from trocar.app.launch_checks import check_variables, parse_assignments
from trocar.app.launch_file import load
from trocar.app.launch_runner import LaunchRunner, StopRequest, write_line
from trocar.app.leftovers import refuse_second_cell
from trocar.app.libexec import link_executables
from trocar.app.report import check_writable, goal_lines, with_conditions, write_json
from trocar.app.run_report import compose, read_reports
from trocar.app.share import find_launch_file
from trocar.errors import ConfigurationError
from trocar.process import RUN_DIR

LAUNCH_FILE = "trocar.launch.xml"
READY_TIMEOUT = 30.0  # s until the console must have said its address
PASS_AT, OPERATOR_AT = 1.0 / 3.0, 2.0 / 3.0  # of the duration (design section 6)
EXERCISE_MIN = 15.0  # s: shorter, and the operator's turn would not fit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar run`."""
    parser.add_argument("--headless", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--exercise", action="store_true", help="play a second instrument and an operator"
    )
    parser.add_argument("--duration", type=float, metavar="S", help="end by itself after S seconds")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the cell (default 0)")
    parser.add_argument("--port", type=int, default=8080, help="of the console (default 8080)")
    parser.add_argument("--faults", metavar="F", help="of the cell: a YAML file or words")
    parser.add_argument("--json", metavar="FILE", help="write what was measured")
    parser.add_argument("assignments", nargs="*", metavar="name:=value", help="launch arguments")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 after a clean end; a goal that is not met is said, not an error."""
    if args.exercise and (args.duration is None or args.duration < EXERCISE_MIN):
        raise ConfigurationError(f"--exercise needs --duration of at least {EXERCISE_MIN:g} s")
    if args.duration is not None and args.duration <= 0.0:
        raise ConfigurationError("--duration must be above 0 s")
    if args.json:
        check_writable(args.json)
    given = {"autostart": "follow", "seed": str(args.seed), "port": str(args.port)}
    if args.exercise:
        given["second_instrument_at"] = f"{args.duration * PASS_AT:.3f}"
    if args.faults:
        given["faults"] = args.faults
    given |= parse_assignments(args.assignments)
    description = load(find_launch_file(LAUNCH_FILE), given)
    check_variables(description)
    if description.variables.get("arm") == "simulated":
        refuse_second_cell()
    link_executables()
    folder = Path(tempfile.mkdtemp(prefix="trocar-run-"))
    try:
        return _run(args, LaunchRunner(description, {RUN_DIR: str(folder)}), folder, given)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(
    args: argparse.Namespace, runner: LaunchRunner, folder: Path, given: dict[str, str]
) -> int:
    write_line(
        f"trocar run: the simulated cell, seed {given['seed']}, autostart:={given['autostart']}:"
        " the arm powers itself and follows the tissue by sight. Ctrl-C ends everything."
    )
    stop = StopRequest()
    runner.start()
    url = _wait_for_console(runner, folder, stop.event)
    if url:
        write_line(f"trocar run: the console is at {url} (hold the dead-man key there to drive)")
        if not args.headless and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            webbrowser.open(url)
    operator = None
    if args.exercise and url:
        operator = ScriptedOperator(url, args.duration * OPERATOR_AT)
        operator.start()
    ending = runner.wait(stop.event, args.duration)
    played = asdict(operator.finish()) if operator else None
    if args.exercise and operator is None:
        played = {"problem": "the console did not say its address"}
    figures, goals = compose(read_reports(folder), ending.duration, ending.reason, played)
    for line in goal_lines(goals) if args.duration or args.json else []:
        write_line(line)
    if args.json:
        write_json(args.json, with_conditions(figures, goals, [int(given["seed"])]))
    # A first look that was interrupted owes no report; a measurement does.
    is_measured = bool(args.json) or args.duration is not None
    outcome = figures["exit"] if is_measured else ending.reason
    write_line(f"trocar run: ended after {ending.duration:.1f} s, {outcome}")
    if ending.code:
        return ending.code
    return 0 if outcome == "clean" else 1


def _wait_for_console(runner: LaunchRunner, folder: Path, stop: threading.Event) -> str:
    """The console's address once it is served; "" where that does not come about."""
    address = folder / "console.url"
    deadline = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < deadline and not stop.wait(0.05):
        if address.is_file() and (text := address.read_text().strip()):
            return text
        if any(child.poll() is not None for child in runner.children):
            return ""
    return ""
