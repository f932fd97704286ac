// SPDX-License-Identifier: Apache-2.0
/// The known arms as data, and the closed-form IK of the ECM.
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include "batch.hpp"
#include "bindings.hpp"
#include "trocar/ecm_ik.hpp"
#include "trocar/models.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

/// What one arm is, as plain Python values; `trocar.models` makes its dataclass of it.
py::dict as_dict(const ArmModel& m) {
  py::list names, tips;
  py::array_t<double> acceleration(m.size);
  for (int i = 0; i < m.size; ++i) {
    names.append(m.joint_names[static_cast<std::size_t>(i)]);
    acceleration.mutable_at(i) = m.acceleration_max[static_cast<std::size_t>(i)];
  }
  for (const TipFrame& tip : m.tips) {
    // Relative to the chain's tip, which is the first frame.
    if (tip.name[0] != '\0') tips.append(py::make_tuple(tip.name, tip.z - m.tips[0].z));
  }
  py::dict d;
  d["name"] = m.name;
  d["description"] = m.description;
  d["chain"] = chain_of(m);
  d["joint_names"] = names;
  d["acceleration_max"] = acceleration;
  d["tips"] = tips;
  d["grip"] = py::none();
  if (m.grip.name[0] != '\0') {
    d["grip"] = py::make_tuple(m.grip.name, m.grip.q_min, m.grip.q_max, m.grip.velocity_max,
                               m.grip.acceleration_max, m.grip.effort_max);
  }
  d["coupling"] = py::none();
  d["coupling_inverse"] = py::none();
  if (m.coupling != Coupling::kNotGiven) {
    const int n = m.size + (m.coupling == Coupling::kNeedleDriver ? 1 : 0);  // the jaw's disc
    const CouplingMatrix C = joint_from_motor(m.coupling), D = motor_from_joint(m.coupling);
    py::array_t<double> forward({n, n}), backward({n, n});
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < n; ++j) {
        forward.mutable_at(i, j) = C(i, j);
        backward.mutable_at(i, j) = D(i, j);
      }
    }
    d["coupling"] = forward;
    d["coupling_inverse"] = backward;
  }
  return d;
}

ecm::IkResult ecm_ik(const py::object& T_base_camera, const py::object& q_seed, ecm::Scope scope) {
  const bindings::ArrayIn T = bindings::shaped_in<2>(T_base_camera, "T_base_camera", {4, 4});
  return ecm::inverse_kinematics(bindings::pose_in(T.data()),
                                 bindings::vector_in<4>(q_seed, "q_seed"), scope);
}

}  // namespace

void bind_models(py::module_& m) {
  py::native_enum<ecm::Scope>(m, "Scope", "enum.IntEnum",
                              "The endoscope: straight, or 30 deg up or down.")
      .value("STRAIGHT", ecm::Scope::kStraight)
      .value("UP", ecm::Scope::kUp)
      .value("DOWN", ecm::Scope::kDown)
      .finalize();
  m.def(
      "arm_models",
      [] {
        py::list models;
        for (const ArmModel& model : arm_models()) models.append(as_dict(model));
        return models;
      },
      "The known arms as dictionaries; `trocar.models` is their face.");

  py::class_<ecm::IkResult>(m, "EcmIkResult",
                            "Joints (4,), finite and inside the limits, a status, and the angle "
                            "(rad) by which four joints miss the orientation.")
      .def_property_readonly("q", [](const ecm::IkResult& r) { return bindings::array_out(r.q); })
      .def_readonly("status", &ecm::IkResult::status)
      .def_readonly("rotation_error", &ecm::IkResult::rotation_error);
  m.def("ecm_ik", &ecm_ik, py::arg("T_base_camera"), py::arg("q_seed"), py::arg("scope"),
        "Closed-form IK of the ECM: pose (4, 4), seed (4,).  OUT_OF_REACH: four joints cannot hold "
        "the pose; q then has its position and the nearest orientation.");
}
