# SPDX-License-Identifier: Apache-2.0
"""Measured and predicted torque of the held-out motion as a picture, and the difference beside."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from trocar.app.identify_fit import WINDOW
from trocar.app.identify_result import RMS_SHARE, Identified
from trocar.dynamics_file import LINK_NAMES

MEASURED, PREDICTED, LEFT, GOAL = "#c9ced4", "#1d5f7a", "#c8553d", "#e7ecef"


def plot_identified(result: Identified, arm: str, path: Path) -> None:
    """Write the picture as PNG, whole or not at all."""
    measured, predicted = result.held_out.measured, result.predicted()
    t = (np.arange(len(measured)) + 0.5) * WINDOW * 1e-3
    figure, rows = plt.subplots(7, 2, figsize=(13, 13), sharex=True, width_ratios=(1.6, 1))
    for i, name in enumerate(LINK_NAMES):
        unit = "N" if name == "insertion" else "N m"
        torque, error = rows[i]
        torque.plot(t, measured[:, i], color=MEASURED, lw=4.5, label="measured")
        torque.plot(t, predicted[:, i], color=PREDICTED, lw=1.1, label="foretold by the model")
        torque.set_ylabel(f"{name.replace('_', ' ')}\n{unit}")
        share = 100.0 * (predicted[:, i] - measured[:, i]) / result.rms_measured[i]
        plot_error(error, t, share, f"{result.rms[i]:.2g} of {result.rms_measured[i]:.3g} {unit}")
    rows[0, 0].legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, frameon=False)
    rows[0, 1].set_title(
        "difference, % of RMS torque (grey: its RMS may be)", loc="left", fontsize=10
    )
    for axes in rows[-1]:
        axes.set_xlabel(f"time of the held-out motion, s (means over {WINDOW} ms)")
    for axes in rows.flat:
        axes.spines[["top", "right"]].set_visible(False)
    title = f"{arm}: torque of a motion that the fit has not seen"
    figure.suptitle(title, fontweight="bold", fontsize=13)
    figure.align_ylabels(rows[:, 0])
    figure.tight_layout()
    partial = path.with_name(path.name + ".part")
    try:
        figure.savefig(partial, dpi=110, format="png")
        partial.replace(path)
    finally:
        plt.close(figure)
        partial.unlink(missing_ok=True)


def plot_error(axes: Axes, t: np.ndarray, share: np.ndarray, rms: str) -> None:
    """The difference in percent, within the band that its RMS must keep."""
    goal = 100.0 * RMS_SHARE
    axes.axhspan(-goal, goal, color=GOAL, lw=0.0, zorder=0)
    axes.plot(t, share, color=LEFT, lw=0.9)
    most = max(1.5 * goal, 1.1 * float(np.max(np.abs(share))))
    axes.set_ylim(-most, 1.5 * most)
    axes.text(1.0, 0.97, f"RMS {rms}", transform=axes.transAxes, ha="right", va="top", fontsize=9)
