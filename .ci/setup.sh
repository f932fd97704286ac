#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes .venv with everything Trocar needs and builds the C++ core; `make setup`, `make run` and
# `make test` call it.   usage: .ci/setup.sh run|test|bench
# Idempotent: a stamp keyed by the hashes of the inputs makes a second call instant.
# PYTHON=... chooses the interpreter, VENV=... the folder, EXTRAS=train adds PyTorch, EXTRAS=anatomy
# what `trocar sim import` reads volumes with, EXTRAS=gym Gymnasium (the level test has both).
set -eu
cd "$(dirname "$0")/.."
level=${1:-run}
venv=${VENV:-.venv}
extras=${EXTRAS:-}
say() { echo "setup: $*"; }
stop() {
  echo "setup: $*" >&2
  exit 1
}

is_supported() { "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; }

# --- the interpreter: one that has a ROS of its own first, then the best tested one ------------
system_ros=no
if [ -n "${PYTHON:-}" ]; then
  python=$PYTHON
elif [ -z "${_ROS_WHEELS_BOOTSTRAP_COMPLETE:-}" ] && python3 -c 'import rclpy' 2>/dev/null && is_supported python3; then
  python=python3
else
  python=
  for candidate in python3.11 python3.12 python3.10 python3; do
    if is_supported "$candidate"; then
      python=$candidate
      break
    fi
  done
fi
[ -n "$python" ] || stop "no Python 3.10, 3.11 or 3.12 found; install one (apt-get install python3 python3-venv python3-dev) or name it: make setup PYTHON=/path/to/python3.11"
is_supported "$python" || stop "$python is not Python 3.10, 3.11 or 3.12; name another: make setup PYTHON=/path/to/python3.11"
"$python" -c 'import rclpy, sys; sys.exit("site-packages" in rclpy.__file__ and sys.prefix in rclpy.__file__)' 2>/dev/null && system_ros=yes
python=$("$python" -c 'import sys; print(sys.executable)')
version=$("$python" -c 'import sys; print("%d%d" % sys.version_info[:2])')
constraints=constraints/py$version.txt

# --- nothing to do? ---------------------------------------------------------------------------
key() { # of packages; the core has its own
  { echo "$python $system_ros $level $extras"; cat setup.py setup.cfg pyproject.toml .ci/setup.sh "$constraints"; } | cksum
}
core_key() {
  { cat setup.py; find cpp_ext -name tests -prune -o \( -name '*.[ch]pp' -o -name CMakeLists.txt \) -type f -print | LC_ALL=C sort | xargs cat; } | cksum
}
stamp=$venv/.trocar-$level
core_stamp=$venv/.trocar-core
has_core() { ls cpp_ext/trocar/_core*.so >/dev/null 2>&1; }
packages_ready() { [ -x "$venv/bin/python" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(key)" ]; }
core_ready() { has_core && [ -f "$core_stamp" ] && [ "$(cat "$core_stamp")" = "$(core_key)" ]; }
if packages_ready && core_ready; then
  exit 0
fi

# --- system packages ----------------------------------------------------------------------------
if ! packages_ready; then
  wanted="libegl1 libgl1 libgl1-mesa-dri"
  [ "$level" = test ] && wanted="$wanted doctest-dev chromium valgrind"
  [ "$level" = bench ] && wanted="$wanted liborocos-kdl-dev valgrind"
  missing=
  # Ask for the thing itself before asking for the package that brings it on Debian.
  has_file() { # any of them
    for file in "$@"; do [ -e "$file" ] && return 0; done
    return 1
  }
  has_library() { ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }
  for package in $wanted; do
    case $package in
      libegl1) has_library libEGL.so.1 || missing="$missing $package" ;;
      libgl1) has_library libGL.so.1 || missing="$missing $package" ;;
      libgl1-mesa-dri) has_file /usr/lib/*/dri/swrast_dri.so /usr/lib/*/libgallium*.so /usr/lib64/dri/swrast_dri.so || missing="$missing $package" ;;
      valgrind) command -v valgrind >/dev/null 2>&1 || missing="$missing $package" ;;
      liborocos-kdl-dev) has_file /usr/include/kdl/chain.hpp || missing="$missing $package" ;;
      doctest-dev) [ -f /usr/include/doctest/doctest.h ] || missing="$missing $package" ;;
      chromium) command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || missing="$missing $package" ;;
    esac
  done
  # Needed for a virtual environment and for compiling; without them nothing goes on.
  "$python" -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
  include=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
  [ -f "$include/Python.h" ] || missing="$missing python3-dev"
  command -v "${CXX:-g++}" >/dev/null 2>&1 || missing="$missing g++"
  if [ -n "$missing" ]; then
    line="apt-get install -y --no-install-recommends$missing"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
      say "installing system packages:$missing"
      { apt-get update -qq && DEBIAN_FRONTEND=noninteractive $line -qq; } >/dev/null || say "could not install them; type: $line"
    else
      say "missing system packages; type: sudo $line"
    fi
  fi
  "$python" -c 'import ensurepip' 2>/dev/null || stop "$python cannot make a virtual environment (module ensurepip); type: sudo apt-get install -y python3-venv"
  [ -f "$include/Python.h" ] || stop "Python.h is missing ($include); type: sudo apt-get install -y python3-dev, or the -dev package of your Python"
  command -v "${CXX:-g++}" >/dev/null 2>&1 || stop "no C++ compiler; type: sudo apt-get install -y g++"
  has_library libEGL.so.1 || say "no EGL library: the endoscope will be drawn by TinyRenderer at 320x240, 10 Hz"
fi

# --- Python packages ----------------------------------------------------------------------------
# A child of another environment's Python must not inherit that one's ROS libraries.
if [ "$system_ros" = no ]; then
  unset _ROS_WHEELS_BOOTSTRAP_COMPLETE LD_LIBRARY_PATH
fi
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }
if ! packages_ready; then
  if [ ! -x "$venv/bin/python" ] || [ "$("$venv/bin/python" -c 'import sys; print("%d%d" % sys.version_info[:2])')" != "$version" ]; then
    say "making $venv with $python"
    if [ "$system_ros" = yes ]; then
      "$python" -m venv --clear --system-site-packages "$venv"
    else
      "$python" -m venv --clear "$venv"
    fi
  fi
  sets=$level
  groups="ros"
  pins=$venv/constraints.txt
  cp "$constraints" "$pins"
  if [ "$system_ros" = yes ]; then
    groups=
    # ROS's compiled messages want the numpy they were built with; what depends on it may move too.
    numpy=$("$python" -c 'import numpy; print(numpy.__version__)')
    grep -v -i -E '^(numpy|scipy|opencv-python-headless)==' "$constraints" >"$pins"
    echo "numpy==$numpy" >>"$pins"
    say "using the ROS of $python, numpy $numpy (a combination CI has not proven: see trocar doctor)"
  fi
  [ "$sets" = test ] && groups="$groups test lint anatomy gym"
  [ "$sets" = bench ] && groups="$groups bench"
  case " $extras " in *" train "*)
    say "PyTorch: about 0.2 GB (CPU) to 2.5 GB (CUDA) to download"
    groups="$groups train" ;;
  esac
  case " $extras " in *" anatomy "*) groups="$groups anatomy" ;; esac
  case " $extras " in *" gym "*) groups="$groups gym" ;; esac
  [ "$version" = 312 ] && say "pybullet has no wheel for Python 3.12 and compiles from source: 5 to 15 minutes"
  say "installing packages with $constraints (about 0.7 GB; a few minutes)"
  pip install -q -c "$pins" --upgrade pip >/dev/null 2>&1 || true
  pip install -q -c "$pins" 'setuptools<80' wheel pybind11 cmake ninja cmeel-eigen
  # Names come from setup.py, versions from the constraints.
  "$venv/bin/python" .ci/requirements.py $groups >"$venv/requirements.txt"
  pip install -q -c "$pins" -r "$venv/requirements.txt"
fi

# --- the C++ core and the package itself ----------------------------------------------------------
if ! core_ready; then
  say "building the C++ core"
  mkdir -p build
  if ! "$venv/bin/python" setup.py -q build_ext --inplace >build/core.log 2>&1; then
    tail -n 30 build/core.log >&2
    stop "the C++ core did not build (build/core.log)"
  fi
  core_key >"$core_stamp"
fi
if ! packages_ready; then
  say "installing trocar (editable)"
  # The extension was just built; pip finds it up to date.
  pip install -q --no-build-isolation --no-deps -e . >build/install.log 2>&1 || {
    tail -n 30 build/install.log >&2
    stop "pip install -e . failed (build/install.log)"
  }
  "$venv/bin/python" -m trocar.app.libexec
  key >"$stamp"
fi
say "ready ($venv, Python $("$venv/bin/python" -c 'import platform; print(platform.python_version())'))"
