# SPDX-License-Identifier: Apache-2.0
"""Shadows of instruments and objects on tissue and objects: a depth map seen from the lamp.

Williams, "Casting curved shadows on curved surfaces" (1978).

The lamp sits a few millimetres beside the lens, so a shadow shows only as a sliver along one edge
of an instrument; over 5 cm of air it is still some ten pixels wide.
"""

from collections.abc import Callable
from typing import Any

from trocar.camera import Intrinsics
from trocar.geometry import Array, inverse, make_transform, transform_points
from trocar.sim.render.context import Programs, as_uniform
from trocar.sim.render.projection import clip_from_camera

SIZE = 512  # texels
_FOCAL = 260.0  # texels: 89 deg, more than the picture sees
UNIT = 3  # texture unit of the map


class ShadowMap:
    """Depth from the lamp, redrawn each frame."""

    def __init__(self, context: Any, programs: Programs) -> None:
        """Reserve the map."""
        self.program = programs.get("shadow")
        self._map = context.depth_texture((SIZE, SIZE))
        self._map.compare_func = "<="
        self._map.filter = (context.LINEAR, context.LINEAR)
        self._map.repeat_x = self._map.repeat_y = False
        self._target = context.framebuffer(depth_attachment=self._map)
        centre = 0.5 * (SIZE - 1)
        self._clip_lamp = clip_from_camera(Intrinsics(SIZE, SIZE, _FOCAL, _FOCAL, centre, centre))

    def draw(
        self,
        T_world_camera: Array,
        lamp_offset: tuple[float, float, float],
        draw_parts: Callable[[Any], None],
    ) -> dict[str, Any]:
        """Redraw the map with what `draw_parts(program)` draws; returns what receivers need."""
        lamp = transform_points(T_world_camera, lamp_offset)
        T_world_lamp = make_transform(T_world_camera[:3, :3], lamp)
        matrix = as_uniform(self._clip_lamp @ inverse(T_world_lamp))
        self._target.use()
        self._target.clear(depth=1.0)
        self.program["clip_from_world"].value = matrix
        draw_parts(self.program)
        self._map.use(UNIT)
        return {"shadow_from_world": matrix, "shadow_map": UNIT}
