# SPDX-License-Identifier: Apache-2.0
"""`trocar fault NAME [key=value ...]`: a fault for the running cell, now or in a while; no ROS."""

import argparse
import sys

from trocar.errors import ConfigurationError, SharedMemoryError

PROCESSES = ("sim", "render", "launch")  # who serves faults


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar fault`."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the catalogue (--list)")
    parser.add_argument("values", nargs="*", metavar="key=value", help="as for=0.5 or axis=3")
    parser.add_argument("--list", action="store_true", help="print the catalogue")
    parser.add_argument("--active", action="store_true", help="print what acts now")
    parser.add_argument(
        "--clear", nargs="?", const="", metavar="NAME", help="end a fault, or all of them"
    )


def run(args: argparse.Namespace) -> int:
    """Exit code 0 where it was taken, 1 where not, 2 where it cannot be."""
    if args.list:
        for line in catalogue_lines():
            print(line)
        return 0
    if args.active or args.clear is not None:
        return _ask_all({"list": 1} if args.active else {"clear": _known(args.clear)})
    if not args.name:
        raise ConfigurationError("name a fault (trocar fault --list), or give --clear or --active")
    from trocar.sim.faults.port import ask
    from trocar.sim.faults.schedule import parse_fault

    fault = parse_fault(f"{args.name}:{','.join(args.values)}")
    process = fault.kind.place.process
    try:
        taken, text = ask(process, {"fault": str(fault)})
    except TimeoutError:
        print(f"trocar fault: {process} does not answer; it may be paused", file=sys.stderr)
        return 1
    print(f"{process}: {text}", file=sys.stdout if taken else sys.stderr)
    return 0 if taken else 2


def catalogue_lines() -> list[str]:
    """The catalogue for a person."""
    from trocar.sim.faults.catalogue import CATALOGUE

    lines = []
    for kind in CATALOGUE.values():
        lines += [f"{kind.name} ({kind.place.value}): {kind.what}", f"    then: {kind.follows}"]
        for p in kind.parameter_table().values():
            lines.append(f"    {p.name}={p.default}: {p.what}; {p.allowed}")
    return lines


def _known(name: str) -> str:
    from trocar.sim.faults.catalogue import kind_of

    return kind_of(name, "--clear").name if name else ""


def _ask_all(request: dict[str, object]) -> int:
    from trocar.sim.faults.port import ask

    answered = 0
    for process in PROCESSES:
        try:
            _, text = ask(process, request)
        except SharedMemoryError:
            continue
        except TimeoutError:
            text = "does not answer; it may be paused"
        answered += 1
        print(f"{process}: {text}")
    if not answered:
        print(
            "trocar fault: no process of a cell listens in this domain; start one with trocar run,"
            " or set its ROS_DOMAIN_ID",
            file=sys.stderr,
        )
    return 0 if answered else 1
