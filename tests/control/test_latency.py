# SPDX-License-Identifier: Apache-2.0
"""What an image took to become a set-point."""

from trocar.control.latency import SetpointLatency

MS = 1_000_000


def test_an_image_counts_once_from_its_stamp_and_from_its_arrival():
    latency = SetpointLatency()
    for i in range(1, 11):
        stamp = i * 66 * MS
        latency.arrived(stamp, stamp + 80 * MS)
        for repeat in range(3):  # the loop reports the same image until the next one
            latency.applied(stamp, stamp + 84 * MS + repeat * 5 * MS)
    report = latency.report()
    assert report["image_to_setpoint_ms"] == {"p50": 84.0, "p99": 84.0, "n": 10}
    assert report["topic_to_setpoint_ms"] == {"p50": 4.0, "p99": 4.0, "n": 10}


def test_nothing_measured_is_said_so():
    latency = SetpointLatency()
    latency.applied(5, 0)  # not applied yet
    assert latency.report()["image_to_setpoint_ms"] == {"p50": None, "p99": None, "n": 0}


def test_an_image_whose_arrival_was_not_seen_counts_for_the_image_only():
    latency = SetpointLatency()
    latency.applied(10 * MS, 90 * MS)
    report = latency.report()
    assert report["image_to_setpoint_ms"]["n"] == 1
    assert report["topic_to_setpoint_ms"]["n"] == 0
