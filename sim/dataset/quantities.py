# SPDX-License-Identifier: Apache-2.0
"""What may be drawn at random for a sequence, as data: name, unit, and what may be asked for.

What is not drawn keeps the scene's own value.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """`key` is section.name; ranges must lie within [low, high] `unit`."""

    section: str
    name: str
    unit: str
    low: float
    high: float
    what: str
    is_whole: bool = False

    @property
    def key(self) -> str:
        """section.name."""
        return f"{self.section}.{self.name}"


# Limits of light and effects are those of RenderOptions and Effects, of the rest what a scene can
# mean; the default ranges, narrower, are in randomise.yaml.
_ROWS: tuple[Quantity, ...] = tuple(
    Quantity(section, *row)
    for section, rows in {
        "look": (
            ("lamp_power", "m2", 0.0, 10.0, "light of the lamp"),
            ("tone_gain", "", 0.01, 100.0, "of the sensor's shoulder"),
            ("vignette", "", 0.0, 1.0, "loss of light in the corners"),
            ("read_noise", "", 0.0, 1.0, "standard deviation in the dark, of full scale"),
            ("shot_noise", "", 0.0, 1.0, "its growth to full scale"),
            ("bump_tiles", "", 0.1, 100.0, "fineness of the tissue's relief"),
            ("bump_strength", "", 0.0, 10.0, "of the tissue's relief"),
            ("exposure_ev", "stops", -10.0, 10.0, "over (under) the default light"),
            ("gain_db", "dB", 0.0, 42.0, "of the sensor"),
            ("red_ev", "stops", -2.0, 2.0, "white balance: of red against green"),
            ("blue_ev", "stops", -2.0, 2.0, "white balance: of blue against green"),
            ("wetness", "", 0.0, 4.0, "factor on the tissue's highlights"),
        ),
        "effects": (
            ("shadow", "", 0.0, 1.0, "light that instruments take from the tissue"),
            ("shutter", "s", 0.0, 0.1, "exposure time: motion blur"),
            ("smoke", "1/m", 0.0, 200.0, "mean extinction"),
            ("smoke_size", "m", 0.002, 0.2, "of its puffs"),
            ("blood_rate", "m3/s", 0.0, 1e-5, "leaving the tissue"),
            ("blood_u", "", 0.0, 1.0, "where, across the patch"),
            ("blood_v", "", 0.0, 1.0, "where, along the patch"),
            ("blood_age", "s", 0.0, 1000.0, "since when at the first frame"),
            ("fog", "", 0.0, 1.0, "share of light scattered by a misted lens"),
        ),
        "tissue": (
            ("dome_radius", "m", 0.05, 100.0, "radius of the whole patch's curvature"),
            ("lump_count", "", 0, 200, "lumps", True),
            ("lump_height", "m", 0.0, 0.01, "of a lump, at most"),
            ("breathing_normal", "m", 0.0, 0.03, "peak to peak, along the normal"),
            ("breathing_lateral", "m", 0.0, 0.03, "peak to peak, across it"),
            ("breathing_hz", "Hz", 0.0, 5.0, "breaths a second; above 0.5 rather heart beats"),
            ("wavelength", "m", 0.05, 100.0, "of the breath over the patch"),
            ("drift", "m", 0.0, 0.02, "reached in drift_s"),
        ),
        "soft": (
            ("stiffness", "", 0.05, 20.0, "factor on Young's modulus of every soft body"),
            ("breathing", "m", 0.0, 0.03, "of the beds of the soft bodies, peak to peak"),
            ("breathing_hz", "Hz", 0.01, 2.0, "breaths a second"),
        ),
        "errors": (
            ("base_translation", "m", 0.0, 0.05, "where an arm's base is not"),
            ("base_rotation", "rad", 0.0, 0.5, "how it is not turned"),
            ("joint_bias", "rad", 0.0, 0.2, "what each revolute joint reads too much or little"),
            ("insertion_bias", "m", 0.0, 0.02, "the same of the insertion"),
        ),
        "tool": (
            ("x", "m", -0.05, 0.05, "middle of the jaw tip's path, world"),
            ("y", "m", -0.05, 0.05, "middle of the jaw tip's path, world"),
            ("height", "m", 0.0, 0.06, "middle of the jaw tip's path over the resting tissue"),
            ("press", "m", 0.0, 0.06, "how much lower over soft bodies, at most 5 mm into them"),
            ("reach", "m", 0.0, 0.03, "how far the tip moves from there along each axis, at most"),
            ("hz", "Hz", 0.0, 3.0, "of the slowest of its motions"),
            ("roll", "rad", -3.2, 3.2, "of the instrument about its axis"),
            ("roll_reach", "rad", 0.0, 1.5, "how far the roll moves"),
            ("bend", "rad", 0.0, 1.2, "how far the wrist bends, about each of its axes"),
            ("jaw", "rad", 0.0, 1.2, "widest opening"),
        ),
        "task": (("begin", "s", 0.0, 60.0, "where in an expert's episode the sequence begins"),),
        "second": (
            ("begin", "", -1.0, 1.0, "when its pass begins, in lengths of the sequence"),
            ("duration", "s", 0.3, 60.0, "of the pass"),
            ("height", "m", 0.005, 0.06, "over the resting tissue"),
            ("reach", "m", -0.02, 0.05, "beyond the line of sight"),
        ),
        "camera": (
            ("shift_x", "m", -0.03, 0.03, "of the camera, its own axes"),
            ("shift_y", "m", -0.03, 0.03, "of the camera, its own axes"),
            ("shift_z", "m", -0.03, 0.03, "of the camera, its own axes"),
            ("turn_x", "rad", -0.5, 0.5, "of the camera, its own axes"),
            ("turn_y", "rad", -0.5, 0.5, "of the camera, its own axes"),
            ("turn_z", "rad", -3.2, 3.2, "of the camera, its own axes"),
            ("sway", "m", 0.0, 0.01, "how far it moves during the sequence"),
            ("sway_turn", "rad", 0.0, 0.2, "how far it turns during the sequence"),
            ("sway_hz", "Hz", 0.0, 5.0, "how fast"),
        ),
        "rig": (
            ("focal", "", 0.5, 2.0, "factor on both focal lengths"),
            ("centre_u", "", -0.1, 0.1, "shift of the principal points, in widths"),
            ("centre_v", "", -0.1, 0.1, "shift of the principal points, in heights"),
            ("baseline", "", 0.5, 2.0, "factor on the distance of the eyes"),
            ("k1", "", -0.4, 0.2, "radial distortion"),
            ("k2", "", -0.2, 0.2, "radial distortion"),
            ("p1", "", -0.01, 0.01, "tangential distortion"),
            ("p2", "", -0.01, 0.01, "tangential distortion"),
        ),
    }.items()
    for row in rows
)
QUANTITIES: dict[str, Quantity] = {row.key: row for row in _ROWS}
SECTIONS: tuple[str, ...] = tuple(dict.fromkeys(row.section for row in _ROWS))
