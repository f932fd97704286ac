# SPDX-License-Identifier: Apache-2.0
"""`trocar sim film SCENE OUT.mp4`: a film of a scene, on any machine, without a display."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trocar.app.sim_shots_arguments import add_wish, wish_of
from trocar.errors import ConfigurationError

if TYPE_CHECKING:
    from trocar.app.film_file import FilmFile
    from trocar.app.sim_shots import Wish

SECONDS_LIMITS = (0.05, 3600.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar sim film`."""
    add_wish(parser)
    parser.add_argument("out", metavar="OUT.mp4", help="written whole; an earlier one is replaced")
    parser.add_argument("--seconds", type=float, default=10.0, help="of simulated time (10)")


def run(args: argparse.Namespace) -> int:
    """Exit code 0; 130 after Ctrl-C, which keeps the film so far."""
    from trocar.app.film_file import FilmFile

    low, high = SECONDS_LIMITS
    if not low <= args.seconds <= high:
        raise ConfigurationError(f"--seconds is {args.seconds:g}; allowed {low:g} to {high:g}")
    wish = wish_of(args)
    _, fps = wish.load()  # refuse before a file is made
    film = FilmFile(Path(args.out), fps)
    count = max(1, round(args.seconds * fps))
    try:
        _shoot(wish, film, count)
        if film.frames == 0:
            film.abandon()
            print("interrupted before the first frame: nothing is written", file=sys.stderr)
            return 130
        kept = film.finish()
    except BaseException:
        film.abandon()
        raise
    if kept < count:
        print(f"interrupted: {args.out} holds {kept} of {count} frames", file=sys.stderr)
        return 130
    print(f"written: {args.out}, {kept} frames, {kept / fps:g} s at {fps:g} a second")
    return 0


def _shoot(wish: "Wish", film: "FilmFile", count: int) -> None:
    """Add `count` frames, or fewer where Ctrl-C comes."""
    from tqdm import tqdm

    from trocar.app.interrupts import Interrupts
    from trocar.app.sim_shots import Shots

    with Interrupts() as interrupted:
        shots = Shots(wish, lambda line: print(line, file=sys.stderr))
        try:
            for _ in tqdm(range(count), desc="film", unit="frame", disable=None):
                if interrupted:
                    return
                film.add(shots.picture(shots.frame()))
        finally:
            shots.close()
