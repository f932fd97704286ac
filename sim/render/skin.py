# SPDX-License-Identifier: Apache-2.0
"""The tissue's skin on the GPU: albedo and bump map, shared by the patch and soft bodies."""

from typing import Any

import numpy as np

from trocar.sim.render.texture import tissue_texture


class Skin:
    """Textures of one seed on units 0 and 1."""

    def __init__(self, context: Any, seed: int, size: int) -> None:
        """Draw the textures, `size` px wide, and upload them."""
        images = tissue_texture(np.random.default_rng([seed, 2]), size)
        self._textures = [self._texture(context, i) for i in (images.albedo, images.bump)]

    @staticmethod
    def _texture(context: Any, image: Any) -> Any:
        height, width, channels = image.shape
        texture = context.texture((width, height), channels, image.tobytes())
        # Bilinear, no mip levels: both lie near one texel a pixel, and a software rasteriser
        # pays for every level it has to choose.
        texture.filter = (context.LINEAR, context.LINEAR)
        return texture

    def use(self, program: Any) -> None:
        """Bind both textures for a program of the tissue."""
        program["albedo"].value, program["bump"].value = 0, 1
        for unit, texture in enumerate(self._textures):
            texture.use(unit)
