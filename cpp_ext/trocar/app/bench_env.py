# SPDX-License-Identifier: Apache-2.0
"""Environment steps a second: needle reach in torque mode at 1 kHz, beside SurRoL's.

Rates are of CPU time, resets left out: what an idle machine would give.  SurRoL runs in a process
of its own where a checkout of it is given; otherwise the reference's figure stands in, and says so.
"""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from trocar.app.report import Goal, at_least, reported
from trocar.app.scenario import EXPERT_TASKS
from trocar.errors import TrocarError

TASK = "needle_reach"
# Reference, simulation.md section 2: 12.4 ms of CPU a step of 0.2 s, random actions, uncontended.
SURROL_REFERENCE = 80.6
ONE_PROCESS_MIN, TWO_WORKERS_MIN = 3.0, 5.0  # times SurRoL's
_EPISODE = 50
_REFERENCED = "the reference's figure, not measured here"
_SURROL = """
import sys, time
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
print("steps_per_s", steps / cpu)
"""


def env_steps_per_s(
    quick: bool, say: Callable[[str], object], surrol: str | None = None
) -> tuple[dict[str, Any], list[Goal]]:
    """Rows by name and the goals; `surrol`: folder of a SurRoL checkout, None for none."""
    steps = 100 if quick else 500
    peer, source = _surrol(surrol, steps)
    one, spread = _one_process(TASK, steps)
    both, wall = _workers(2, steps)
    ideal, _ = _one_process(TASK, steps, "ideal")
    say(f"needle reach, one process: {one:.0f} steps/s of CPU ({spread})")
    say(f"needle reach, two workers at once: {both:.0f} steps/s of CPU, {wall:.0f} of wall time")
    say(f"needle reach, ideal arms without dynamics: {ideal:.0f} steps/s of CPU")
    say(f"SurRoL's needle reach: {peer:.0f} steps/s of CPU ({source})")
    rows: dict[str, Any] = {
        TASK: one,
        f"{TASK}_two_workers": both,
        f"{TASK}_two_workers_wall": wall,
        f"{TASK}_ideal_servo": ideal,
        "surrol_needle_reach": peer,
        "surrol_source": source,
    }
    for task in () if quick else EXPERT_TASKS:
        if task != TASK:
            rows[task] = _one_process(task, 2 * _EPISODE)[0]
            say(f"{task.replace('_', ' ')}: {rows[task]:.0f} steps/s of CPU")
    goals = [
        at_least("env.one_process", one / peer, "1", ONE_PROCESS_MIN, steps),
        at_least("env.two_workers", both / peer, "1", TWO_WORKERS_MIN, 2 * steps),
        reported("env.steps_per_s", one, "1/s", steps),
        reported("env.ideal_servo", ideal / peer, "1", steps),
    ]
    return rows, goals


def _episodes(task: str, steps: int, drive: str = "torque") -> list[float]:
    """CPU time in s of single steps under random actions, resets left out."""
    from trocar.sim.tasks.env import TaskEnv

    env = TaskEnv(task, drive=drive)
    rng = np.random.default_rng(0)
    times: list[float] = []
    over = True
    for k in range(steps):
        if over or k % _EPISODE == 0:
            env.reset(seed=k)
        action = rng.uniform(-1.0, 1.0, env.action_space.shape or ())
        start = time.process_time()
        over = env.step(action)[2]
        times.append(time.process_time() - start)
    env.close()
    return times


def _one_process(task: str, steps: int, drive: str = "torque") -> tuple[float, str]:
    """Steps a second of CPU, and how they spread."""
    _episodes(task, 20, drive)  # caches, imports
    times = 1e3 * np.array(_episodes(task, steps, drive))
    median, p95 = np.percentile(times, [50, 95])
    return 1e3 / float(times.mean()), f"median {median:.2f} ms, p95 {p95:.2f} ms"


def _worker(steps: int, barrier: Any, queue: Any) -> None:
    _episodes(TASK, 20)
    barrier.wait()
    start = time.perf_counter()
    cpu = sum(_episodes(TASK, steps))
    queue.put((cpu, time.perf_counter() - start))


def _workers(count: int, steps: int) -> tuple[float, float]:
    """Steps a second of several processes at once: of CPU, and of wall time with resets."""
    context = multiprocessing.get_context("spawn")
    barrier, queue = context.Barrier(count), context.Queue()
    workers = [context.Process(target=_worker, args=(steps, barrier, queue)) for _ in range(count)]
    for worker in workers:
        worker.start()
    took = [queue.get(timeout=300) for _ in workers]
    for worker in workers:
        worker.join()
    return sum(steps / cpu for cpu, _ in took), count * steps / max(wall for _, wall in took)


def _surrol(folder: str | None, steps: int) -> tuple[float, str]:
    """SurRoL's steps a second of CPU, and where the figure is from."""
    if folder is None:
        return SURROL_REFERENCE, _REFERENCED
    root = Path(folder).resolve()
    own = root / ".venv" / "bin" / "python"  # its packages are older than ours
    interpreter = str(own) if own.exists() else sys.executable
    done = subprocess.run(
        [interpreter, "-c", _SURROL, str(root), str(steps)],
        capture_output=True,
        text=True,
    )
    told = [line.split() for line in done.stdout.splitlines() if line.startswith("steps_per_s ")]
    if done.returncode != 0 or not told:  # its graphics plug-in talks, too
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise TrocarError(
            f"SurRoL in {folder} did not run: {last}; give it a .venv with gym==0.26.2, pybullet, "
            "pandas and roboticstoolbox-python>=1.5, or leave its folder out"
        )
    return float(told[-1][1]), "measured here"
