# SPDX-License-Identifier: Apache-2.0
"""Every way of installing gives a package that works, in an environment of its own.

Slow: the core is compiled twice, by pip in isolation and once for the others, which share the
objects (TROCAR_BUILD_DIR).  What the package needs to be imported (numpy, PyYAML) comes from the
network, or from the wheels that pip is told of.
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


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the environment, the workspace and CMake's folder of every test are."""
    return tmp_path_factory.mktemp("packaging")


@pytest.fixture
def workspace(base: Path) -> Path:
    """An empty folder, always the same: CMake's objects belong to one source folder."""
    folder = base / "workspace"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


@pytest.fixture
def source(root: Path, workspace: Path) -> Path:
    """A copy of the working tree as git would hand it on: tracked and new files, nothing built."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: what belongs to the source is not known")
    copy = workspace / "src" / "trocar"
    for name in listed.stdout.splitlines():
        if (root / name).is_file():
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target)
    return copy


@pytest.fixture(scope="module")
def tools(base: Path, root: Path) -> Path:
    """A fresh virtual environment with what the import and a build need; returns its folder."""
    folder = base / "venv"
    call(sys.executable, "-m", "venv", folder, cwd=base)
    version = "".join(map(str, sys.version_info[:2]))
    pins = root / f"constraints/py{version}.txt"
    wanted = ("numpy", "PyYAML", "setuptools", "wheel", "pybind11", "cmake", "ninja", "cmeel-eigen")
    call(folder / "bin/python", "-m", "pip", "install", "-q", "-c", pins, *wanted, cwd=base)
    return folder


@pytest.fixture
def environment(tools: Path, base: Path) -> Path:
    """The environment without Trocar."""
    call(tools / "bin/python", "-m", "pip", "uninstall", "-q", "-y", "trocar", cwd=base)
    for left in ("lib/trocar", "share/trocar", "share/ament_index"):
        shutil.rmtree(tools / left, ignore_errors=True)
    python = tools / "bin/python"
    gone = "import importlib.util, sys; sys.exit(importlib.util.find_spec('trocar') is not None)"
    call(python, "-c", gone, cwd=base)
    return tools


def assert_works(python: Path, elsewhere: Path, **extra: str) -> Path:
    """Import from a folder that is not the source; returns where the package is."""
    output = call(python, "-c", CHECK, cwd=elsewhere, **extra)
    line = next(line for line in output.splitlines() if line.startswith("IMPORTED "))
    return Path(line.removeprefix("IMPORTED "))


@pytest.mark.parametrize("editable", [False, True], ids=["install", "editable"])
def test_pip(base: Path, source: Path, environment: Path, workspace: Path, editable: bool) -> None:
    python = environment / "bin/python"
    # As a person types it, pip fetches the build tools; editable, with those that are there.
    options = ["--no-deps", *(["--no-build-isolation", "-e"] if editable else [])]
    shared = {"TROCAR_BUILD_DIR": str(base / "core")} if editable else {}
    call(python, "-m", "pip", "install", *options, source, cwd=workspace, **shared)
    where = assert_works(python, workspace)
    assert where.is_relative_to(source if editable else environment)
    for name in SCRIPTS:
        assert (environment / "bin" / name).is_file()
    assert "usage: trocar" in call(environment / "bin/trocar", "--help", cwd=workspace)
    # What real ros2 launch needs: the executables and the share folder below one prefix.
    call(python, "-m", "trocar.app.libexec", cwd=workspace)
    for name in SCRIPTS[1:]:
        assert os.access(environment / "lib/trocar" / name, os.X_OK)
    assert (environment / "share/trocar/launch/trocar.launch.xml").is_file()
    assert (environment / "share/trocar/package.xml").is_file()
    assert (environment / "share/ament_index/resource_index/packages/trocar").is_file()


@pytest.mark.parametrize("symlink", [False, True], ids=["copy", "symlink-install"])
def test_colcon(
    base: Path, source: Path, environment: Path, workspace: Path, symlink: bool
) -> None:
    python = environment / "bin/python"
    call(python, "-m", "pip", "install", "-q", "setuptools<80", "colcon-common-extensions",
         cwd=workspace)  # fmt: skip
    path = f"{environment / 'bin'}:{os.environ['PATH']}"
    options = ["--symlink-install"] if symlink else []
    call(environment / "bin/colcon", "build", *options, "--base-paths", "src",
         cwd=workspace, PATH=path, TROCAR_BUILD_DIR=str(base / "core"))  # fmt: skip
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
