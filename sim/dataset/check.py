# SPDX-License-Identifier: Apache-2.0
"""Whether a data set is what was written: every file there, none more, all checksums right."""

from collections.abc import Callable, Iterator
from pathlib import Path

from trocar.sim.dataset.folder import SUMS, read_manifest, sequence_name, sha256


def problems(path: Path, progress: Callable[[], object] = lambda: None) -> Iterator[str]:
    """One line for each thing that is wrong; `progress` is called once a sequence."""
    manifest = read_manifest(path)
    if not manifest["complete"]:
        yield f"{path}: not complete; the command that began it finishes it"
    known = {entry["name"]: entry["sha256"] for entry in manifest.get("sequences", [])}
    for index in range(manifest["request"]["sequences"]):
        name = sequence_name(index)
        folder = path / name
        if folder.is_dir():
            yield from _sequence_problems(folder, known.get(name))
        else:
            yield f"{folder}: missing"
        progress()
    for name, digest in manifest.get("files", {}).items():
        if not (path / name).is_file():
            yield f"{path / name}: missing"
        elif sha256((path / name).read_bytes()) != digest:
            yield f"{path / name}: changed since it was written"


def _sequence_problems(folder: Path, digest: str | None) -> Iterator[str]:
    sums = folder / SUMS
    if not sums.is_file():
        yield f"{sums}: missing"
        return
    data = sums.read_bytes()
    if digest is not None and sha256(data) != digest:
        yield f"{sums}: not the one of dataset.json"
    listed = set()
    for line in data.decode(errors="replace").splitlines():
        wanted, _, name = line.partition("  ")
        listed.add(name)
        path = folder / name
        if not path.is_file():
            yield f"{path}: missing"
        elif sha256(path.read_bytes()) != wanted:
            yield f"{path}: changed since it was written"
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and name not in listed and name != SUMS:
            yield f"{path}: not part of the sequence"
