# SPDX-License-Identifier: Apache-2.0
"""The arguments that `trocar sim film` and `trocar sim view` share."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trocar.app.sim_shots import Wish


def add_wish(parser: argparse.ArgumentParser) -> None:
    """Scene, seed, rate, eyes, effects."""
    parser.add_argument("scene", metavar="SCENE", help="a scene's name, as follow")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another cell")
    parser.add_argument("--fps", type=float, default=None, help="frames a second (the scene's)")
    parser.add_argument("--eye", choices=("left", "right", "both"), default="left")
    parser.add_argument(
        "--view",
        choices=("endoscope", "room"),
        default="endoscope",
        help="room: from outside, with trocars and the endoscope's shaft",
    )
    parser.add_argument(
        "--effects",
        metavar="NAME=X,...",
        default="",
        help="over the scene's look: smoke=14,shadow=0.7,fog=0.5,shutter_s=0.016,...",
    )


def wish_of(args: argparse.Namespace) -> "Wish":
    """What the arguments ask for."""
    from trocar.app.sim_shots import Wish

    return Wish(args.scene, args.seed, args.fps, args.eye, args.effects, args.view)
