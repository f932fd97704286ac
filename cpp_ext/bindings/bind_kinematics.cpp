// SPDX-License-Identifier: Apache-2.0
/// Kinematics of the PSM and its limits.
#include <pybind11/native_enum.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "trocar/ik.hpp"
#include "trocar/kinematics.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

py::array_t<double> link_frames(const py::object& q) {
  const psm::LinkFrames frames = psm::link_frames(bindings::vector_in<kNumJoints>(q, "q"));
  py::array_t<double> out({static_cast<int>(frames.size()), 4, 4});
  for (std::size_t i = 0; i < frames.size(); ++i) {
    Eigen::Map<Eigen::Matrix<double, 4, 4, Eigen::RowMajor>>(out.mutable_data(i)) =
        frames[i].matrix();
  }
  return out;
}

psm::IkResult inverse_kinematics(const py::object& T_base_cp, const py::object& q_seed) {
  const Mat4 T = bindings::matrix_in<4, 4>(T_base_cp, "T_base_cp");
  Transform goal = Transform::from_matrix(T);
  if (!(T.row(3) == Eigen::RowVector4d(0.0, 0.0, 0.0, 1.0))) goal.R.setZero();  // no rigid pose
  return psm::inverse_kinematics(goal, bindings::vector_in<kNumJoints>(q_seed, "q_seed"));
}

/// Read-only (7,) array of a constant of the model.
py::array_t<double> constant(const psm::Axes& values) {
  py::array_t<double> a = bindings::array_out(psm::vector(values));
  a.attr("setflags")(py::arg("write") = false);
  return a;
}

}  // namespace

void bind_kinematics(py::module_& m) {
  m.attr("NUM_JOINTS") = kNumJoints;
  m.attr("NUM_AXES") = kNumAxes;
  m.attr("TICK_NS") = kTickNs;
  m.attr("Q_MIN") = constant(psm::kQMin);
  m.attr("Q_MAX") = constant(psm::kQMax);
  m.attr("EFFORT_MAX") = constant(psm::kEffortMax);
  m.attr("VELOCITY_MAX") = constant(psm::kVelocityMax);
  m.attr("ACCELERATION_MAX") = constant(psm::kAccelerationMax);

  py::native_enum<psm::IkStatus>(m, "IkStatus", "enum.IntEnum", "What became of an IK request.")
      .value("OK", psm::IkStatus::kOk)
      .value("OUT_OF_REACH", psm::IkStatus::kOutOfReach)
      .value("NEAR_RCM", psm::IkStatus::kNearRcm)
      .value("OUTSIDE_LIMITS", psm::IkStatus::kOutsideLimits)
      .finalize();

  py::class_<psm::IkResult>(m, "IkResult",
                            "Joints (6,), finite and inside the limits, and a status.")
      .def_property_readonly("q", [](const psm::IkResult& r) { return bindings::array_out(r.q); })
      .def_readonly("status", &psm::IkResult::status);

  m.def(
      "psm_fk",
      [](const py::object& q) {
        const Vec6 joints = bindings::vector_in<kNumJoints>(q, "q");
        return bindings::array_out(psm::forward_kinematics(joints).matrix());
      },
      py::arg("q"), "T_base_cp (4, 4) of joints q (6,) in rad, insertion in m.");
  m.def("psm_link_frames", &link_frames, py::arg("q"),
        "Frames (7, 4, 4) in the base frame: DH rows 1..6, then the tool frame.");
  m.def(
      "psm_jacobian",
      [](const py::object& q) {
        return bindings::array_out(psm::jacobian(bindings::vector_in<kNumJoints>(q, "q")));
      },
      py::arg("q"), "Jacobian (6, 6): twist (linear, angular) of the control point, base axes.");
  m.def("psm_ik", &inverse_kinematics, py::arg("T_base_cp"), py::arg("q_seed"),
        "Closed-form IK of T_base_cp (4, 4), seed (6,); the roll is the turn nearest the seed's.");
}
