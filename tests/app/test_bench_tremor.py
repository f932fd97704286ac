# SPDX-License-Identifier: Apache-2.0
"""The row `tremor` measures what it says: known filters, and the core's own within its goals."""

import numpy as np
import pytest

from trocar.app import bench_tremor
from trocar.app.bench_goals import LIMITS, limit_goal


class Nothing:
    """Leaves the hand as it is."""

    def start(self, T, stamp_ns):
        pass

    def step(self, T, stamp_ns):
        return T.copy()


class LowPass(Nothing):
    """First order, 4 Hz: what a plain low-pass costs."""

    corner = 2 * np.pi * 4.0

    def start(self, T, stamp_ns):
        self.T, self.stamp_ns = T.copy(), stamp_ns

    def step(self, T, stamp_ns):
        share = 1.0 - np.exp(-self.corner * (stamp_ns - self.stamp_ns) / 1e9)
        self.T = self.T + share * (T - self.T)
        self.stamp_ns = stamp_ns
        return self.T


class Latched(LowPass):
    """Adds what was not there: a rumble of 0.1 mm."""

    def step(self, T, stamp_ns):
        out = T.copy()
        out[:3, 3] += 1e-4 * np.sin(2 * np.pi * 5.0 * stamp_ns / 1e9)
        return out


RUN = next(bench_tremor.runs(1))


def test_no_filter_removes_nothing_and_is_not_late():
    measured = bench_tremor.measure(RUN, Nothing())
    assert measured.removed == pytest.approx(0.0, abs=1e-12)
    assert measured.delay == pytest.approx(0.0, abs=1e-12)
    assert measured.gain == pytest.approx(1.0)


def test_a_low_pass_is_measured_as_what_it_is():
    measured = bench_tremor.measure(RUN, LowPass())
    assert measured.removed == pytest.approx(1 - 1 / np.sqrt(1 + (8 / 4) ** 2), abs=0.02)  # 8 Hz
    # The exponential step takes the newest sample for the whole way: half a sample early.
    assert measured.delay == pytest.approx(np.arctan(1 / 4) / (2 * np.pi) - 0.0025, abs=5e-4)
    assert measured.delay > 0.010


def test_what_a_filter_adds_counts_against_it():
    assert bench_tremor.measure(RUN, Latched()).removed < -0.2


def test_the_core_s_filter_reaches_its_goals_in_every_run():
    figures = bench_tremor.measure_tremor(1)
    assert figures["n"] == 50
    goals = {limit.id: limit_goal(limit, figures) for limit in LIMITS if limit.campaign == "tremor"}
    assert set(goals) == {"tremor.removed", "tremor.delay"}
    assert all(goal.met for goal in goals.values()), figures
    assert figures["removed_median"] >= figures["removed"]
    assert figures["delay_s"] == pytest.approx(figures["delay_s_stated"], abs=5e-5)
    assert figures["gain_1hz_worst"] == pytest.approx(1.0, abs=0.01)
