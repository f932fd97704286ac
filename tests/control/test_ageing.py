# SPDX-License-Identifier: Apache-2.0
"""How far a datum is carried."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trocar.control.ageing import carried_s, rate_share

times = st.floats(0.0, 1.0)


@given(times, times, times)
def test_carrying_is_the_integral_of_the_share_and_stands_still_at_the_hold(age, extrapolate, span):
    hold = extrapolate + span
    ages = np.linspace(0.0, age, 2001)
    shares = np.array([rate_share(a, extrapolate, hold) for a in ages])
    assert np.all((shares >= 0.0) & (shares <= 1.0))
    assert np.all(np.diff(shares) <= 1e-12)
    integral = float(np.trapezoid(shares, ages))
    assert abs(carried_s(age, extrapolate, hold) - integral) < 2e-3
    assert carried_s(hold + 1.0, extrapolate, hold) == carried_s(hold, extrapolate, hold)
