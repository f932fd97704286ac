# SPDX-License-Identifier: Apache-2.0
# What measures the core: instruction counts, and races against the libraries found on this machine.
# Each library is a row more; what is missing is printed with the command that brings it.
add_executable(trocar_core_instructions bench/instructions.cpp)
target_link_libraries(trocar_core_instructions PRIVATE trocar_core)

add_executable(trocar_core_compare bench/compare.cpp bench/ours.cpp)
target_link_libraries(trocar_core_compare PRIVATE trocar_core)

# Orocos KDL: Debian's package.
find_path(TROCAR_KDL_INCLUDE_DIR kdl/chainidsolver_recursive_newton_euler.hpp)
find_library(TROCAR_KDL_LIBRARY orocos-kdl)
if(TROCAR_KDL_INCLUDE_DIR AND TROCAR_KDL_LIBRARY)
  target_sources(trocar_core_compare PRIVATE bench/peer_kdl.cpp)
  target_compile_definitions(trocar_core_compare PRIVATE TROCAR_BENCH_KDL)
  target_include_directories(trocar_core_compare SYSTEM PRIVATE "${TROCAR_KDL_INCLUDE_DIR}")
  target_link_libraries(trocar_core_compare PRIVATE "${TROCAR_KDL_LIBRARY}")
else()
  message(STATUS "bench: no KDL; apt-get install liborocos-kdl-dev")
endif()

# Pinocchio: the headers and libraries inside the wheel of the interpreter.
if(Python_Interpreter_FOUND)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
      "import os, sys; print(';'.join(os.path.join(p, 'cmeel.prefix') for p in sys.path))"
    OUTPUT_VARIABLE wheel_prefixes OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
find_path(TROCAR_PINOCCHIO_INCLUDE_DIR pinocchio/algorithm/rnea.hpp HINTS ${wheel_prefixes} PATH_SUFFIXES include)
find_library(TROCAR_PINOCCHIO_LIBRARY pinocchio_default HINTS ${wheel_prefixes} PATH_SUFFIXES lib)
find_library(TROCAR_BOOST_SERIALIZATION boost_serialization HINTS ${wheel_prefixes} PATH_SUFFIXES lib)
if(TROCAR_PINOCCHIO_INCLUDE_DIR AND TROCAR_PINOCCHIO_LIBRARY AND TROCAR_BOOST_SERIALIZATION)
  # A library of its own: the definitions are what Pinocchio's own CMake target asks for, the
  # templates come compiled from its library (its headers alone take a minute and a half).
  add_library(trocar_bench_pinocchio OBJECT bench/peer_pinocchio.cpp)
  target_link_libraries(trocar_bench_pinocchio PRIVATE trocar_flags)
  target_include_directories(trocar_bench_pinocchio SYSTEM PRIVATE "${TROCAR_PINOCCHIO_INCLUDE_DIR}")
  target_compile_options(trocar_bench_pinocchio PRIVATE -Wno-shadow)
  target_compile_definitions(trocar_bench_pinocchio PRIVATE
    BOOST_MPL_LIMIT_LIST_SIZE=30 BOOST_MPL_LIMIT_VECTOR_SIZE=30
    BOOST_MPL_CFG_NO_PREPROCESSED_HEADERS BOOST_FUSION_INVOKE_MAX_ARITY=12
    PINOCCHIO_ENABLE_TEMPLATE_INSTANTIATION)
  target_compile_definitions(trocar_core_compare PRIVATE TROCAR_BENCH_PINOCCHIO)
  target_link_libraries(trocar_core_compare PRIVATE
    trocar_bench_pinocchio "${TROCAR_PINOCCHIO_LIBRARY}" "${TROCAR_BOOST_SERIALIZATION}")
  get_filename_component(pinocchio_libraries "${TROCAR_PINOCCHIO_LIBRARY}" DIRECTORY)
  set_target_properties(trocar_core_compare PROPERTIES BUILD_RPATH "${pinocchio_libraries}")
else()
  message(STATUS "bench: no Pinocchio; pip install pin")
endif()

# Campaigns over our own promises; no peer in it.
file(GLOB campaign_sources CONFIGURE_DEPENDS bench/*campaign*.cpp)
add_executable(trocar_core_campaigns bench/allocations.cpp ${campaign_sources})
target_link_libraries(trocar_core_campaigns PRIVATE trocar_core)
