# SPDX-License-Identifier: Apache-2.0
"""`trocar sim ACTION`: what goes into the simulator.  An action's work is imported when it runs."""

import argparse
import importlib

# name: (module of trocar.app with add_arguments(parser) and run(args) -> exit code, help)
ACTIONS = {
    "import": ("sim_import", "make tissue of a closed surface or a label volume"),
    "view": ("sim_view", "a scene in a live window"),
    "film": ("sim_film", "a film of a scene, without a display"),
    "generate": ("sim_generate", "write randomised sequences with truth: a data set"),
    "phantom": ("sim_phantom", "write a procedural abdomen as a label volume"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar sim`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, (module, summary) in ACTIONS.items():
        sub = actions.add_parser(name, help=summary, description=summary)
        importlib.import_module(f"trocar.app.{module}").add_arguments(sub)


def run(args: argparse.Namespace) -> int:
    """Exit code of the action."""
    module = importlib.import_module(f"trocar.app.{ACTIONS[args.action][0]}")
    return int(module.run(args))
