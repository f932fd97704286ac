# SPDX-License-Identifier: Apache-2.0
"""`trocar stop [--release]`: the emergency stop, through shared memory alone."""

import argparse
import sys

from trocar.process import segment_name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar stop`."""
    parser.add_argument("--release", action="store_true", help="take the cause of the stop away")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 where the flag was written, 1 where no cell runs in this domain."""
    from trocar import estop  # loads the compiled core: not for --help

    name = segment_name()
    if not (estop.release(name) if args.release else estop.press(name)):
        print(
            f"trocar stop: no cell runs in this domain (no shared memory {name});"
            " set ROS_DOMAIN_ID to the domain of the cell, or start one with trocar run",
            file=sys.stderr,
        )
        return 1
    if args.release:
        print("emergency stop released: enable the arm to go on")
    else:
        print(
            "emergency stop pressed: controlled stop, then power off;"
            " trocar stop --release takes its cause away"
        )
    return 0
