# SPDX-License-Identifier: Apache-2.0
"""Shared-memory files of this domain's cell, and removal of what a dead cell left behind."""

from pathlib import Path

from trocar.process import segment_name

SHARED_MEMORY = Path("/dev/shm")


def cell_files() -> dict[Path, int]:
    """Files of this domain's cell and their inode numbers."""
    name = segment_name()
    found = {}
    for path in sorted(SHARED_MEMORY.glob("trocar.*")):
        if path.name == name or path.name.startswith(name + "."):
            try:
                found[path] = path.stat().st_ino
            except FileNotFoundError:
                continue  # its owner was quicker
    return found


def refuse_second_cell() -> None:
    """Raise SharedMemoryError where a cell runs in this domain; remove what a dead one left.

    Before anything is started: a second control process would join the first one's arm.
    """
    from trocar import _core

    _core.Segment(segment_name()).close()


def remove_cell_files(before: dict[Path, int]) -> list[str]:
    """Remove the cell's files except those of `before`: they are someone else's.  Returns names."""
    removed = []
    for path, inode in cell_files().items():
        if before.get(path) == inode:
            continue
        path.unlink(missing_ok=True)
        removed.append(path.name)
    return removed
