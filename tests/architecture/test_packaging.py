# SPDX-License-Identifier: Apache-2.0
"""Every way of installing gives a package that works, in an environment of its own.

Slow: each test makes a virtual environment and compiles the core.  What the package needs to
be imported (numpy, PyYAML) comes from the network, or from the wheels that pip is told of.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

SCRIPTS = ("trocar", "sim_node", "render_node", "perception_node", "control_node", "console_node")
CHECK = """
import importlib.resources, sys
from pathlib import Path
import trocar, trocar.perception, trocar.control, trocar.sim, trocar.console
from trocar import _core
from trocar.app.launch_file import load
from trocar.app.share import config_file, find_launch_file
from trocar.geometry import make_transform
assert _core.psm_fk([0, 0, 0.12, 0, 0, 0]).shape == (4, 4)
assert config_file("site.yaml").is_file() and config_file("fastdds.xml").is_file()
assert len(load(find_launch_file("trocar.launch.xml"), {}).nodes) == 5
scenes = importlib.resources.files("trocar.sim") / "scenes" / "follow.yaml"
static = importlib.resources.files("trocar.console") / "static" / "index.html"
assert scenes.is_file() and static.is_file()
assert not {"perception", "control", "sim", "console"} & set(sys.modules)
print("IMPORTED", Path(trocar.__file__).parent)
"""


def clean_environment() -> dict[str, str]:
    """Without this session's paths and without the guard of the ROS wheels' bootstrap."""
    gone = ("PYTHONPATH", "_ROS_WHEELS_BOOTSTRAP_COMPLETE", "LD_LIBRARY_PATH", "AMENT_PREFIX_PATH")
    return {key: value for key, value in os.environ.items() if key not in gone}


def call(*command: str | Path, cwd: Path, **extra: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**clean_environment(), **extra},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-6000:]}"
    return done.stdout


@pytest.fixture
def source(root: Path, tmp_path: Path) -> Path:
    """A copy of the working tree as git would hand it on: tracked and new files, nothing built."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: what belongs to the source is not known")
    copy = tmp_path / "src" / "trocar"
    for name in listed.stdout.splitlines():
        if (root / name).is_file():
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target)
    return copy


@pytest.fixture
def environment(tmp_path: Path, root: Path) -> Path:
    """A fresh virtual environment with what the import needs; returns its folder."""
    folder = tmp_path / "venv"
    call(sys.executable, "-m", "venv", folder, cwd=tmp_path)
    version = "".join(map(str, sys.version_info[:2]))
    pins = root / f"constraints/py{version}.txt"
    wanted = ("numpy", "PyYAML", "setuptools", "wheel", "pybind11", "cmake", "ninja", "cmeel-eigen")
    call(folder / "bin/python", "-m", "pip", "install", "-q", "-c", pins, *wanted, cwd=tmp_path)
    return folder


def assert_works(python: Path, elsewhere: Path, **extra: str) -> Path:
    """Import from a folder that is not the source; returns where the package is."""
    output = call(python, "-c", CHECK, cwd=elsewhere, **extra)
    line = next(line for line in output.splitlines() if line.startswith("IMPORTED "))
    return Path(line.removeprefix("IMPORTED "))


@pytest.mark.parametrize("editable", [False, True], ids=["install", "editable"])
def test_pip(source: Path, environment: Path, tmp_path: Path, editable: bool) -> None:
    python = environment / "bin/python"
    # As a person types it, pip fetches the build tools; editable, with those that are there.
    options = ["--no-deps", *(["--no-build-isolation", "-e"] if editable else [])]
    call(python, "-m", "pip", "install", *options, source, cwd=tmp_path)
    where = assert_works(python, tmp_path)
    assert where.is_relative_to(source if editable else environment)
    for name in SCRIPTS:
        assert (environment / "bin" / name).is_file()
    assert "usage: trocar" in call(environment / "bin/trocar", "--help", cwd=tmp_path)
    # What real ros2 launch needs: the executables and the share folder below one prefix.
    call(python, "-m", "trocar.app.libexec", cwd=tmp_path)
    for name in SCRIPTS[1:]:
        assert os.access(environment / "lib/trocar" / name, os.X_OK)
    assert (environment / "share/trocar/launch/trocar.launch.xml").is_file()
    assert (environment / "share/trocar/package.xml").is_file()
    assert (environment / "share/ament_index/resource_index/packages/trocar").is_file()


@pytest.mark.parametrize("symlink", [False, True], ids=["copy", "symlink-install"])
def test_colcon(source: Path, environment: Path, tmp_path: Path, symlink: bool) -> None:
    python, workspace = environment / "bin/python", tmp_path
    call(python, "-m", "pip", "install", "-q", "setuptools<80", "colcon-common-extensions",
         cwd=workspace)  # fmt: skip
    path = f"{environment / 'bin'}:{os.environ['PATH']}"
    options = ["--symlink-install"] if symlink else []
    call(environment / "bin/colcon", "build", *options, "--base-paths", "src",
         cwd=workspace, PATH=path)  # fmt: skip
    prefix = workspace / "install/trocar"
    for name in SCRIPTS[1:]:
        assert (prefix / "lib/trocar" / name).is_file()
    assert (prefix / "share/ament_index/resource_index/packages/trocar").exists()
    assert (prefix / "share/trocar/launch/trocar.launch.xml").is_file()
    (workspace / "check.py").write_text(CHECK)
    script = f". install/setup.sh && {python} check.py"
    output = call("sh", "-c", script, cwd=workspace, PATH=path)
    where = Path(output.partition("IMPORTED ")[2].splitlines()[0])
    assert where.resolve().is_relative_to((source if symlink else prefix).resolve())
