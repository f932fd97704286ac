// SPDX-License-Identifier: Apache-2.0
/// The compiled core as a Python module; its types are written down in trocar/_core.pyi.
#include "bindings.hpp"

namespace py = pybind11;

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
  m.doc() = "Trocar's compiled core: kinematics, dynamics, arm, loop and seam.";
  bind_kinematics(m);
  bind_chain(m);
  bind_models(m);
  bind_dynamics(m);
  bind_tissue(m);
  bind_qp(m);
  bind_regressor(m);
  bind_chain_dynamics(m);
  bind_control(m);
  bind_shaping(m);
  bind_trajectory(m);
#ifdef TROCAR_HAS_ARM
  bind_arm(m);
#endif
#ifdef TROCAR_HAS_LOOP
  bind_loop(m);
  bind_plant(m);
  bind_plant_control(m);
#endif
}
