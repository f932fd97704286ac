# SPDX-License-Identifier: Apache-2.0
"""`trocar validate SCENARIO --seeds N`: a campaign of seeds, spread over processes."""

import argparse
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from tqdm import tqdm

from trocar.app.report import check_writable, goal_lines, with_conditions, write_json
from trocar.app.scenario import REGISTRY, SeedResult, load_scenario, pool, run_seed
from trocar.errors import ConfigurationError, TrocarError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar validate`."""
    parser.add_argument("scenario", nargs="?", metavar="SCENARIO", help="name (see --list)")
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="how many (default 10)")
    parser.add_argument("--first-seed", type=int, default=0, metavar="S", help="the first (0)")
    parser.add_argument(
        "--jobs", type=int, default=0, metavar="J", help="processes (0: one a core)"
    )
    parser.add_argument("--json", metavar="FILE", help="write what was measured")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 where every goal is met, 1 where one is not, 2 for bad arguments."""
    if args.list:
        for name in REGISTRY:
            print(f"{name:29} {load_scenario(name).description}")
        return 0
    if args.scenario is None:
        raise ConfigurationError(f"name a scenario; valid: {', '.join(REGISTRY)}")
    if args.seeds < 1 or args.first_seed < 0:
        raise ConfigurationError("--seeds must be at least 1 and --first-seed at least 0")
    scenario = load_scenario(args.scenario)
    if args.json:
        check_writable(args.json)
    seeds = list(range(args.first_seed, args.first_seed + args.seeds))
    results = campaign(args.scenario, seeds, args.jobs or len(os.sched_getaffinity(0)))
    figures = pool(scenario, results)
    goals = scenario.goals(figures)
    for failure in figures["failures"]:
        print(f"seed {failure['seed']}: {failure['reason']}")
    print("\n".join(goal_lines(goals)))
    if args.json:
        write_json(args.json, with_conditions(figures, goals, seeds))
    return 0 if all(goal.met is not False for goal in goals) else 1


def campaign(name: str, seeds: list[int], jobs: int) -> list[SeedResult]:
    """Run the seeds; one process and no pool for one job, so that a debugger sees it."""
    bar = tqdm(total=len(seeds), desc=name, unit="seed", file=sys.stderr)
    results = []
    if jobs == 1 or len(seeds) == 1:
        for seed in seeds:
            results.append(run_seed(name, seed))
            bar.update()
        bar.close()
        return results
    # spawn: an OpenGL context and PyBullet's client do not survive a fork
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(min(jobs, len(seeds)), mp_context=context) as workers:
            pending = {workers.submit(run_seed, name, seed): seed for seed in seeds}
            for future in as_completed(pending):
                results.append(future.result())
                bar.update()
    except BrokenProcessPool as error:
        raise TrocarError(f"a process of the campaign died: {error}; try --jobs 1") from error
    finally:
        bar.close()
    return results
