# SPDX-License-Identifier: Apache-2.0
"""`trocar sim view SCENE`: a scene in a live window; where there is no display, see `film`."""

import argparse
import dataclasses
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

from trocar.app.sim_shots_arguments import add_wish, wish_of

if TYPE_CHECKING:
    from trocar.app.sim_shots import Shots

HELP = "Esc quits, space pauses, e changes the eye, t shows truth, s saves a picture"
_EYES = ("left", "right", "both")
_TRUTHS = ("picture", "depth", "ids", "flow")


class Screen(Protocol):
    """What shows the pictures: `view_window.Window`."""

    is_open: bool

    def show(self, image_rgb: Any, text: str) -> None:
        """Show a picture and a line."""

    def keys(self) -> list[str]:
        """Keys pressed since the last call."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar sim view`."""
    add_wish(parser)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when the window is closed, 2 where there can be none, 130 after Ctrl-C."""
    from trocar.app.interrupts import Interrupts
    from trocar.app.sim_shots import Shots
    from trocar.app.view_window import Window

    wish = wish_of(args)
    wish.load()  # refuse a scene before a window opens
    film = f"a film needs no display: trocar sim film {args.scene} out.mp4"
    window = Window(f"Trocar: {args.scene}, seed {args.seed}", film)
    try:
        with Interrupts() as interrupted:
            shots = Shots(wish, lambda line: print(line, file=sys.stderr))
            try:
                watch(shots, window, interrupted, args.eye)
            finally:
                shots.close()
            return 130 if interrupted else 0
    finally:
        window.close()


def watch(shots: "Shots", screen: Screen, interrupted: object, eye: str) -> None:
    """Show frame after frame, no faster than the scene's clock, until someone ends it."""
    state = _State(eye=_EYES.index(eye))
    frame = shots.frame()
    due = time.monotonic()
    while screen.is_open and not interrupted:
        for key in screen.keys():
            if not state.press(key):
                return
        if not state.paused:
            frame = shots.frame(truth=_TRUTHS[state.truth] != "picture")
        image = shots.picture(frame, _EYES[state.eye], _TRUTHS[state.truth])
        if state.save:
            print(f"written: {_save(image)}")
            state.save = False
        what = f"{frame.stereo.stamp_ns * 1e-9:7.2f} s  {_EYES[state.eye]}  {_TRUTHS[state.truth]}"
        screen.show(image, f"{what}   {HELP}")
        due = max(due + 1.0 / shots.fps, time.monotonic() - 0.5)  # never catches up for long
        while screen.is_open and not interrupted and time.monotonic() < due:
            time.sleep(min(0.01, max(0.0, due - time.monotonic())))


@dataclasses.dataclass
class _State:
    """What the keys have chosen."""

    eye: int = 0
    truth: int = 0
    paused: bool = False
    save: bool = False

    def press(self, key: str) -> bool:
        """Obey a key; False: end."""
        if key in ("Escape", "q"):
            return False
        if key == "space":
            self.paused = not self.paused
        elif key == "e":
            self.eye = (self.eye + 1) % len(_EYES)
        elif key == "t":
            self.truth = (self.truth + 1) % len(_TRUTHS)
        elif key == "s":
            self.save = True
        return True


def _save(image: Any) -> str:
    """Write the picture into the working folder under a name not yet taken."""
    from pathlib import Path

    from trocar.sim.render.png import write_png

    number = 0
    while Path(f"view-{number:03d}.png").exists():
        number += 1
    write_png(f"view-{number:03d}.png", image)
    return f"view-{number:03d}.png"
