# SPDX-License-Identifier: Apache-2.0
"""Pictures for the documents: `python -m trocar.sim.render.gallery OUT_DIR`."""

import argparse
import sys
from pathlib import Path

from trocar.errors import TrocarError
from trocar.sim.render.png import write_png
from trocar.sim.render.sequence import render_sequence
from trocar.sim.scene import load_scene

SEED = 2
PICTURE_AT_S = 1.1  # s; into the pass of the second instrument: it hides the work point


def make_gallery(folder: Path) -> list[Path]:
    """Write endoscope_left.png (the tool at work) and occlusion.png (a second one crossing)."""
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
