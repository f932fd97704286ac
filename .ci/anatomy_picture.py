# SPDX-License-Identifier: Apache-2.0
"""Draws the abdomen phantom as tissue: `python .ci/anatomy_picture.py OUT.png`."""

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from trocar.app.tissue_picture import tissue_picture
from trocar.sim.anatomy.importer import Request, import_tissue
from trocar.sim.anatomy.phantom import write_phantom

ROWS = (("all", 3000), ("vessels", 1000))  # labels, nodes


def main(path: str) -> int:
    """One row each: the surface and the cut tissue."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        volume = Path(folder) / "abdomen.nii.gz"
        write_phantom(volume, seed=2)
        for label, nodes in ROWS:
            made = import_tissue(Request(volume, nodes=nodes, label=label))
            png = np.frombuffer(tissue_picture(made.tissue, made.surface), np.uint8)
            rows.append(cv2.imdecode(png, cv2.IMREAD_COLOR)[:, :, :])
    sheet = np.concatenate([rows[0], rows[1][150:]])  # the vessels are flat
    cv2.imwrite(path, cv2.resize(sheet, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
