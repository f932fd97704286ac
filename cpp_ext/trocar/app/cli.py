# SPDX-License-Identifier: Apache-2.0
"""The `trocar` command.  A sub-command's module is imported when it is called, not before.

Exit codes: 0 as asked, 1 it did not work out, 2 the arguments cannot be used.
"""

import argparse
import importlib
import os
import sys

import trocar
from trocar.errors import ConfigurationError, TrocarError

# name: (module of trocar.app with add_arguments(parser) and run(args) -> exit code, help)
COMMANDS = {
    "run": ("run", "the whole system with the defaults of a first look"),
    "launch": ("launch", "a launch file, as ros2 launch would run it"),
    "stop": ("stop", "press or release the emergency stop, without ROS"),
    "fault": ("fault", "a fault for the running cell, from a catalogue; without ROS"),
    "validate": ("validate", "run a scenario over many seeds and judge it"),
    "identify": ("identify", "masses and friction of an arm from its own motion"),
    "bench": ("bench", "how long the core takes on this machine"),
    "sim": ("sim", "the simulator: look at a scene, film it, import anatomy, make a phantom"),
    "doctor": ("doctor", "what is installed, missing and unproven here, and how to mend it"),
}


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    words = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog="trocar", description="Open surgical-robotics perception and control (research only)."
    )
    parser.add_argument("--version", action="version", version=f"trocar {trocar.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, (module, summary) in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary)
        if name == chosen:
            command = importlib.import_module(f"trocar.app.{module}")
            command.add_arguments(sub)
            sub.set_defaults(run=command.run)
    args = parser.parse_args(words)
    try:
        return int(args.run(args))
    except ConfigurationError as error:
        print(f"trocar {args.command}: {error}", file=sys.stderr)
        return 2
    except TrocarError as error:
        print(f"trocar {args.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
