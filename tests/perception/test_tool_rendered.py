# SPDX-License-Identifier: Apache-2.0
"""The tool tracker on the simulated endoscope: accuracy, the second instrument's pass, masks."""

import dataclasses

import numpy as np
import pytest

from trocar import kinematics
from trocar.errors import MissingDependencyError
from trocar.estimates import Health
from trocar.geometry import transform_points
from trocar.perception.tool.tracker import LumpedToolTracker
from trocar.sim.render.sequence import render_sequence
from trocar.sim.scene import load_scene

pytestmark = pytest.mark.gl
PASS_FROM, PASS_FOR = 0.4, 2.6  # s


def tip(T):
    return transform_points(T, [0.0, 0.0, kinematics.JAW_TIP_OFFSET])


@pytest.mark.parametrize("seed", [101, 102])
def test_tip_on_the_simulated_endoscope_with_a_second_instrument_passing(seed):
    scene = load_scene("follow")
    path = dataclasses.replace(scene.instrument, start_s=PASS_FROM, duration_s=PASS_FOR)
    scene = dataclasses.replace(scene, instrument=path, fps=10.0)
    tracker = LumpedToolTracker("PSM1", scene.rig, scene.site.T_camera_base["PSM1"])
    errors, kinematic, healths, covered = [], [], [], []
    try:
        frames = list(render_sequence(scene, seed=seed, duration_s=3.4, truth=True))
    except MissingDependencyError as error:
        pytest.skip(str(error))
    for frame in frames:
        estimate = tracker.update(frame.rendered.stereo, frame.q_measured)
        nominal = scene.site.T_camera_base["PSM1"] @ np.asarray(
            kinematics.forward_kinematics(frame.q_measured[:6])
        )
        truth = tip(frame.T_camera_cp)
        errors.append(np.linalg.norm(tip(estimate.T_camera_tool) - truth))
        kinematic.append(np.linalg.norm(tip(nominal) - truth))
        healths.append(estimate.health)
        instruments = frame.rendered.left.mask > 0
        covered.append(tracker.mask_left[instruments].mean())
    errors = np.array(errors)
    assert Health.LOST not in healths
    assert healths.count(Health.GOOD) > 0.4 * len(healths)
    assert healths[5:].count(Health.DEGRADED) >= 3  # the pass is noticed
    assert np.median(errors[3:]) < 0.5e-3
    assert errors[3:].max() < 1.0e-3
    assert np.median(kinematic) > 5.0 * np.median(errors[3:])
    assert min(covered) > 0.95
