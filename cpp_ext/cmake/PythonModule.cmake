# SPDX-License-Identifier: Apache-2.0
# The module `_core` for the interpreter Python_EXECUTABLE; pybind11 comes from that interpreter.
if(NOT Python_Interpreter_FOUND)
  message(FATAL_ERROR " trocar: no Python interpreter; give -DPython_EXECUTABLE=<python>")
endif()
execute_process(
  COMMAND "${Python_EXECUTABLE}" -c "import sysconfig; print(sysconfig.get_path('include'))"
  OUTPUT_VARIABLE python_include OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT EXISTS "${python_include}/Python.h")
  message(FATAL_ERROR " trocar: Python.h is missing (looked in ${python_include}); install the "
    "development package: apt-get install python${Python_VERSION_MAJOR}.${Python_VERSION_MINOR}-dev")
endif()
execute_process(
  COMMAND "${Python_EXECUTABLE}" -c "import pybind11; print(pybind11.get_cmake_dir())"
  OUTPUT_VARIABLE pybind11_dir OUTPUT_STRIP_TRAILING_WHITESPACE
  ERROR_QUIET RESULT_VARIABLE pybind11_missing)
if(pybind11_missing)
  message(FATAL_ERROR " trocar: pybind11 is missing for ${Python_EXECUTABLE}; pip install 'pybind11>=3'")
endif()
find_package(Python COMPONENTS Interpreter Development.Module REQUIRED)
set(PYBIND11_FINDPYTHON ON)
find_package(pybind11 3 CONFIG REQUIRED PATHS "${pybind11_dir}" NO_DEFAULT_PATH)

pybind11_add_module(_core MODULE NO_EXTRAS ${binding_sources})
target_link_libraries(_core PRIVATE trocar_core)
set_target_properties(_core PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${TROCAR_OUTPUT_DIR}")
foreach(part arm loop)  # the arm and the loop join the module as soon as their bindings exist
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/bindings/bind_${part}.cpp")
    string(TOUPPER ${part} part_upper)
    target_compile_definitions(_core PRIVATE TROCAR_HAS_${part_upper})
  endif()
endforeach()
