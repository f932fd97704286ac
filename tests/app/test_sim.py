# SPDX-License-Identifier: Apache-2.0
"""`trocar sim`: from a phantom to tissue, what is written, and what is said of bad arguments."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from trocar.app import cli
from trocar.sim.anatomy import importer
from trocar.sim.anatomy.tissue_file import load_tissue


@pytest.fixture(scope="module")
def abdomen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sim") / "abdomen.nii.gz"
    assert cli.main(["sim", "phantom", "--out", str(path), "--seed", "2", "--spacing", "2"]) == 0
    return path


def test_phantom_import_load(
    abdomen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, report = tmp_path / "liver", tmp_path / "liver.json"
    words = ["sim", "import", str(abdomen), "--label", "liver+vessels", "--nodes", "300"]
    assert cli.main([*words, "--out", str(out), "--json", str(report)]) == 0
    said = capsys.readouterr().out
    for word in ("liver+vessels:", "nodes", "ml", "dihedral", "vessels (3)", "written:"):
        assert word in said
    tissue = load_tissue(out)
    assert tissue.names == {1: "liver", 3: "vessels"}
    picture = cv2.imread(str(out / "tissue.png"))
    assert picture.shape == (720, 1440, 3)
    for half in (picture[60:620, :720], picture[60:620, 720:]):  # something red is drawn in each
        red = (half[:, :, 2].astype(int) - half[:, :, 1]) > 40
        assert 0.05 < red.mean() < 0.7
    figures = json.loads(report.read_text())
    assert figures["mesh"]["nodes"] == len(tissue.mesh.nodes)
    assert figures["labels"] == {"1": "liver", "3": "vessels"} and figures["seconds"] < 120
    assert sorted(p.name for p in tmp_path.iterdir()) == ["liver", "liver.json"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--label", "9"], "label 9 is empty; there are: 1 (liver), 2 (gallbladder), 3 (vessels)"),
        (["--label", "1", "--material", "wood"], "unknown material wood; valid: liver"),
        (["--label", "1", "--material", "fat", "--young", "100"], "--material excludes --young"),
        (["--label", "1", "--poisson", "0.3"], "need --young"),
        (["--label", "1", "--young", "1", "--poisson", "0.3"], "young"),
        (["--label", "1", "--nodes", "9"], "--nodes is 9"),
        (["--label", "1", "--units", "inch"], "--units is inch, allowed mm or m"),
        (["--label", "1", "--units", "m"], "m across, allowed 0.003 to 1 m; say --units mm"),
        ([], "several are there"),
    ],
)
def test_bad_arguments_are_one_line_and_2_and_nothing_is_written(
    words: list[str], said: str, abdomen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["sim", "import", str(abdomen), "--out", str(tmp_path / "x"), *words]) == 2
    message = capsys.readouterr().err
    assert message.startswith("trocar sim: ") and said in message
    assert len(message.splitlines()) == 1 and list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_with_130_and_leaves_nothing(
    abdomen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importer, "decimated", interrupted)
    words = ["sim", "import", str(abdomen), "--label", "1", "--out", str(tmp_path / "x")]
    assert cli.main(words) == 130
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_1_with_the_remedy(
    abdomen: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "SimpleITK", None)  # import raises
    assert cli.main(["sim", "import", str(abdomen), "--out", str(tmp_path / "x")]) == 1
    assert "pip install 'trocar[anatomy]'" in capsys.readouterr().err


def test_help_names_every_action(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["sim", "--help"], ["sim", "import", "--help"], ["sim", "phantom", "--help"]):
        with pytest.raises(SystemExit) as caught:
            cli.main(words)
        assert caught.value.code == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("import", "phantom", "--threshold", "--seed"))


def test_a_real_ctrl_c_ends_with_130_and_leaves_nothing(abdomen: Path, tmp_path: Path) -> None:
    words = ["sim", "import", str(abdomen), "--label", "1", "--out", str(tmp_path / "x")]
    code = (
        "import sys, time\n"
        "from trocar.app import cli\n"
        "from trocar.sim.anatomy import importer\n"
        "importer.fit_tets = lambda *_: (print('meshing', flush=True), time.sleep(100))\n"
        f"sys.exit(cli.main({words!r}))\n"
    )
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as child:
        assert child.stdout is not None and child.stdout.readline() == "meshing\n"
        child.send_signal(signal.SIGINT)
        error = child.communicate(timeout=60)[1]
    assert child.returncode == 130 and "Traceback" not in error
    assert list(tmp_path.iterdir()) == []
