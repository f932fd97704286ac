# SPDX-License-Identifier: Apache-2.0
"""Pictures for the documents: `python -m trocar.sim.render.gallery OUT_DIR`."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from trocar.errors import TrocarError
from trocar.sim.render.effects_sheet import COLUMNS, effect_tiles
from trocar.sim.render.png import write_png
from trocar.sim.render.scenes_sheet import scene_tiles
from trocar.sim.render.sequence import render_sequence
from trocar.sim.render.truth_pictures import Picture
from trocar.sim.scene import load_scene

SEED = 2
PICTURE_AT_S = 1.1  # s; into the pass of the second instrument: it hides the work point


def contact_sheet(labelled: Iterable[tuple[str, Picture]]) -> Picture:
    """Labelled pictures of one size, four to a row, each at half size."""
    tiles = []
    for label, picture in labelled:
        tile = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        tile = np.pad(tile, ((0, 22), (0, 0), (0, 0)))  # the label's strip
        place, font = (6, tile.shape[0] - 6), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(tile, label, place, font, 0.5, (235, 235, 235), 1, cv2.LINE_AA)
        tiles.append(np.pad(tile, ((2, 2), (2, 2), (0, 0))))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    return np.ascontiguousarray(np.vstack(rows))


def make_gallery(folder: Path) -> list[Path]:
    """Write endoscope_left.png (the tool at work), occlusion.png (a second one), two sheets."""
    folder.mkdir(parents=True, exist_ok=True)
    scene = load_scene()
    written = []
    for name, second_at_s in (("endoscope_left", -1.0), ("occlusion", 0.0)):
        frames = render_sequence(
            scene, SEED, 2.0 * PICTURE_AT_S, 1.0 / PICTURE_AT_S, second_at_s=second_at_s
        )
        _, last = frames
        written.append(folder / f"{name}.png")
        write_png(written[-1], last.rendered.stereo.left_rgb)
    sheets = {"effects": effect_tiles(scene, SEED), "scenes": scene_tiles(SEED)}
    for name, tiles in sheets.items():
        written.append(folder / f"{name}.png")
        write_png(written[-1], contact_sheet(tiles))
    return written


def main() -> int:
    """Command line: one argument, the folder to write to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out_dir", type=Path)
    try:
        for path in make_gallery(parser.parse_args().out_dir):
            sys.stdout.write(f"{path}\n")
    except TrocarError as error:
        sys.stderr.write(f"gallery: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
