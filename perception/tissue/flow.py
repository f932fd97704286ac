# SPDX-License-Identifier: Apache-2.0
"""Pyramidal Lucas-Kanade with a way back: a track counts only if it returns to its start.

Images (H, W) uint8, points (N, 2) px as (u, v).  Bouguet's pyramidal Lucas-Kanade as in
OpenCV; forward-backward error of Kalal, Mikolajczyk, Matas (2010).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.perception.images import Grey

_EPSILON_PX = 0.01  # step at which the iteration stops; a tenth of the noise


def _lucas_kanade(
    a: Grey,
    b: Grey,
    start: NDArray[np.float32],
    guess: NDArray[np.float32],
    window: int,
    levels: int,
    n: int,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    end, status, _ = cv2.calcOpticalFlowPyrLK(
        a,
        b,
        start.reshape(-1, 1, 2),
        guess.reshape(-1, 1, 2).copy(),
        winSize=(window, window),
        maxLevel=levels,
        criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, n, _EPSILON_PX),
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return end.reshape(-1, 2), status.reshape(-1) > 0


def track_back_checked(
    a: Grey, b: Grey, uv_a: Array, uv_b_guess: Array, window: int, levels: int, iterations: int
) -> tuple[Array, Array]:
    """Positions in b (N, 2) of points of a, and their return error (N,) in px (inf: not tracked).

    The way back starts from the median displacement, not from the known answer, so that
    it can disagree.
    """
    if len(uv_a) == 0:
        return np.zeros((0, 2)), np.zeros(0)
    start = uv_a.astype(np.float32)
    end, found = _lucas_kanade(
        a, b, start, uv_b_guess.astype(np.float32), window, levels, iterations
    )
    if not found.any():
        return end.astype(float), np.full(len(end), np.inf)
    back_guess = end - np.median((end - start)[found], axis=0)
    back, found_back = _lucas_kanade(
        b, a, end, back_guess.astype(np.float32), window, levels, iterations
    )
    error = np.linalg.norm(back - start, axis=1).astype(float)
    error[~(found & found_back)] = np.inf
    return end.astype(float), error
