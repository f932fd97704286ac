# SPDX-License-Identifier: Apache-2.0
import pytest

from trocar.sim.tick_pacer import TickPacer

MS = 1_000_000


def test_deadlines_are_absolute_and_late_steps_are_caught_up():
    pacer = TickPacer(MS, start_ns=10 * MS)
    assert pacer.slack_ns(10 * MS) == 0
    pacer.taken(10 * MS)
    assert pacer.slack_ns(10 * MS + 300_000) == 700_000
    pacer.taken(14 * MS)  # 3 ms late
    assert pacer.overruns == 1
    assert pacer.slack_ns(14 * MS) == -2 * MS  # two more are due at once
    pacer.taken(14 * MS)
    pacer.taken(14 * MS)
    assert pacer.overruns == 2  # the first of them was 2 ms late, the second exactly one
    assert pacer.ticks == 4 and pacer.slack_ns(14 * MS) == 0
    assert pacer.realtime_factor(14 * MS) == pytest.approx(1.0)


def test_a_step_less_than_a_period_late_is_no_overrun():
    pacer = TickPacer(MS, 0)
    for k in range(100):
        pacer.taken(k * MS + 900_000)
    assert pacer.overruns == 0
    assert pacer.lateness() == {"p50": 900.0, "p99": 900.0, "max": 900.0}


def test_a_plant_that_cannot_keep_up_shows_it():
    pacer = TickPacer(MS, 0)
    for k in range(100):
        pacer.taken(2 * k * MS)
    assert pacer.realtime_factor(200 * MS) == pytest.approx(0.5)
    assert pacer.overruns == 98
    assert TickPacer(MS, 0).lateness() == {"p50": None, "p99": None, "max": None}
