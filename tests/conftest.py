# SPDX-License-Identifier: Apache-2.0
"""What every test session shares: a ROS domain of its own, the source tree for child processes."""

import os
import signal
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# Set before anything imports rclpy or starts a child.
# Valid domains on Linux are 0..101; sessions side by side must not hear each other.
os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
os.environ.setdefault("ROS_LOG_DIR", tempfile.mkdtemp(prefix="trocar-ros-log-"))
os.environ.setdefault("RCUTILS_COLORIZED_OUTPUT", "0")
profile = ROOT / "launch/config/fastdds.xml"
if profile.is_file():
    os.environ.setdefault("FASTDDS_DEFAULT_PROFILES_FILE", str(profile))
paths = [str(ROOT / "cpp_ext"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(p for p in paths if p))

# A background job of a shell starts with SIGINT ignored, and so would every child: no Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: a shared machine may stall any example.  Derandomised: CI tests the same each time.
settings.register_profile("trocar", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("trocar")


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(20260101)


@pytest.fixture(scope="session")
def root() -> Path:
    """Root of the repository."""
    return ROOT
