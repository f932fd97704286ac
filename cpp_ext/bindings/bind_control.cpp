// SPDX-License-Identifier: Apache-2.0
/// Control laws and their gains.
#include <pybind11/native_enum.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "trocar/controller_settings.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

/// Property over a std::array: reads as a writable view, assigns with a shape check.
template <auto Member>
void bind_gains(py::class_<ControllerSettings>& c, const char* name, const char* doc) {
  using Gains = std::remove_reference_t<decltype(std::declval<ControllerSettings&>().*Member)>;
  constexpr int kSize = static_cast<int>(std::tuple_size_v<Gains>);
  using Vector = Eigen::Matrix<double, kSize, 1>;
  c.def_property(
      name,
      [](const py::object& self) {
        Gains& gains = self.cast<ControllerSettings&>().*Member;
        return py::array_t<double>(kSize, gains.data(), self);
      },
      [name](ControllerSettings& self, const py::object& value) {
        Eigen::Map<Vector>((self.*Member).data()) = bindings::vector_in<kSize>(value, name);
      },
      doc);
}

}  // namespace

void bind_control(py::module_& m) {
  py::native_enum<ControlMode>(m, "ControlMode", "enum.IntEnum", "Which law drives the arm.")
      .value("COMPUTED_TORQUE", ControlMode::kComputedTorque)
      .value("JOINT_PD", ControlMode::kJointPd)
      .value("IMPEDANCE", ControlMode::kImpedance)
      .finalize();
  py::class_<ControllerSettings> c(
      m, "ControllerSettings",
      "A control law and its gains, for Arm.set_controller; limits in controller_settings.hpp.");
  c.def(py::init([](ControlMode mode) {
          ControllerSettings s;
          s.mode = mode;
          return s;
        }),
        py::arg("mode") = ControlMode::kComputedTorque);
  c.def_readwrite("mode", &ControllerSettings::mode, "The law.");
  bind_gains<&ControllerSettings::kp>(c, "kp", "(7,) N m/rad, insertion N/m, of JOINT_PD.");
  bind_gains<&ControllerSettings::kd>(c, "kd", "(7,) N m s/rad, insertion N s/m, of JOINT_PD.");
  bind_gains<&ControllerSettings::stiffness>(
      c, "stiffness", "(6,) N/m, N m/rad, base axes at the control point, of IMPEDANCE.");
  c.def_readwrite("damping_ratio", &ControllerSettings::damping_ratio,
                  "Of every mode of IMPEDANCE, 0.3 to 1.5 (Albu-Schaeffer 2003).")
      .def_readwrite("friction_share", &ControllerSettings::friction_share,
                     "Of the modelled friction that IMPEDANCE takes off the motion, 0 to 0.9.");
}
