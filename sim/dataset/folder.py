# SPDX-License-Identifier: Apache-2.0
"""The folder of a data set: whole sequences only, their checksums, and one writer at a time.

A sequence is written into a hidden folder and renamed when it is whole; whatever ends the program
before, a file of a named sequence is complete.  (After a power cut: `--check`.)
"""

import fcntl
import hashlib
import json
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Any

from trocar.errors import ConfigurationError

MANIFEST, SUMS = "dataset.json", "SHA256SUMS"
FORMAT = "trocar data set 1"
_PART = ".part-"


def sequence_name(index: int) -> str:
    """Folder of a sequence."""
    return f"seq_{index:05d}"


def sha256(data: bytes) -> str:
    """Hexadecimal digest."""
    return hashlib.sha256(data).hexdigest()


class SequenceWriter:
    """Files of one sequence; a context that renames the folder at its end, or removes it."""

    def __init__(self, folder: Path, index: int) -> None:
        """Begin in a folder of this process's own."""
        self._final = folder / sequence_name(index)
        self._part = folder / f"{_PART}{sequence_name(index)}-{os.getpid()}"
        self._sums: list[str] = []

    def write(self, name: str, data: bytes) -> None:
        """One file by its relative name."""
        path = self._part / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._sums.append(f"{sha256(data)}  {name}\n")

    def __enter__(self) -> "SequenceWriter":
        shutil.rmtree(self._part, ignore_errors=True)
        self._part.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                sums = "".join(sorted(self._sums, key=lambda line: line.split("  ", 1)[1]))
                (self._part / SUMS).write_text(sums)
                shutil.rmtree(self._final, ignore_errors=True)  # one that was found damaged
                self._part.rename(self._final)
        finally:
            shutil.rmtree(self._part, ignore_errors=True)


class DatasetFolder:
    """A data set on disk; `open` before writing, `close` after."""

    def __init__(self, path: Path) -> None:
        """Nothing is touched yet."""
        self.path = path
        self._lock = -1  # descriptor of the folder itself: no file is left behind

    def open(self, request: dict[str, Any], made_by: dict[str, str]) -> None:
        """Take the folder for this request; ConfigurationError where it holds something else."""
        manifest = {"format": FORMAT, "complete": False, "request": request, "made_by": made_by}
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._take()
            known = self.path / MANIFEST
            if not known.is_file():
                others = sorted(p.name for p in self.path.iterdir())
                if [name for name in others if not name.startswith(_PART)]:
                    raise ConfigurationError(
                        f"--out {self.path}: not empty and no data set ({others[0]}); name another"
                    )
                self.save(manifest)
            else:
                self._compare(read_manifest(self.path), manifest)
            self.remove_parts()
        except OSError as error:
            self.close()
            raise ConfigurationError(
                f"--out {self.path}: {error.strerror}; name a folder that can be written"
            ) from error
        except ConfigurationError:
            self.close()
            raise

    def _take(self) -> None:
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(
                f"--out {self.path}: another trocar sim generate writes here; wait for its end"
            ) from error

    def _compare(self, known: dict[str, Any], new: dict[str, Any]) -> None:
        for part, remedy in (
            ("request", "give the same, or another folder"),
            ("made_by", "pictures would not be the same; name another folder"),
        ):
            old, now = known.get(part, {}), new[part]
            for key in sorted(old.keys() | now.keys()):
                if old.get(key) != now.get(key):
                    raise ConfigurationError(
                        f"--out {self.path}: begun with {key} {_short(old.get(key))}, now "
                        f"{_short(now.get(key))}; {remedy}"
                    )

    def is_whole(self, index: int) -> bool:
        """Whether a sequence is there with every file it should have, none of them empty."""
        folder = self.path / sequence_name(index)
        try:
            names = [line.split("  ", 1)[1] for line in (folder / SUMS).read_text().splitlines()]
            return bool(names) and all((folder / name).stat().st_size for name in names)
        except (OSError, IndexError):
            return False

    def remove_parts(self) -> None:
        """Remove what a run that was ended left half made."""
        for part in self.path.glob(f"{_PART}*"):
            shutil.rmtree(part, ignore_errors=True)

    def save(self, manifest: dict[str, Any]) -> None:
        """Write dataset.json, whole or not at all."""
        self.write(MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())

    def write(self, name: str, data: bytes) -> None:
        """A file beside the sequences, whole or not at all."""
        partial = self.path / f"{_PART}{name}"
        try:
            partial.write_bytes(data)
            partial.replace(self.path / name)
        finally:
            partial.unlink(missing_ok=True)

    def close(self) -> None:
        """Let others write."""
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1


def read_manifest(path: Path) -> dict[str, Any]:
    """dataset.json of a folder; ConfigurationError where there is none that can be read."""
    try:
        data = json.loads((path / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no JSON"
        raise ConfigurationError(
            f"{path / MANIFEST}: {reason}; name a data set's folder"
        ) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ConfigurationError(f"{path / MANIFEST}: not the format {FORMAT!r}")
    return data


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
