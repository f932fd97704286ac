# SPDX-License-Identifier: Apache-2.0
"""The Large Needle Driver as drawn: four rigid parts, and where they stand for a joint vector.

Part frames share one rule, so that they coincide in orientation when the wrist is straight:
z along the instrument towards the tip, y along the wrist-pitch axis, x along the wrist-yaw
axis (towards -z of DH frame 6).  `shaft` and `wrist` have their origin on the wrist-pitch
axis, `jaw_a` and `jaw_b` on the wrist-yaw axis (the control point).  Lengths: dVRK model
(diameter 8.35 mm, pitch to yaw axis 9.1 mm, yaw axis to jaw tip 10.2 mm); the other
dimensions are this project's own, made to look and measure like a 8 mm needle driver.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from trocar.geometry import Array, exp_so3, make_transform
from trocar.kinematics import JAW_TIP_OFFSET, SHAFT_DIAMETER, link_frames
from trocar.sim.render.mesh import Mesh, loft, merge, revolve

PITCH_TO_YAW = 0.0091  # m, DH row 6
SHAFT_LENGTH = 0.30  # m drawn behind the wrist: beyond the RCM at any insertion
SHAFT_SIDES = 64  # outline within 0.06 % of the diameter
MASK_SHAFT, MASK_WRIST, MASK_JAW = 1, 2, 3
MASK_STEP = 10  # added to the ids of the second instrument
PART_IDS = {
    "shaft": MASK_SHAFT,
    "wrist": MASK_WRIST,
    "jaw_a": MASK_JAW,
    "jaw_b": MASK_JAW,
}


@dataclass(frozen=True)
class Instrument:
    """Poses in world of the parts of one instrument; `mask_offset` is added to its mask ids."""

    T_world_shaft: Array
    T_world_wrist: Array
    T_world_cp: Array
    jaw: float
    mask_offset: int = 0

    def shifted(self, step: Array) -> "Instrument":
        """The same, moved by (3,) m in the world."""
        T = make_transform(translation=step)
        return replace(
            self,
            T_world_shaft=T @ self.T_world_shaft,
            T_world_wrist=T @ self.T_world_wrist,
            T_world_cp=T @ self.T_world_cp,
        )

    def part_poses(self) -> dict[str, Array]:
        """`T_world_part` (4, 4) of each part; the jaws open symmetrically by half the angle."""
        half = 0.5 * max(self.jaw, 0.0)  # closed steel does not pass through itself
        return {
            "shaft": self.T_world_shaft,
            "wrist": self.T_world_wrist,
            "jaw_a": self.T_world_cp @ make_transform(exp_so3([-half, 0.0, 0.0])),
            "jaw_b": self.T_world_cp @ make_transform(exp_so3([half, 0.0, 0.0])),
        }


def _frame(z: Array, y: Array, origin: Array) -> Array:
    return make_transform(np.stack([np.cross(y, z), y, z], axis=1), origin)


def from_joints(T_world_base: Array, q: ArrayLike, mask_offset: int = 0) -> Instrument:
    """Instrument of a PSM whose base (RCM frame) is at `T_world_base`; q (7,), jaw last."""
    q = np.asarray(q, dtype=float)
    frames = T_world_base @ np.asarray(link_frames(q[:6]))
    z4, T5, T_cp = frames[3, :3, 2], frames[4], frames[6]
    # x of the tool frame is the yaw axis and z5 the pitch axis up to its sign: the sign is
    # the one that makes the wrist frame agree with the tool frame at zero wrist angles.
    y_wrist = np.cross(T5[:3, 0], T_cp[:3, 0])
    return Instrument(
        _frame(z4, y_wrist, T5[:3, 3]),
        _frame(T5[:3, 0], y_wrist, T5[:3, 3]),
        T_cp,
        float(q[6]),
        mask_offset,
    )


def straight(T_world_cp: ArrayLike, jaw: float, mask_offset: int = MASK_STEP) -> Instrument:
    """Instrument with a straight wrist whose control point stands at `T_world_cp`."""
    T_cp = np.asarray(T_world_cp, dtype=float)
    T_pitch = T_cp @ make_transform(translation=[0.0, 0.0, -PITCH_TO_YAW])
    return Instrument(T_pitch, T_pitch, T_cp, float(jaw), mask_offset)


def _pin(radius: float, half: float, axis: str) -> Mesh:
    """A short steel cylinder about x or y through the origin, m."""
    hub = revolve(
        [(-half, 0.0), (-half + 1e-6, radius), (half - 1e-6, radius), (half, 0.0)], 20, 1.0
    )
    turn = [0.0, 0.5 * np.pi, 0.0] if axis == "x" else [-0.5 * np.pi, 0.0, 0.0]
    return hub.moved(make_transform(exp_so3(turn)))


def _shaft(sides: int, slices: int) -> Mesh:
    r = 0.5 * SHAFT_DIAMETER
    ears = [
        loft([(-5.2e-3, -2.5e-3, 2.5e-3, y0, y1), (-0.5e-3, -2.4e-3, 2.4e-3, y0, y1),
              (2.1e-3, -1.4e-3, 1.4e-3, y0, y1)], 1.0)
        for y0, y1 in ((-3.3e-3, -2.2e-3), (2.2e-3, 3.3e-3))
    ]  # fmt: skip
    stations = np.linspace(-SHAFT_LENGTH, -8.0e-3, slices + 1)
    sleeve = revolve([(float(z), r) for z in stations], sides, 0.0)
    ferrule = revolve([(-8.0e-3, r), (-6.0e-3, r), (-5.0e-3, 3.5e-3), (-4.9e-3, 0.0)], sides, 0.7)
    return merge([sleeve, ferrule, *ears, _pin(1.0e-3, 3.6e-3, "y")])


def _wrist() -> Mesh:
    body = loft(
        [(-1.9e-3, -1.3e-3, 1.3e-3, -2.1e-3, 2.1e-3), (1.2e-3, -2.5e-3, 2.5e-3, -2.1e-3, 2.1e-3),
         (4.6e-3, -3.0e-3, 3.0e-3, -2.4e-3, 2.4e-3), (5.6e-3, -3.0e-3, 3.0e-3, -2.2e-3, 2.2e-3)],
        1.0,
    )  # fmt: skip
    ears = [
        loft([(5.5e-3, x0, x1, -2.3e-3, 2.3e-3), (9.4e-3, x0, x1, -2.1e-3, 2.1e-3),
              (11.0e-3, x0, x1, -1.1e-3, 1.1e-3)], 1.0)
        for x0, x1 in ((-3.1e-3, -2.0e-3), (2.0e-3, 3.1e-3))
    ]  # fmt: skip
    pin = _pin(1.0e-3, 3.3e-3, "x").moved(make_transform(translation=[0.0, 0.0, PITCH_TO_YAW]))
    return merge([body, *ears, pin])


def _jaw(side: float) -> Mesh:
    """One jaw in the tool frame, closed: it fills y >= 0 (side +1) or y <= 0 (side -1)."""
    tip = JAW_TIP_OFFSET
    sections = [(0.3e-3, 1.7e-3, 1.9e-3), (2.6e-3, 1.6e-3, 2.1e-3), (4.6e-3, 1.35e-3, 1.75e-3),
                (0.82 * tip, 1.15e-3, 1.15e-3), (tip, 0.75e-3, 0.55e-3)]  # fmt: skip
    blade = loft(
        [
            (z, -hx, hx, *((0.0, depth) if side > 0.0 else (-depth, 0.0)))
            for z, hx, depth in sections
        ],
        1.0,
    )
    hub = _pin(1.9e-3, 0.9e-3, "x").moved(make_transform(translation=[0.95e-3 * side, 0.0, 0.0]))
    return merge([blade, hub])


def instrument_meshes(sides: int = SHAFT_SIDES, slices: int = 1) -> dict[str, Mesh]:
    """Mesh of each part in its own frame, about 1100 triangles together.

    `sides` round the shaft, `slices` along it: long triangles cost nothing here but are dear
    to a rasteriser that walks their bounding boxes.
    """
    return {
        "shaft": _shaft(sides, slices),
        "wrist": _wrist(),
        "jaw_a": _jaw(1.0),
        "jaw_b": _jaw(-1.0),
    }
