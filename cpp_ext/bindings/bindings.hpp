// SPDX-License-Identifier: Apache-2.0
/// The parts of the module, one per file bind_<part>.cpp.
#pragma once

#include <pybind11/pybind11.h>

void bind_kinematics(pybind11::module_& m);
void bind_chain(pybind11::module_& m);
void bind_models(pybind11::module_& m);
void bind_dynamics(pybind11::module_& m);
void bind_qp(pybind11::module_& m);
void bind_regressor(pybind11::module_& m);
void bind_chain_dynamics(pybind11::module_& m);
void bind_control(pybind11::module_& m);
void bind_shaping(pybind11::module_& m);
void bind_trajectory(pybind11::module_& m);
void bind_arm(pybind11::module_& m);
void bind_loop(pybind11::module_& m);
void bind_plant(pybind11::module_& m);
void bind_plant_control(pybind11::module_& m);
void bind_tissue(pybind11::module_& m);
