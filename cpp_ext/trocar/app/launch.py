# SPDX-License-Identifier: Apache-2.0
"""`trocar launch FILE [name:=value ...]`: runs a launch file without ROS's own launch."""

import argparse
import time

from trocar.app.launch_checks import check_variables, parse_assignments
from trocar.app.launch_file import declared_arguments, load
from trocar.app.launch_runner import LaunchRunner, StopRequest
from trocar.app.leftovers import refuse_second_cell
from trocar.app.libexec import link_executables
from trocar.app.share import find_launch_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar launch`."""
    parser.add_argument("file", metavar="FILE", help="path, or a name in the share folder")
    parser.add_argument("assignments", nargs="*", metavar="name:=value", help="launch arguments")
    parser.add_argument("-s", "--show-args", action="store_true", help="list the launch arguments")
    parser.add_argument("--duration", type=float, metavar="S", help="end by itself after S seconds")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 after Ctrl-C, the dead process's otherwise, 2 for bad arguments."""
    path = find_launch_file(args.file)
    if args.show_args:
        for argument in declared_arguments(path).values():
            choices = f" [{', '.join(argument.choices)}]" if argument.choices else ""
            print(f"  {argument.name}:={argument.default}{choices}\n      {argument.description}")
        return 0
    description = load(path, parse_assignments(args.assignments))
    check_variables(description)
    if description.variables.get("arm") == "simulated":
        refuse_second_cell()
    link_executables()
    stop = StopRequest()
    runner = LaunchRunner(description)
    started = time.monotonic()
    runner.start()
    ending = runner.wait(stop.event, args.duration)
    print(f"[launch] {ending.reason} after {time.monotonic() - started:.1f} s")
    return ending.code
