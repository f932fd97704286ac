# SPDX-License-Identifier: Apache-2.0
"""Draws a slab of soft tissue pressed, lifted and cut: `python .ci/tissue_picture.py OUT.png`."""

import sys
from collections.abc import Callable

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot as plt

from trocar import _core
from trocar.sim.soft.bodies import bottom_nodes, soft_tissue
from trocar.sim.soft.tet_mesh import block


def slab() -> _core.TissueBody:
    """60 x 60 x 16 mm in 4 mm cells."""
    mesh = block((15, 15, 4), (0.06, 0.06, 0.016))
    return soft_tissue(mesh, bottom_nodes(mesh))


def pressed(body: _core.TissueBody) -> str:
    """A capsule of 2 mm, 6 mm deep."""
    tool = body.add_tool(0.002)
    for k in range(90):
        tip = np.array([0.001, 0.0, 0.003 - 0.007 * min(k, 60) / 60])
        body.move_tool(tool, tip + [0.0, 0.0, 0.04], tip)
        body.step()
    return f"pressed 6 mm: {body.tool_wrench(tool)[2]:.2f} N"


def lifted(body: _core.TissueBody) -> str:
    """Held in a box of 6 mm and lifted 10 mm."""
    pose = np.eye(4)
    grasp = body.grasp(pose, [0.003, 0.003, 0.002])
    for k in range(90):
        pose[2, 3] = 0.010 * min(k, 60) / 60
        body.move_grasp(grasp, pose)
        body.step()
    return f"lifted 10 mm: {-body.grasp_wrench(grasp)[2]:.2f} N"


def cut(body: _core.TissueBody) -> str:
    """Cut 40 mm long and 10 mm deep, one side pulled 5 mm."""
    report = body.cut([-0.02, 0.0, 0.001], [0.02, 0.0, 0.001], [0.0, 0.0, -0.011])
    pose = np.eye(4)
    pose[1, 3] = 0.008
    grasp = body.grasp(pose, [0.010, 0.003, 0.002])
    for k in range(90):
        pose[1, 3] = 0.008 + 0.005 * min(k, 60) / 60
        body.move_grasp(grasp, pose)
        body.step()
    rate = sum(b.rate for b in body.bleeding()) * 60e6
    return f"cut {report.area * 1e4:.1f} cm2, pulled 5 mm; {rate:.1f} ml/min"


def draw(axes: plt.Axes, body: _core.TissueBody, title: str) -> None:
    """The surface in mm, shaded."""
    x = body.positions * 1e3
    light = matplotlib.colors.LightSource(azdeg=225, altdeg=35)
    axes.plot_trisurf(
        *x.T,
        triangles=body.surface,
        color="#c0504d",
        lightsource=light,
        edgecolor="#5a1f1d",
        lw=0.2,
    )
    axes.set(title=title, xlabel="x mm", ylabel="y mm", zlim=(-20, 15))
    axes.set_box_aspect((60, 60, 35))
    axes.view_init(elev=35, azim=-60)


def main(path: str) -> int:
    """Three pictures in one file."""
    figure = plt.figure(figsize=(15, 5))
    acts: tuple[Callable[[_core.TissueBody], str], ...] = (pressed, lifted, cut)
    for i, act in enumerate(acts):
        body = slab()
        title = act(body)
        draw(figure.add_subplot(1, 3, i + 1, projection="3d"), body, title)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
