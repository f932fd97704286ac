# SPDX-License-Identifier: Apache-2.0
"""The order of the way in, from anywhere."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trocar.control.approach import Approach
from trocar.geometry import exp_so3

vector = st.tuples(*[st.floats(-1.0, 1.0)] * 3).map(np.array)
STEP = 0.0005


@given(vector, vector, vector)
def test_up_across_down_and_never_below_the_end(w, start, tilt):
    n = exp_so3(w)[:, 2]
    end = 0.010 * (exp_so3(0.5 * tilt) @ n)  # not always along the normal
    p = 0.040 * start
    approach = Approach(0.006, 0.0015, 0.004)
    crossed = False
    for _ in range(600):
        height = (p - end) @ n
        lateral = p - end - height * n
        gap = approach.next(p, end, n) - p
        p_next = p + gap * min(1.0, STEP / max(np.linalg.norm(gap), 1e-12))
        height_next = (p_next - end) @ n
        lateral_next = p_next - end - height_next * n
        assert height_next >= min(height, 0.0) - 1e-9
        if height < 0.0 and not approach.is_descending:
            np.testing.assert_allclose(lateral_next, lateral, atol=1e-9)  # straight up first
        if np.linalg.norm(lateral) > 0.004 and height >= 0.006:
            assert height_next >= 0.006 - 1e-9  # across before down
        crossed = crossed or approach.is_descending
        p = p_next
    assert crossed
    np.testing.assert_allclose(p, end, atol=1e-9)


def test_a_small_wobble_does_not_send_it_back_up():
    approach = Approach(0.006, 0.0015, 0.004)
    n, end = np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.010])
    assert approach.next(np.array([0.001, 0.0, 0.012]), end, n) is end
    assert approach.next(np.array([0.003, 0.0, 0.012]), end, n) is end
    assert approach.next(np.array([0.005, 0.0, 0.012]), end, n)[2] > 0.015
