# SPDX-License-Identifier: Apache-2.0
"""`trocar sim generate`: whole sequences whatever ends it, one writer, checksums, refusals."""

import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from trocar.app.cli import main
from trocar.errors import MissingDependencyError
from trocar.sim.dataset.folder import DatasetFolder, SequenceWriter
from trocar.sim.render.context import open_context

SMALL = ["--sequences", "3", "--frames", "2", "--size", "96x72", "--randomise", "none"]
PATIENCE = 120.0


@pytest.fixture(scope="module", autouse=True)
def _needs_gl() -> None:
    try:
        open_context().release()
    except MissingDependencyError as error:
        pytest.skip(str(error))


def generate(out: Path, *words: str) -> int:
    return main(["sim", "generate", "--out", str(out), *SMALL, *words])


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted data set, made in this process."""
    out = tmp_path_factory.mktemp("data") / "set"
    assert generate(out, "--jobs", "1") == 0
    return out


def start(out: Path, *words: str, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "trocar.app.cli", "sim", "generate", "--out", str(out)]
    return subprocess.Popen(
        [*command, *SMALL, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=limit,
    )


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_data_set_is_complete_and_right(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((whole / "dataset.json").read_text())
    assert manifest["complete"] and len(manifest["sequences"]) == 3
    assert manifest["request"]["seed"] == 0 and manifest["made_by"]["renderer"]
    assert not list(whole.glob(".*"))  # neither lock nor half-made folders
    card = (whole / "README.md").read_text()
    for text in ("trocar sim generate follow", "| licence | Apache-2.0 |", "| frames | 6 |"):
        assert text in card
    assert "{" not in card.replace("{u", "")
    assert main(["sim", "generate", "--check", str(whole)]) == 0
    assert "no problems" in capsys.readouterr().out


def test_sha256sum_agrees(whole: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    done = subprocess.run(
        ["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=whole / "seq_00001", capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_kill_9_leaves_whole_sequences_and_the_rest_comes_out_the_same(
    whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "set"
    process = start(out, "--jobs", "2")
    wait_for(out / "seq_00000", process)
    workers = children_of(process.pid)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 20.0
    while not all(is_gone(pid) for pid in workers):  # no orphan goes on writing
        assert time.monotonic() < deadline
        time.sleep(0.02)
    first = contents(out / "seq_00000")
    assert first == contents(whole / "seq_00000")
    stamp = (out / "seq_00000" / "SHA256SUMS").stat().st_mtime_ns
    assert generate(out, "--jobs", "1") == 0
    assert (out / "seq_00000" / "SHA256SUMS").stat().st_mtime_ns == stamp  # it was not made anew
    assert contents(out) == contents(whole)


def test_ctrl_c_ends_at_once_and_says_what_is_whole(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    process = start(out, "--jobs", "2")
    wait_for(out / "seq_00000", process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: all of them
    output, _ = process.communicate(timeout=30.0)
    assert process.returncode == 130, output
    assert "of 3 sequences are whole; the same command goes on" in output
    assert "Traceback" not in output
    assert {p.name for p in out.iterdir()} <= {"dataset.json", *(f"seq_{i:05d}" for i in range(3))}
    assert contents(out / "seq_00000") == contents(whole / "seq_00000")


def test_other_parameters_in_the_same_folder_are_refused(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(whole)
    for words, key in (
        (["--seed", "5"], "begun with seed 0, now 5"),
        (["--fps", "20"], "begun with fps 15.0, now 20.0"),
        (["--randomise", "default"], "begun with ranges {}"),
        (["--licence", "CC0-1.0"], "begun with licence"),
    ):
        assert generate(whole, *words) == 2
        error = capsys.readouterr().err
        assert key in error and error.count("\n") == 1
    assert contents(whole) == before


def test_another_version_or_driver_is_refused(tmp_path: Path) -> None:
    from trocar.errors import ConfigurationError

    folder = DatasetFolder(tmp_path)
    folder.open({"seed": 1}, {"renderer": "this one"})
    folder.close()
    with pytest.raises(ConfigurationError, match='begun with renderer "this one", now "another"'):
        DatasetFolder(tmp_path).open({"seed": 1}, {"renderer": "another"})


def test_a_damaged_sequence_is_found_and_made_anew(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    shutil.copytree(whole, out)
    (out / "seq_00001" / "left" / "000000.png").write_bytes(b"")
    assert main(["sim", "generate", "--check", str(out)]) == 1
    assert generate(out, "--jobs", "1") == 0
    assert contents(out) == contents(whole)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "seq_00002/frames.csv").write_text("x"), "frames.csv: changed since"),
        (lambda d: (d / "seq_00002/frames.csv").unlink(), "frames.csv: missing"),
        (lambda d: (d / "seq_00002/more.csv").write_text(""), "more.csv: not part of"),
        (lambda d: (d / "seq_00002/SHA256SUMS").unlink(), "SHA256SUMS: missing"),
        (lambda d: shutil.rmtree(d / "seq_00002"), "seq_00002: missing"),
        (lambda d: (d / "README.md").write_text("x"), "README.md: changed since"),
    ],
)
def test_the_check_names_what_is_wrong(
    whole: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], object],
    message: str,
) -> None:
    out = tmp_path / "set"
    shutil.copytree(whole, out)
    damage(out)
    assert main(["sim", "generate", "--check", str(out)]) == 1
    output = capsys.readouterr().out
    assert message in output and "1 problem\n" in output


def test_a_second_writer_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert generate(tmp_path) == 2
    os.close(lock)
    assert "another trocar sim generate writes here" in capsys.readouterr().err


def test_a_full_disk_is_one_line_and_whole_sequences_stay(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    largest = max(len(data) for data in contents(whole / "seq_00000").values())

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest - 1, largest - 1))

    process = start(out, "--jobs", "2", limit=small_files)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2, output
    assert "File too large; make room, then give the same command again" in output
    assert "Traceback" not in output and not list(out.glob(".part*"))
    assert generate(out, "--jobs", "1") == 0
    assert contents(out) == contents(whole)


def test_an_interrupted_writer_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        with SequenceWriter(tmp_path, 0) as writer:
            writer.write("left/000000.png", b"x")
            raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--size", "640"], "--size is '640'; write WIDTHxHEIGHT"),
        (["--size", "8x8"], "allowed 64 to 4096 px a side"),
        (["--fps", "0"], "--fps is 0; allowed 1 to 240"),
        (["--jobs", "0"], "--jobs is 0; allowed 1 to 256"),
        (["--faults", "stuck_joint"], "stuck_joint is no fault of the camera; leave it out"),
        (["--faults", "blackouts"], "no fault 'blackouts'"),
        (["--randomise", "absent.yaml"], "absent.yaml: No such file"),
        (["moon"], "unknown scene 'moon'; scenes: "),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    out = tmp_path / "set"
    assert generate(out, *words) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1 and not out.exists()


def test_folders_that_cannot_be_used_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("x")
    assert generate(tmp_path) == 2
    assert "not empty and no data set (mine.txt); name another" in capsys.readouterr().err
    assert generate(tmp_path / "mine.txt" / "set") == 2
    assert "Not a directory; name a folder that can be written" in capsys.readouterr().err
    assert main(["sim", "generate"]) == 2
    assert "--out DIR is needed" in capsys.readouterr().err
    assert main(["sim", "generate", "--check", str(tmp_path)]) == 2
    assert "name a data set's folder" in capsys.readouterr().err
