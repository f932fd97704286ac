# SPDX-License-Identifier: Apache-2.0
"""The worker: newest item wins, nothing is worked on twice, a failure is not swallowed."""

import threading

import pytest

from trocar.perception.nodes.worker import LatestWorker


def test_the_newest_waiting_item_wins_and_each_is_done_once():
    done, gate, begun, ended = [], threading.Event(), threading.Event(), threading.Event()

    def work(item):
        begun.set()
        gate.wait(10)
        done.append(item)
        if item == 3:
            ended.set()

    worker = LatestWorker(work)
    worker.submit(0)
    assert begun.wait(10)
    for item in (1, 2, 3):
        worker.submit(item)
    gate.set()
    assert ended.wait(10)
    worker.stop()
    assert done == [0, 3] and worker.dropped == 2


def test_a_failure_comes_out_at_the_end():
    def work(item):
        raise RuntimeError(f"no {item}")

    worker = LatestWorker(work)
    worker.submit("frame")
    worker._thread.join(10)
    assert isinstance(worker.failure, RuntimeError)
    with pytest.raises(RuntimeError, match="no frame"):
        worker.stop()
