# SPDX-License-Identifier: Apache-2.0
"""Packaging only: packages, CMake-built extension, entry points, data (docs/packaging.md)."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

# Colcon runs this file through a link in its build folder, where the rooms are not:
# work where the real file lies.
ROOT = Path(__file__).resolve().parent
os.chdir(ROOT)

ROOMS = ("perception", "control", "sim", "console")
RUNTIME = (
    "numpy>=1.24",
    "scipy>=1.10",
    "opencv-python-headless>=4.8",
    "PyYAML>=6",
    "aiohttp>=3.9",
    "tqdm>=4.65",
    "moderngl>=5.10",
    "matplotlib>=3.7",
    "pybullet>=3.2.6",
)
EXTRAS = {
    # ROS 2 from wheels, for machines without a ROS installation of their own.
    "ros": ["ros-rclpy>=7.1", "ros-rmw-fastrtps-cpp", "ros-common-interfaces"],
    "test": [
        "pytest>=8",
        "pytest-timeout>=2.3",
        "hypothesis>=6.100",
        "pin>=3",
        # Oracles of the quadratic program, and of the trajectories' durations.
        "quadprog>=0.1.11",
        "daqp>=0.5",
        "ruckig>=0.14",
        "playwright>=1.40",
    ],
    "lint": ["ruff", "mypy", "clang-format", "types-PyYAML"],
    # What `trocar bench core` is measured against (KDL comes from Debian).
    "bench": [
        "pin>=3",
        "pytracik>=0.0.3",
        "pybullet>=3.2.6",
        "ruckig>=0.14",
        "quadprog>=0.1.11",
        "daqp>=0.6",
    ],
    # About 0.2 GB without CUDA, 2.5 GB with it: never pulled by `make setup`.
    "train": ["torch>=2.2"],
    # Tasks as environments for learning: `trocar validate expert:TASK`, trocar.sim.tasks.
    "gym": ["gymnasium>=0.29"],
    # `trocar sim import` and `phantom`: volumes, marching cubes, surface files, decimation.
    "anatomy": [
        "SimpleITK>=2.3",
        "scikit-image>=0.22",
        "trimesh>=4",
        "fast-simplification>=0.1.9",
    ],
}
NODES = {
    "sim_node": "trocar.sim.nodes.sim_node",
    "render_node": "trocar.sim.nodes.render_node",
    "perception_node": "trocar.perception.nodes.perception_node",
    "control_node": "trocar.control.nodes.control_node",
    "console_node": "trocar.console.nodes.console_node",
}


def version() -> str:
    """The version, which lives in the root package and nowhere else."""
    text = (ROOT / "cpp_ext/trocar/__init__.py").read_text()
    return re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE).group(1)


def packages() -> list[str]:
    """Every package: the root package with its own children, then each room with its."""
    found = find_packages("cpp_ext", include=["trocar", "trocar.*"])
    for room in ROOMS:
        if (ROOT / room / "__init__.py").is_file():
            found += [f"trocar.{room}"] + [f"trocar.{room}.{name}" for name in find_packages(room)]
    return found


class CMakeBuild(build_ext):
    """Lets cpp_ext/CMakeLists.txt, the one build description, build the extension."""

    def finalize_options(self) -> None:
        """Remember what was asked for: setuptools clears `inplace` while it builds."""
        super().finalize_options()
        self.is_in_place = bool(self.inplace)

    def build_folder(self) -> Path:
        """Where CMake builds: as TROCAR_BUILD_DIR says, for builds that follow one another.

        An in-place build shares the folder that developers build in; others stay apart.
        """
        if os.environ.get("TROCAR_BUILD_DIR"):
            return Path(os.environ["TROCAR_BUILD_DIR"]).resolve()
        return ROOT / "build/core" if self.is_in_place else Path(self.build_temp).resolve() / "core"

    def build_extension(self, ext: Extension) -> None:
        """Configure, build and install `_core` where setuptools expects it."""
        target = Path(self.get_ext_fullpath(ext.name)).resolve().parent
        build = self.build_folder()
        build.mkdir(parents=True, exist_ok=True)
        target.mkdir(parents=True, exist_ok=True)
        cmake = find_tool("cmake")
        configure = [
            cmake,
            "-S",
            "cpp_ext",
            "-B",
            str(build),
            f"-DPython_EXECUTABLE={sys.executable}",
        ]
        configure += [f"-DTROCAR_OUTPUT_DIR={target}", "-DCMAKE_BUILD_TYPE=Release"]
        configure += ["-DTROCAR_BUILD_PYTHON=ON"]
        ninja = find_tool("ninja", required=False)
        if ninja:
            configure += ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}"]
        try:
            import pybind11

            configure.append(f"-Dpybind11_DIR={pybind11.get_cmake_dir()}")
        except ImportError:
            pass  # a system pybind11 will do; CMake says so where there is none
        subprocess.run(configure, check=True)
        jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1))
        subprocess.run([cmake, "--build", str(build), "--target", "_core", "-j", jobs], check=True)
        if not list(target.glob("_core*" + sysconfig.get_config_var("EXT_SUFFIX"))):
            raise SystemExit(f"CMake built no _core in {target}; see the output above")


def find_tool(name: str, required: bool = True) -> str:
    """Path of cmake or ninja: beside this interpreter (wheels), else on PATH, else "" or exit."""
    path = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if not path and required:
        raise SystemExit(f"{name} not found; type: {sys.executable} -m pip install {name}")
    return path or ""


def files(folder: str, *patterns: str) -> list[str]:
    """Files of `folder` that match, relative to the root, as data_files wants them."""
    return sorted({str(p) for pattern in patterns for p in Path(folder).glob(pattern)})


setup(
    name="trocar",
    version=version(),
    description="Open surgical-robotics perception and control stack",
    long_description=(ROOT / "README.md").read_text(),
    long_description_content_type="text/markdown",
    maintainer="Trocar developers",
    maintainer_email="maintainers@trocar.example.org",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=packages(),
    package_dir={"": "cpp_ext", **{f"trocar.{room}": room for room in ROOMS}},
    package_data={
        "trocar": ["py.typed", "*.pyi"],
        "trocar.sim": [
            *("scenes/*.yaml", "render/shaders/*", "anatomy/*.yaml"),
            *("dataset/*.yaml", "dataset/*.md"),
        ],
        "trocar.console": ["static/*", "static/**/*"],
    },
    ext_modules=[Extension("trocar._core", sources=[])],
    cmdclass={"build_ext": CMakeBuild},
    data_files=[
        ("share/ament_index/resource_index/packages", ["launch/ament_index/trocar"]),
        ("share/trocar", ["package.xml"]),
        ("share/trocar/launch", files("launch", "*.xml")),
        ("share/trocar/launch/config", files("launch/config", "*.yaml", "*.xml")),
    ],
    install_requires=list(RUNTIME),
    extras_require=EXTRAS,
    tests_require=["pytest"],
    entry_points={
        "console_scripts": ["trocar = trocar.app.cli:main"]
        + [f"{name} = {module}:main" for name, module in NODES.items()]
    },
    zip_safe=False,
)
