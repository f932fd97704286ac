# SPDX-License-Identifier: Apache-2.0
"""How far a datum with a rate may be carried into the present."""


def carried_s(age_s: float, extrapolate_s: float, hold_s: float) -> float:
    """Seconds of motion that a datum of that age is good for.

    Up to `extrapolate_s` it is its age; from there the rate falls linearly to nothing at
    `hold_s` (design.md, section 2: extrapolated up to 2.5 frame periods, slowed to a hold
    by 4), so the carried pose stands still from then on, without a step in velocity.
    """
    if age_s <= extrapolate_s:
        return max(age_s, 0.0)
    span = hold_s - extrapolate_s
    if span <= 0.0:
        return extrapolate_s
    x = min(age_s - extrapolate_s, span)
    return extrapolate_s + x - 0.5 * x * x / span


def rate_share(age_s: float, extrapolate_s: float, hold_s: float) -> float:
    """Share in [0, 1] of the datum's rate that still counts: the slope of `carried_s`."""
    if age_s <= extrapolate_s:
        return 1.0
    if age_s >= hold_s:
        return 0.0
    return (hold_s - age_s) / (hold_s - extrapolate_s)
