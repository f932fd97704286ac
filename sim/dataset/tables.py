# SPDX-License-Identifier: Apache-2.0
"""Tables of a sequence as CSV, and its calibration as OpenCV reads it: text that never varies."""

from collections.abc import Iterable, Sequence

import numpy as np

from trocar.camera import Intrinsics, StereoRig
from trocar.geometry import inverse


def csv_text(header: str, rows: Iterable[Sequence[float | int | str]]) -> str:
    """A table; numbers keep nine digits (a nanometre in a metre), whole ones are written whole."""
    lines = [header]
    lines += [",".join(_word(value) for value in row) for row in rows]
    return "\n".join(lines) + "\n"


def calibration_text(rig: StereoRig) -> str:
    """OpenCV YAML of a stereo calibration: M1 D1 M2 D2 R T; T in mm, x_right = R x_left + T."""
    T_right_left = inverse(rig.T_left_right)
    matrices = (
        ("M1", rig.left.matrix),
        ("D1", np.array([rig.left.distortion])),
        ("M2", rig.right.matrix),
        ("D2", np.array([rig.right.distortion])),
        ("R", T_right_left[:3, :3]),
        ("T", 1e3 * T_right_left[:3, 3:]),
    )
    text = f"%YAML:1.0\n---\nwidth: {rig.left.width}\nheight: {rig.left.height}\n"
    for name, matrix in matrices:
        rows, columns = matrix.shape
        numbers = ", ".join(f"{x:.12e}" for x in matrix.ravel())
        text += f"{name}: !!opencv-matrix\n   rows: {rows}\n   cols: {columns}\n   dt: d\n"
        text += f"   data: [ {numbers} ]\n"
    return text


def intrinsics_data(eye: Intrinsics) -> dict[str, object]:
    """One eye for the sequence's JSON."""
    return {
        "width": eye.width,
        "height": eye.height,
        "fx": eye.fx,
        "fy": eye.fy,
        "cx": eye.cx,
        "cy": eye.cy,
        "distortion": list(eye.distortion),
    }


def _word(value: float | int | str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    return f"{float(value):.9g}"
