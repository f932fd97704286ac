# SPDX-License-Identifier: Apache-2.0
"""What the shaders must know of the lamp, the sensor and each eye."""

from typing import Any

import numpy as np

from trocar.camera import Intrinsics, StereoRig
from trocar.errors import ConfigurationError
from trocar.geometry import Array, inverse, transform_points
from trocar.sim.render.capture import Capture
from trocar.sim.render.context import as_uniform
from trocar.sim.render.optics import NOISE_GAIN
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.projection import clip_from_camera


def check_rig(rig: StereoRig) -> None:
    """Refuse a rig that cannot be drawn, in one line."""
    for name, eye in (("left", rig.left), ("right", rig.right)):
        if len(eye.distortion) != 5 or not np.isfinite(eye.distortion).all():
            raise ConfigurationError(
                f"endoscope.distortion of the {name} eye is {tuple(eye.distortion)}; five finite "
                "numbers k1, k2, p1, p2, k3 are needed"
            )
    if (rig.left.width, rig.left.height) != (rig.right.width, rig.right.height):
        raise ConfigurationError("the simulated endoscope needs two eyes of one size")


def eye_poses(rig: StereoRig, T_world_camera: Array) -> tuple[Array, Array]:
    """`T_world_eye` of both eyes."""
    return T_world_camera, T_world_camera @ rig.T_left_right


def sensor_uniforms(options: RenderOptions, T_world_camera: Array) -> dict[str, Any]:
    """Lamp and sensor, one for both eyes.

    Exposure scales the light.  Gain scales the signal and the read noise; the shot noise of fewer
    electrons grows with the gain's root, relative to the picture.
    """
    o, effects = options, options.effects
    gain = 10.0 ** (effects.gain_db / 20.0)
    noise = 1.0 / NOISE_GAIN if o.soft else 1.0  # so that the options hold after the blur
    return {
        "lamp": tuple(transform_points(T_world_camera, o.lamp_offset)),
        "lamp_axis": tuple(T_world_camera[:3, 2]),
        "exposure": (
            o.lamp_power * 2.0**effects.exposure_ev,
            o.tone_gain * gain,
            o.read_noise * noise * gain,
            o.shot_noise * noise * np.sqrt(gain),
        ),
    }


def eye_uniforms(
    index: int,
    rig: StereoRig,
    drawn: Intrinsics,
    origin: tuple[int, int],
    capture: Capture,
    seed: int,
) -> dict[str, Any]:
    """One eye: `drawn` is the pinhole that is rasterised at `origin` of the bound framebuffer."""
    eye = (rig.left, rig.right)[index]
    T_world_eye = eye_poses(rig, capture.T_world_camera)[index]
    T_neighbour = eye_poses(rig, capture.T_world_camera_neighbour)[index]
    clip = clip_from_camera(drawn)
    key = np.random.SeedSequence([seed, capture.stamp_ns, index]).generate_state(2)
    scale = 2.0 / float(np.hypot(eye.width, eye.height))
    return {
        **sensor_uniforms(capture.options, capture.T_world_camera),
        "clip_from_world": as_uniform(clip @ inverse(T_world_eye)),
        "clip_from_world_neighbour": as_uniform(clip @ inverse(T_neighbour)),
        "eye": tuple(T_world_eye[:3, 3]),
        "optics": (
            eye.cx + 0.5,
            eye.cy + 0.5 + index * eye.height,
            scale,
            capture.options.vignette,
        ),
        "window": (*origin, 0.5 * drawn.width, 0.5 * drawn.height),
        "noise_key": (int(key[0]), int(key[1])),
    }
