# SPDX-License-Identifier: Apache-2.0
"""Colours of organs, by the names of an imported tissue's labels.

Factors on the skin's linear RGB (its mean is pink, texture.PINK): by eye, from laparoscopic
pictures, not measured.  A name that is not here keeps the skin's own colour.
"""

import numpy as np

from trocar.geometry import Array
from trocar.sim.anatomy.tissue_file import Tissue
from trocar.sim.render.soft_surface import TINT

TINTS: dict[str, tuple[float, float, float]] = {
    "liver": (0.45, 0.40, 0.28),
    "gallbladder": (0.55, 1.45, 0.75),
    "vessels": (0.42, 0.30, 0.60),
    "kidney": (0.55, 0.45, 0.35),
    "spleen": (0.40, 0.30, 0.45),
    "fat": (1.30, 3.20, 1.50),
}


def organ_tints(tissue: Tissue) -> Array:
    """Tint (n, 3) of each node; where labels meet, the one of the higher number."""
    tints = np.tile(TINT, (len(tissue.mesh.nodes), 1))
    for label in sorted(tissue.names):
        tints[tissue.nodes_of(label)] = TINTS.get(tissue.names[label], TINT)
    return tints
