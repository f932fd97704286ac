# SPDX-License-Identifier: Apache-2.0
"""The checks of `trocar doctor`.  What could take this process down is tried in a child."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path

from trocar.app.libexec import MODULES
from trocar.app.share import PACKAGE, config_file, prefix
from trocar.errors import ConfigurationError

CHILD_TIMEOUT = 30.0  # s; making a software GL context takes about 1 s
PROVEN_PYTHON = (3, 11)
SHARED_MEMORY_MIB = 128  # five DDS participants of 16 MiB each, and the cell
IMAGE_BYTES = 640 * 480 * 3


class State(Enum):
    """FALLBACK works, but less well; UNPROVEN was never tested; see `needed` for MISSING."""

    OK = "ok"
    MISSING = "missing"
    FALLBACK = "fallback"
    UNPROVEN = "unproven"


@dataclass(frozen=True)
class Finding:
    """One line of the table; `needed`: `trocar run` cannot do without."""

    name: str
    state: State
    detail: str
    mend: str = ""
    needed: bool = True

    @property
    def is_fatal(self) -> bool:
        """Whether it keeps `trocar run` from working."""
        return self.needed and self.state is State.MISSING


def examine(port: int) -> list[Finding]:
    """Every check, in the order of the table."""
    checks: list[Callable[[], Finding]] = [
        check_python,
        check_core,
        *(lambda name=name, dist=dist: check_package(name, dist) for name, dist in _PACKAGES),
        check_opengl,
        check_ros,
        check_crtk_msgs,
        check_dds_profile,
        check_priority,
        check_shared_memory,
        check_cores,
        lambda: check_port(port),
        check_executables,
        check_chromium,
        check_torch,
        check_anatomy,
    ]
    return [check() for check in checks]


_PACKAGES = (
    ("numpy", "numpy"),
    ("scipy", "scipy"),
    ("cv2", "opencv-python-headless"),
    ("yaml", "PyYAML"),
    ("pybullet", "pybullet"),
    ("moderngl", "moderngl"),
    ("aiohttp", "aiohttp"),
    ("tqdm", "tqdm"),
)


def run_child(code: str) -> tuple[bool, str]:
    """Run Python code in a child; (True, its output) or (False, the last line of its error)."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=CHILD_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer within {CHILD_TIMEOUT:.0f} s"
    if done.returncode == 0:
        return True, done.stdout.strip()
    lines = done.stderr.strip().splitlines()
    return False, lines[-1] if lines else f"ended with {done.returncode}"


def check_python() -> Finding:
    """CI runs one version; its neighbours are supported, and said to be unproven."""
    version = sys.version_info[:2]
    detail = f"{sys.version.split()[0]} in {sys.prefix}"
    if not (3, 10) <= version <= (3, 12):
        return Finding("python", State.MISSING, detail, "make setup PYTHON=python3.11")
    state = State.OK if version == PROVEN_PYTHON else State.UNPROVEN
    return Finding("python", state, detail)


def check_core() -> Finding:
    """The compiled core, by forward kinematics of a pose."""
    ok, said = run_child("from trocar import _core; _core.psm_fk([0]*6); print(_core.__file__)")
    if ok:
        return Finding("trocar._core", State.OK, said)
    return Finding("trocar._core", State.MISSING, said, "make setup (or pip install -e .)")


def check_package(name: str, distribution: str) -> Finding:
    """One Python package, imported in a child."""
    ok, said = run_child(f"import {name}")
    if not ok:
        mend = f"{sys.executable} -m pip install {distribution}"
        return Finding(name, State.MISSING, said, mend)
    return Finding(name, State.OK, _version(distribution))


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "installed by the system"


def check_opengl() -> Finding:
    """An EGL context; without one the endoscope is drawn by TinyRenderer."""
    code = (
        "import moderngl; c = moderngl.create_context(standalone=True, backend='egl');"
        "print(c.info['GL_RENDERER'])"
    )
    ok, said = run_child(code)
    if not ok:
        detail = f"{said}; the endoscope will be drawn by TinyRenderer, 320x240 at 10 Hz"
        mend = "sudo apt-get install -y libegl1 libgl1 libgl1-mesa-dri"
        return Finding("OpenGL (EGL)", State.FALLBACK, detail, mend, needed=False)
    software = "llvmpipe" in said or "softpipe" in said
    state = State.OK if software else State.UNPROVEN  # CI draws in software
    return Finding("OpenGL (EGL)", state, said, needed=False)


def check_ros() -> Finding:
    """Where rclpy comes from: the wheels (proven) or a ROS installation."""
    code = (
        "import rclpy, sensor_msgs.msg, diagnostic_msgs.msg, std_msgs.msg, geometry_msgs.msg;"
        "rclpy.init(); rclpy.shutdown(); print(rclpy.__file__)"
    )
    ok, said = run_child(code)
    if not ok:
        mend = (
            f"{sys.executable} -m pip install ros-rclpy ros-rmw-fastrtps-cpp ros-common-interfaces"
        )
        return Finding("rclpy", State.MISSING, said, mend)
    if Path(said).is_relative_to(sys.prefix):
        return Finding("rclpy", State.OK, f"wheels, {_version('ros-rclpy')}")
    distribution = os.environ.get("ROS_DISTRO", "unknown distribution")
    return Finding("rclpy", State.UNPROVEN, f"ROS {distribution}: {said}")


def check_crtk_msgs() -> Finding:
    """Only needed beside dVRK software."""
    if importlib.util.find_spec("crtk_msgs") is not None:
        return Finding("crtk_msgs", State.OK, "importable", needed=False)
    detail = "not built: operating_state and state_command exist as std/... only"
    return Finding("crtk_msgs", State.MISSING, detail, "make crtk-msgs", needed=False)


def check_dds_profile() -> Finding:
    """The shared-memory segment must hold several images, or most of them are lost."""
    name = os.environ.get("FASTDDS_DEFAULT_PROFILES_FILE", "")
    try:
        path = Path(name) if name else config_file("fastdds.xml")
        root = ElementTree.parse(path).getroot()
    except (ConfigurationError, OSError, ElementTree.ParseError) as error:
        mend = "unset FASTDDS_DEFAULT_PROFILES_FILE" if name else "reinstall trocar"
        return Finding("DDS profile", State.MISSING, str(error), mend)
    sizes = [int(e.text or 0) for e in root.iter() if e.tag.endswith("segment_size")]
    if max(sizes, default=0) < 4 * IMAGE_BYTES:
        detail = f"{path}: shared-memory segment too small for images, most will be lost"
        return Finding("DDS profile", State.FALLBACK, detail, "unset FASTDDS_DEFAULT_PROFILES_FILE")
    return Finding("DDS profile", State.OK, f"{path}, {max(sizes) >> 20} MiB shared memory")


def check_priority() -> Finding:
    """SCHED_FIFO for the loop thread; without it some ticks are missed and counted."""
    code = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"
    ok, _ = run_child(code)
    if ok:
        return Finding("real-time priority", State.OK, "SCHED_FIFO allowed", needed=False)
    detail = "not permitted: the loop runs at normal priority, missed ticks are counted"
    mend = "echo '* - rtprio 90' | sudo tee /etc/security/limits.d/trocar.conf; log in again"
    return Finding("real-time priority", State.FALLBACK, detail, mend, needed=False)


def check_shared_memory() -> Finding:
    """Free space in /dev/shm."""
    try:
        info = os.statvfs("/dev/shm")
    except OSError as error:
        return Finding("/dev/shm", State.MISSING, str(error), "mount -t tmpfs tmpfs /dev/shm")
    free = info.f_bavail * info.f_frsize >> 20
    if free < SHARED_MEMORY_MIB:
        mend = "sudo mount -o remount,size=512M /dev/shm (in a container: --shm-size=512m)"
        return Finding(
            "/dev/shm", State.MISSING, f"{free} MiB free, {SHARED_MEMORY_MIB} needed", mend
        )
    return Finding("/dev/shm", State.OK, f"{free} MiB free")


def check_cores() -> Finding:
    """Two cores carry the whole system; one was never tried."""
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    state = State.OK if cores >= 2 else State.UNPROVEN
    return Finding("cores", state, f"{cores}, load average {load:.1f}", needed=False)


def check_port(port: int) -> Finding:
    """The console's port; the next free one is taken where it is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            detail = f"{error.strerror}: the console takes the next free one"
            return Finding(
                f"port {port}", State.FALLBACK, detail, "trocar run --port N", needed=False
            )
    return Finding(f"port {port}", State.OK, "free", needed=False)


def check_executables() -> Finding:
    """What ros2 launch needs; `trocar launch` does not."""
    folder = prefix() / "lib" / PACKAGE
    missing = [name for name in MODULES if not (folder / name).is_file()]
    if not missing:
        return Finding("ros2 launch", State.UNPROVEN, f"executables in {folder}", needed=False)
    detail = f"{', '.join(missing)} not in {folder}"
    mend = f"pip install trocar, then {sys.executable} -m trocar.app.libexec"
    return Finding("ros2 launch", State.MISSING, detail, mend, needed=False)


def check_chromium() -> Finding:
    """For the browser test."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return Finding("chromium", State.OK, f"{path} (tests only)", needed=False)
    mend = "sudo apt-get install -y chromium"
    return Finding("chromium", State.MISSING, "only the browser test needs it", mend, needed=False)


def check_torch() -> Finding:
    """For training only."""
    if importlib.util.find_spec("torch") is not None:
        return Finding("torch", State.OK, _version("torch"), needed=False)
    mend = "make setup EXTRAS=train (downloads 0.2 GB, with CUDA 2.5 GB)"
    return Finding("torch", State.MISSING, "only training needs it", mend, needed=False)


def check_anatomy() -> Finding:
    """For `trocar sim import` and `trocar sim phantom` only."""
    modules = ("SimpleITK", "skimage", "trimesh", "fast_simplification")
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if not missing:
        return Finding("anatomy", State.OK, ", ".join(modules), needed=False)
    what = f"{', '.join(missing)}: only trocar sim import and phantom need it"
    return Finding("anatomy", State.MISSING, what, "make setup EXTRAS=anatomy", needed=False)
