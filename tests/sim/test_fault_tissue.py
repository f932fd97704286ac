# SPDX-License-Identifier: Apache-2.0
"""A tear of soft tissue: where it is, what it opens, and what it does to the tissue around."""

import numpy as np
import pytest

from trocar.errors import ConfigurationError
from trocar.sim.faults.board import FaultBoard
from trocar.sim.faults.schedule import load_faults
from trocar.sim.faults.tissue import TissueFaults, surface_height
from trocar.sim.soft.soft_cell import SoftCell
from trocar.sim.soft.spec import SoftParameters


def make_cell(beside: bool = False) -> SoftCell:
    return SoftCell({"slab": SoftParameters(spacing=0.008)}, (), beside)


def tears(cell: SoftCell, words: str) -> TissueFaults:
    return TissueFaults(FaultBoard(load_faults(words)), lambda: cell)


@pytest.mark.parametrize("beside", [False, True])
def test_a_tear_parts_nodes_once_bleeds_and_gapes_under_tension(beside: bool) -> None:
    cell = make_cell(beside)
    faults = tears(cell, "tissue_tear:at=0.05,x_mm=5,length_mm=40,depth_mm=12")
    slab = cell.bodies["slab"]
    nodes = len(slab.nodes)
    for k in range(10):
        faults.update(k / 60.0)
        cell.frame(k / 60.0, {})
    cell.close()
    body = slab.body
    (report,) = faults.reports
    assert report.faces > 0 and report.new_nodes > 0 and slab.topology == 1
    assert len(body.positions) == nodes + report.new_nodes
    # as long and deep as asked for, to the coarseness of the mesh: half a cell at each end
    assert 0.5 < report.area / (0.040 * 0.012) < 1.6
    (bleed,) = body.bleeding()
    assert bleed.rate > 0.0
    new = body.positions[nodes:]
    assert np.abs(new[:, 0] - 0.005).max() < 0.020 + 0.008  # along x, about its middle
    assert np.abs(new[:, 1]).max() < 0.008
    assert np.isfinite(body.positions).all()


def test_the_line_lies_where_its_direction_says() -> None:
    cell = make_cell()
    body = cell.bodies["slab"].body
    nodes = len(body.positions)
    tears(cell, "tissue_tear:azimuth_deg=90,length_mm=40").update(0.0)
    assert np.ptp(body.rest[nodes:, 1]) > 2.0 * np.ptp(body.rest[nodes:, 0])


def test_beside_the_tissue_nothing_tears() -> None:
    faults = tears(make_cell(), "tissue_tear:x=0.5")
    faults.update(0.0)
    assert [(r.faces, r.new_nodes) for r in faults.reports] == [(0, 0)]


def test_the_blade_begins_above_the_surface() -> None:
    body = make_cell().bodies["slab"].body
    top = body.positions[:, 2].max()
    assert surface_height(body, np.array([0.011, -0.007])) == pytest.approx(top, abs=1e-12)
    assert surface_height(body, np.array([9.0, 9.0])) in body.positions[:, 2]


def test_an_unknown_body_is_named() -> None:
    faults = tears(make_cell(), "tissue_tear:body=skin")
    with pytest.raises(ConfigurationError, match="no soft body 'skin'; soft bodies: slab"):
        faults.update(0.0)


def test_a_second_tear_by_command_is_made_too() -> None:
    cell, board = make_cell(), FaultBoard()
    faults = TissueFaults(board, lambda: cell)
    for k in range(2):
        (fault,) = load_faults(f"tissue_tear:x_mm={20 * k},y_mm={16 * k}")
        board.add(fault, float(k))
        faults.update(float(k))
        faults.update(k + 0.5)
    assert len(faults.reports) == 2
