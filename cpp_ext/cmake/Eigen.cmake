# SPDX-License-Identifier: Apache-2.0
# Sets TROCAR_EIGEN_INCLUDE_DIR: given, from the cmeel-eigen wheel of the interpreter, or the system's.
find_package(Python COMPONENTS Interpreter QUIET)
if(NOT TROCAR_EIGEN_INCLUDE_DIR AND Python_Interpreter_FOUND)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
      "import os, sys; print(';'.join(os.path.join(p, 'cmeel.prefix/include/eigen3') for p in sys.path))"
    OUTPUT_VARIABLE wheel_dirs OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
find_path(TROCAR_EIGEN_INCLUDE_DIR Eigen/Core HINTS ${wheel_dirs} PATH_SUFFIXES eigen3)
if(NOT TROCAR_EIGEN_INCLUDE_DIR)
  message(FATAL_ERROR " trocar: Eigen 3 headers are missing; `pip install cmeel-eigen` or "
    "`apt-get install libeigen3-dev`, or give -DTROCAR_EIGEN_INCLUDE_DIR=<folder with Eigen/Core>")
endif()
