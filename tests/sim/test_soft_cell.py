# SPDX-License-Identifier: Apache-2.0
"""Soft bodies among instruments: pressed, held, pulled, breathing, cut; in a thread and without."""

import numpy as np
import pytest

from trocar.errors import ConfigurationError
from trocar.geometry import make_transform
from trocar.kinematics import JAW_TIP_OFFSET
from trocar.sim.render.instrument import straight
from trocar.sim.soft.soft_cell import SoftCell
from trocar.sim.soft.spec import FRAME_TICKS, SoftParameters

FRAME_S = FRAME_TICKS * 1e-3
LOBE = SoftParameters(size=(0.06, 0.06, 0.02), spacing=0.006)
DOWN = np.diag([1.0, -1.0, -1.0])  # the instrument's z points down


def instrument(tip, jaw):
    """Instrument that points straight down with its jaws' tips at tip (3,) m."""
    return straight(make_transform(DOWN, np.asarray(tip) + [0.0, 0.0, JAW_TIP_OFFSET]), jaw)


class Bench:
    """One arm over one lobe."""

    def __init__(self, parameters=LOBE, beside=False):
        self.cell = SoftCell({"lobe": parameters}, ("PSM1",), beside)
        self.time_s = 0.0
        self.trace = []

    @property
    def body(self):
        return self.cell.bodies["lobe"]

    def lead(self, start, end, jaw, seconds=0.5):
        """Lead the jaws' tips from start to end (3,), the jaw from angle to angle."""
        jaws = np.broadcast_to(jaw, 2)
        steps = round(seconds / FRAME_S)
        for k in range(1, steps + 1):
            s = k / steps
            tip = (1.0 - s) * np.asarray(start) + s * np.asarray(end)
            angle = (1.0 - s) * jaws[0] + s * jaws[1]
            self.cell.frame(self.time_s, {"PSM1": instrument(tip, angle)})
            self.time_s += FRAME_S
            self.trace.append(self.cell.wrenches["PSM1"].copy())
        return self.trace[-1]


def grasped(bench, angle=0.0):
    """Press open jaws in, close them to an angle, and give them."""
    bench.lead([0, 0, 0.012], [0, 0, -0.006], 0.7)
    bench.lead([0, 0, -0.006], [0, 0, -0.006], (0.7, angle))
    bench.lead([0, 0, -0.006], [0, 0, -0.006], angle, seconds=0.2)
    return bench.body.touch["PSM1"].jaws


def test_nothing_is_felt_from_afar_and_a_press_pushes_back():
    bench = Bench()
    assert np.all(bench.lead([0, 0, 0.08], [0, 0, 0.05], 0.0) == 0.0)
    assert not bench.body.touch["PSM1"].is_near
    bench.lead([0, 0, 0.012], [0, 0, -0.004], 0.0)
    wrench = bench.lead([0, 0, -0.004], [0, 0, -0.004], 0.0, seconds=1.0)
    assert wrench[2] > 0.02  # N, upwards
    assert np.linalg.norm(wrench[:2]) < 0.3 * wrench[2]


def test_the_force_is_what_the_bed_bears():
    """Newton's third law over the whole body: bed + instrument carry its weight."""
    bench = Bench()
    bench.lead([0, 0, 0.012], [0, 0, -0.004], 0.0)
    bench.lead([0, 0, -0.004], [0, 0, -0.004], 0.0, seconds=3.0)
    body = bench.body.body
    weight = 9.81 * body.masses.sum()
    wrench = bench.cell.wrenches["PSM1"]
    assert -body.anchor_wrench()[2] == pytest.approx(wrench[2] + weight, rel=0.005)


def test_a_grip_without_force_holds_nothing_and_one_with_force_pulls():
    weak = Bench()
    weak.lead([0, 0, 0.012], [0, 0, -0.004], 0.7)
    weak.lead([0, 0, -0.004], [0, 0, -0.004], (0.7, 0.33))
    weak.lead([0, 0, -0.004], [0, 0, -0.004], 0.33)
    assert 0.0 < weak.cell.grips["PSM1"] < 0.0015
    assert not weak.body.touch["PSM1"].jaws.is_holding

    bench = Bench()
    jaws = grasped(bench)
    assert jaws.is_holding
    held = bench.body.body.grasped_nodes(jaws.grasp)
    before = bench.body.body.positions[held]
    for k in range(4):  # 20 mm/s: the nodes are where the jaws are, not a frame behind
        start, end = -0.006 + 0.0025 * k, -0.0035 + 0.0025 * k
        wrench = bench.lead([0, 0, start], [0, 0, end], 0.0, seconds=0.125)
        lifted = bench.body.nodes[held] - before
        np.testing.assert_allclose(lifted[:, 2], end + 0.006, atol=3e-4)
    assert wrench[2] < -0.05  # the tissue pulls down
    bench.cell.frame(bench.time_s, {"PSM1": instrument([0, 0, 0.004], 0.0)})
    moved = bench.body.body.positions[held] - before
    np.testing.assert_allclose(moved, np.tile([0, 0, 0.010], (len(held), 1)), atol=3e-4)
    bench.lead([0, 0, 0.004], [0, 0, 0.02], (0.0, 0.7))
    assert not jaws.is_holding
    bench.lead([0, 0, 0.02], [0, 0, 0.05], 0.7, seconds=2.0)
    fresh = Bench()
    fresh.lead([0, 0, 0.08], [0, 0, 0.08], 0.7, seconds=4.0)
    residual = bench.body.body.positions - fresh.body.body.positions
    assert np.abs(residual).max() < 2e-4


def test_a_grip_slips_where_the_pull_exceeds_friction():
    bench = Bench()
    jaws = grasped(bench, 0.29)
    assert jaws.is_holding
    bench.lead([0, 0, -0.006], [0, 0, 0.03], 0.29, seconds=1.0)
    assert jaws.slipped and not jaws.is_holding


def test_the_bed_breathes():
    bench = Bench(SoftParameters(size=(0.06, 0.06, 0.02), spacing=0.01, breathing=0.004))
    top = np.argmax(bench.body.nodes[:, 2])
    heights = []
    for _ in range(round(4.0 / FRAME_S)):
        bench.lead([0, 0, 0.09], [0, 0, 0.09], 0.0, seconds=FRAME_S)
        heights.append(bench.body.nodes[top, 2])
    assert np.ptp(heights) == pytest.approx(0.004, rel=0.15)


def test_a_thread_changes_no_bit_and_a_cut_counts():
    def trace(beside):
        bench = Bench(beside=beside)
        bench.lead([0, 0, 0.012], [0, 0, -0.003], 0.3)
        bench.lead([0, 0, -0.003], [0.004, 0, -0.003], 0.3)
        bench.cell.close()
        bench.body.end()
        return np.array(bench.trace).tobytes() + bench.body.body.positions.tobytes()

    assert trace(False) == trace(True)
    bench = Bench()
    nodes = len(bench.body.nodes)
    report = bench.body.cut(
        np.array([-0.02, 0, 0.001]), np.array([0.02, 0, 0.001]), np.array([0, 0, -0.008])
    )
    assert report.faces > 0 and bench.body.topology == 1
    assert len(bench.body.nodes) == nodes + report.new_nodes
    bench.lead([0, 0, 0.09], [0, 0, 0.09], 0.0, seconds=0.1)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"material": "liverr"}, "unknown material liverr; valid: liver"),
        ({"breathing": 0.2}, "breathing is 0.2 m, allowed 0 to 0.05"),
        ({"breathing_hz": 9.0}, "breathing_hz is 9, allowed 0.01 to 2"),
        ({"young": -5.0}, "material liver: "),
        ({"spacing": 3.0}, "slab: spacing is 3.0, allowed 0.0001 to 1 m"),
        ({"source": "nowhere"}, "nowhere: no imported tissue"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(values, told):
    with pytest.raises(ConfigurationError) as caught:
        _ = SoftParameters(**values).mesh
    assert told in str(caught.value) and "\n" not in str(caught.value)
