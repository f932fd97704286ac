# SPDX-License-Identifier: Apache-2.0
"""Makes sequences in several processes: each draws on one core, and none outlives its parent."""

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from trocar.errors import ConfigurationError, TrocarError
from trocar.sim.dataset.folder import SequenceWriter, sequence_name
from trocar.sim.dataset.sequence import Order, SequenceMaker


@dataclass(frozen=True)
class Made:
    """One sequence: its index, figures, and the CPU time that it took in s."""

    index: int
    figures: dict[str, Any]
    cpu_s: float


def one_core() -> None:
    """Let the software rasteriser and OpenCV of this process use one core; before both."""
    os.environ["LP_NUM_THREADS"] = "0"
    import cv2

    cv2.setNumThreads(1)


def make_one(
    order: Order, index: int, folder: Path, progress: Callable[[], object] = lambda: None
) -> Made:
    """Make and write one sequence; ConfigurationError names the disk's reason where it is full."""
    start = time.process_time()
    try:
        with SequenceWriter(folder, index) as writer:
            figures = SequenceMaker(order, index).make(writer.write, progress)
    except OSError as error:
        raise ConfigurationError(
            f"{folder / sequence_name(index)}: {error.strerror or error}; make room, then give the "
            "same command again: whole sequences are kept"
        ) from error
    return Made(index, figures, time.process_time() - start)


def make_all(
    order: Order,
    indices: Sequence[int],
    folder: Path,
    jobs: int,
    progress: Callable[[], object] = lambda: None,
) -> Iterator[Made]:
    """Sequences as they become whole, in any order; `progress` is called once a frame."""
    if jobs == 1 or len(indices) == 1:
        one_core()
        for index in indices:
            yield make_one(order, index, folder, progress)
        return
    pool = _Pool(order, folder, min(jobs, len(indices)))
    try:
        yield from pool.run(list(indices), progress)
    finally:
        pool.stop()


class _Pool:
    """Processes that each ask for the next sequence when they have finished one."""

    def __init__(self, order: Order, folder: Path, jobs: int) -> None:
        context = multiprocessing.get_context("spawn")  # OpenGL does not survive a fork
        self._workers: dict[Connection, BaseProcess] = {}
        for _ in range(jobs):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, order, folder), daemon=True)
            process.start()
            theirs.close()
            self._workers[ours] = process

    def run(self, indices: list[int], progress: Callable[[], object]) -> Iterator[Made]:
        doing: dict[Connection, int] = {}
        todo = list(reversed(indices))
        for connection in self._workers:
            if todo:
                doing[connection] = todo.pop()
                connection.send(doing[connection])
        while doing:
            ready = wait(list(doing))
            for connection in list(doing):
                if connection not in ready:
                    continue
                what, value = self._hear(connection, doing[connection])
                if what == "frame":
                    progress()
                    continue
                del doing[connection]
                if todo:
                    doing[connection] = todo.pop()
                    connection.send(doing[connection])
                yield value

    def _hear(self, connection: Connection, index: int) -> tuple[str, Any]:
        try:
            what, value = connection.recv()
        except (EOFError, ConnectionError):
            process = self._workers[connection]
            process.join(5.0)
            how = process.exitcode
            said = f"signal {-how}" if how is not None and how < 0 else f"exit code {how}"
            raise TrocarError(
                f"the process that made {sequence_name(index)} ended by itself ({said}); give the "
                "same command again, with fewer --jobs where memory is short"
            ) from None
        if what == "refused":
            raise ConfigurationError(value)
        if what == "failed":
            raise TrocarError(f"{sequence_name(index)} failed:\n{value}")
        return what, value

    def stop(self) -> None:
        for connection, process in self._workers.items():
            process.terminate()
            process.join()
            connection.close()


def _work(connection: Connection, order: Order, folder: Path) -> None:
    """A worker's life: sequences by number until the parent closes its end or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    one_core()
    while True:
        try:
            index = connection.recv()
        except EOFError:
            return
        try:
            made = make_one(order, index, folder, lambda: connection.send(("frame", None)))
            connection.send(("done", made))
        except ConfigurationError as error:
            connection.send(("refused", str(error)))
        except Exception:  # whatever it is: the parent says it, with its place
            connection.send(("failed", traceback.format_exc()))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(3)
