# SPDX-License-Identifier: Apache-2.0
"""Measured and predicted torque of the held-out motion as a picture."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from trocar.app.identify_fit import WINDOW
from trocar.app.identify_result import Identified
from trocar.dynamics_file import LINK_NAMES

MEASURED, PREDICTED, LEFT = "#8d99a6", "#2a7f9e", "#c8553d"


def plot_identified(result: Identified, arm: str, path: Path) -> None:
    """Write the picture as PNG."""
    measured, predicted = result.held_out.measured, result.predicted()
    t = (np.arange(len(measured)) + 0.5) * WINDOW * 1e-3
    figure, rows = plt.subplots(7, 1, figsize=(11, 13), sharex=True)
    for axis, (axes, name) in enumerate(zip(rows, LINK_NAMES, strict=True)):
        unit = "N" if name == "insertion" else "N m"
        axes.plot(t, measured[:, axis], color=MEASURED, lw=2.4, label="measured")
        axes.plot(t, predicted[:, axis], color=PREDICTED, lw=1.0, label="predicted")
        error = predicted[:, axis] - measured[:, axis]
        axes.plot(t, error, color=LEFT, lw=0.8, label="difference")
        axes.axhline(0.0, color="#cccccc", lw=0.6, zorder=0)
        axes.set_ylabel(f"{name}\n{unit}")
        axes.set_title(
            f"RMS error {result.rms[axis]:.3g} of {result.rms_measured[axis]:.3g} {unit}",
            loc="right",
            fontsize=8,
            color="#444444",
        )
        axes.spines[["top", "right"]].set_visible(False)
    rows[0].legend(loc="upper left", ncols=3, fontsize=8, frameon=False)
    rows[-1].set_xlabel(f"time of the held-out motion, s (means over {WINDOW} ms)")
    figure.suptitle(f"{arm}: torque, measured and foretold by the identified model", fontsize=12)
    figure.align_ylabels(rows)
    figure.tight_layout()
    partial = path.with_name(path.name + ".part")
    figure.savefig(partial, dpi=110, format="png")
    plt.close(figure)
    partial.replace(path)
