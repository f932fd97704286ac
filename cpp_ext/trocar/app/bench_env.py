# SPDX-License-Identifier: Apache-2.0
"""Environment steps a second: needle reach in torque mode at 1 kHz, beside SurRoL's.

Rates are of CPU time for one process (what an idle machine would give), of wall time for several.
SurRoL runs in a process of its own where a checkout and its old `gym` are there; otherwise the
reference's figure stands in, and says so.
"""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from trocar.app.report import Goal, at_least, reported
from trocar.errors import TrocarError

TASK = "needle_reach"
# Reference, simulation.md section 2: 12.4 ms of CPU a step of 0.2 s, random actions, uncontended.
SURROL_REFERENCE = 80.6
ONE_PROCESS_MIN, TWO_WORKERS_MIN = 3.0, 5.0  # times SurRoL's
_EPISODE = 50
_REFERENCED = "the reference's figure, not measured here"
_SURROL = """
import json, sys, time
import numpy as np
sys.path.insert(0, sys.argv[1])
from surrol.tasks.needle_reach import NeedleReach
env = NeedleReach()
rng, steps = np.random.default_rng(0), int(sys.argv[2])
env.reset()
cpu = 0.0
for k in range(steps):
    if k % 50 == 0:
        env.reset()
    action = rng.uniform(-1.0, 1.0, 5)
    start = time.process_time()
    env.step(action)
    cpu += time.process_time() - start
print(json.dumps({"steps_per_s": steps / cpu}))
"""


def env_steps_per_s(
    quick: bool, say: Callable[[str], object], surrol: str | None = None
) -> tuple[dict[str, Any], list[Goal]]:
    """Rows by name and the goals; `surrol`: folder of a SurRoL checkout, None for none."""
    steps = 100 if quick else 500
    peer, source = _surrol(surrol, steps)
    one, spread = _one_process(steps)
    two = _workers(2, steps)
    say(f"needle reach, one process: {one:.0f} steps/s of CPU ({spread})")
    say(f"SurRoL's needle reach: {peer:.0f} steps/s of CPU ({source})")
    say(f"needle reach, two workers: {two:.0f} steps/s of wall time together")
    rows = {
        TASK: one,
        f"{TASK}_two_workers": two,
        "surrol_needle_reach": peer,
        "surrol_source": source,
    }
    goals = [
        at_least("env.one_process", one / peer, "1", ONE_PROCESS_MIN, steps),
        at_least("env.two_workers", two / peer, "1", TWO_WORKERS_MIN, 2 * steps),
        reported("env.steps_per_s", one, "1/s", steps),
    ]
    return rows, goals


def _episodes(steps: int, clock: Callable[[], float]) -> list[float]:
    """Durations in s of single steps under random actions, resets left out."""
    from trocar.sim.tasks.env import TaskEnv

    env = TaskEnv(TASK)
    rng = np.random.default_rng(0)
    times = []
    for k in range(steps):
        if k % _EPISODE == 0:
            env.reset(seed=k)
        action = rng.uniform(-1.0, 1.0, env.action_space.shape or ())
        start = clock()
        env.step(action)
        times.append(clock() - start)
    env.close()
    return times


def _one_process(steps: int) -> tuple[float, str]:
    _episodes(20, time.process_time)  # caches, imports
    times = 1e3 * np.array(_episodes(steps, time.process_time))
    median, p95 = np.percentile(times, [50, 95])
    return 1e3 / float(times.mean()), f"median {median:.2f} ms, p95 {p95:.2f} ms"


def _worker(steps: int, barrier: Any, queue: Any) -> None:
    _episodes(20, time.perf_counter)
    barrier.wait()
    start = time.perf_counter()
    _episodes(steps, time.perf_counter)
    queue.put(time.perf_counter() - start)


def _workers(count: int, steps: int) -> float:
    """Steps a second of wall time of several processes together, resets included."""
    context = multiprocessing.get_context("spawn")
    barrier, queue = context.Barrier(count), context.Queue()
    workers = [context.Process(target=_worker, args=(steps, barrier, queue)) for _ in range(count)]
    for worker in workers:
        worker.start()
    longest = max(queue.get(timeout=300) for _ in workers)
    for worker in workers:
        worker.join()
    return count * steps / longest


def _surrol(folder: str | None, steps: int) -> tuple[float, str]:
    """SurRoL's steps a second of CPU, and where the figure is from."""
    if folder is None:
        return SURROL_REFERENCE, _REFERENCED
    done = subprocess.run(
        [sys.executable, "-c", _SURROL, str(Path(folder).resolve()), str(steps)],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise TrocarError(
            f"SurRoL in {folder} did not run: {last}; install what it needs (gym==0.26.2, pandas, "
            "roboticstoolbox-python), or leave its folder out"
        )
    # PyBullet's plug-in says goodbye after the figure.
    figure = next(line for line in reversed(done.stdout.splitlines()) if line.startswith("{"))
    return float(json.loads(figure)["steps_per_s"]), "measured here"
