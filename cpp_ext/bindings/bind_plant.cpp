// SPDX-License-Identifier: Apache-2.0
/// Simulated arms: what they are made of, and the plant.
#include <pybind11/stl.h>

#include "bindings.hpp"
#include "exclusive.hpp"
#include "shared_plant.hpp"

namespace py = pybind11;
using namespace trocar;

void bind_plant_model(py::module_& m);

namespace {

using bindings::Exclusive;
using bindings::refuse;
using bindings::SharedPlant;
using SharedClass = py::class_<SharedPlant, std::shared_ptr<SharedPlant>>;

/// Joints within the stops, else ConfigurationError naming the joint.
ChainVec joints_in(const std::string& name, const PlantModel& model, const py::object& q) {
  const ChainVec v = bindings::axes_in(name, q, "q", model.size());
  for (int i = 0; i < model.size(); ++i) {
    if (v[i] >= model.stop_low[i] && v[i] <= model.stop_high[i]) continue;  // NaN is outside
    refuse(name, model.names[static_cast<std::size_t>(i)] + " is " + bindings::number_text(v[i]) +
                     ", allowed " + bindings::number_text(model.stop_low[i]) + " to " +
                     bindings::number_text(model.stop_high[i]) + " (the stops)");
  }
  return v;
}

std::shared_ptr<SharedPlant> make(const PlantModel& model, const py::object& T_world_base,
                                  const py::object& q, const std::string& name, std::uint64_t seed,
                                  const py::object& count, const py::object& noise,
                                  const py::object& velocity_noise, const py::object& bias,
                                  const py::object& stiffness, const py::object& backlash,
                                  double settling_s) {
  const int n = model.size();
  EncoderSettings encoders;
  encoders.count = bindings::finite_axes_in(name, count, "count", n, 0.0);
  encoders.noise = bindings::finite_axes_in(name, noise, "noise", n, 0.0);
  encoders.velocity_noise =
      bindings::finite_axes_in(name, velocity_noise, "velocity_noise", n, 0.0);
  encoders.bias = bindings::finite_axes_in(name, bias, "bias", n);
  DriveSettings drive;
  drive.stiffness = bindings::finite_axes_in(name, stiffness, "stiffness", n, 0.0);
  drive.backlash = bindings::finite_axes_in(name, backlash, "backlash", n, 0.0);
  drive.settling_s = settling_s;
  if (!(settling_s > 0.0) || !std::isfinite(settling_s)) {
    refuse(name, "settling_s is " + bindings::number_text(settling_s) + ", allowed finite and > 0");
  }
  return std::make_shared<SharedPlant>(name, model, bindings::base_in(name, T_world_base),
                                       joints_in(name, model, q), encoders, drive, seed);
}

py::array_t<double> out(const SharedPlant& s, const ChainVec& v) {
  return bindings::chain_vec_out(v, s.plant.size());
}

/// Property (n,) of the plant.
template <const ChainVec& (ArmPlant::*Get)() const>
py::array_t<double> axes_of(const SharedPlant& s) {
  const Exclusive exclusive(s.mutex);
  return out(s, (s.plant.*Get)());
}

py::tuple measure(SharedPlant& s) {
  const Exclusive exclusive(s.mutex);
  const MeasuredJoints m = s.plant.measure();
  return py::make_tuple(out(s, m.q), out(s, m.qd), out(s, m.tau));
}

[[noreturn]] void raise_unstable(const SharedPlant& s) {
  bindings::raise_error("UnstablePlantError", bindings::unstable_text(s));
}

void step(SharedPlant& s, const PlantOutput& output) {
  if (s.plant.size() != kNumAxes) refuse(s.name, "step: the seam's output is for seven axes");
  const Exclusive exclusive(s.mutex);
  if (!s.plant.step(output)) raise_unstable(s);
}

void step_torque(SharedPlant& s, const py::object& torque, bool brake) {
  const ChainVec tau = bindings::axes_in(s.name, torque, "torque", s.plant.size());
  const Exclusive exclusive(s.mutex);
  if (!s.plant.step(tau, brake)) raise_unstable(s);
}

Vec3 wrench_part(const SharedPlant& s, const py::object& object, const char* what) {
  Vec3 v = Vec3::Zero();
  try {
    v = bindings::vector_in<3>(object, what);
  } catch (const py::value_error& error) {
    refuse(s.name, std::string("apply_wrench: ") + error.what());
  }
  if (!v.allFinite()) {
    std::string numbers;
    for (const double x : v) numbers += " " + bindings::number_text(x);
    refuse(s.name, "apply_wrench: " + std::string(what) + " is" + numbers +
                       ", allowed three finite numbers");
  }
  return v;
}

void apply_wrench(SharedPlant& s, const py::object& force, const py::object& torque, double grip) {
  const PlantLoad load{wrench_part(s, force, "force"), wrench_part(s, torque, "torque"), grip};
  const bool may_grip = s.plant.model().grip_axis >= 0 || grip == 0.0;
  if (!std::isfinite(grip) || !may_grip) {
    refuse(s.name, "apply_wrench: grip is " + bindings::number_text(grip) +
                       ", allowed finite, and 0 for an arm without a jaw");
  }
  const Exclusive exclusive(s.mutex);
  s.plant.set_load(load);
}

py::array_t<double> mass_out(const SharedPlant& s) {
  const Exclusive exclusive(s.mutex);
  const ChainMatrix M = s.plant.rigid_mass_matrix();
  const int n = s.plant.size();
  py::array_t<double> a({n, n});
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) a.mutable_at(i, j) = M(i, j);
  }
  return a;
}

py::array_t<double> frames_out(const SharedPlant& s) {
  const Exclusive exclusive(s.mutex);
  const int n = s.plant.size();
  py::array_t<double> a({n + 1, 4, 4});
  for (int i = 0; i < n; ++i) bindings::pose_out(s.plant.T_world_link(i), a.mutable_data(i));
  bindings::pose_out(s.plant.T_world_cp(), a.mutable_data(n));
  return a;
}

constexpr double kMostJump = 10.0;  // rad, m

/// One number an axis within [low, high]; None is `healthy`.
ChainVec fault_in(const SharedPlant& s, const py::object& values, const char* what, double healthy,
                  double low, double high) {
  if (values.is_none()) return ChainVec::Constant(healthy);
  const ChainVec v = bindings::axes_in(s.name, values, what, s.plant.size());
  for (int i = 0; i < s.plant.size(); ++i) {
    if (v[i] >= low && v[i] <= high) continue;  // NaN is outside
    refuse(s.name, std::string(what) + " of " + s.plant.model().names[static_cast<std::size_t>(i)] +
                       " is " + bindings::number_text(v[i]) + ", allowed " +
                       bindings::number_text(low) + " to " + bindings::number_text(high));
  }
  return v;
}

void set_faults(SharedPlant& s, const py::object& encoder_jump, const py::object& effort_share,
                const py::object& cable_slip, const py::object& is_stuck) {
  PlantFaults f;
  f.encoder_jump = fault_in(s, encoder_jump, "encoder_jump", 0.0, -kMostJump, kMostJump);
  f.effort_share = fault_in(s, effort_share, "effort_share", 1.0, 0.0, 1.0);
  f.cable_slip = fault_in(s, cable_slip, "cable_slip", 0.0, -kMostJump, kMostJump);
  const ChainVec stuck = fault_in(s, is_stuck, "is_stuck", 0.0, 0.0, 1.0);
  for (int i = 0; i < s.plant.size(); ++i) {
    f.is_stuck[static_cast<std::size_t>(i)] = stuck[i] != 0.0;
  }
  const Exclusive exclusive(s.mutex);
  s.plant.faults() = f;
}

py::dict faults_out(const SharedPlant& s) {
  const Exclusive exclusive(s.mutex);
  const PlantFaults& f = s.plant.faults();
  py::array_t<bool> stuck(s.plant.size());
  for (int i = 0; i < s.plant.size(); ++i) {
    stuck.mutable_at(i) = f.is_stuck[static_cast<std::size_t>(i)];
  }
  py::dict d;
  d["encoder_jump"] = out(s, f.encoder_jump);
  d["effort_share"] = out(s, f.effort_share);
  d["cable_slip"] = out(s, f.cable_slip);
  d["is_stuck"] = stuck;
  return d;
}

void bind_state_of(SharedClass& c) {
  c.def_readonly("name", &SharedPlant::name)
      .def_property_readonly("size", [](const SharedPlant& s) { return s.plant.size(); })
      .def_property_readonly("model", [](const SharedPlant& s) { return s.plant.model(); })
      .def_property_readonly("q_true", &axes_of<&ArmPlant::q_true>, "(n,) of the links.")
      .def_property_readonly("qd_true", &axes_of<&ArmPlant::qd_true>, "(n,) of the links.")
      .def_property_readonly("theta_true", &axes_of<&ArmPlant::theta_true>, "(n,) of the motors.")
      .def_property_readonly("tau_applied", &axes_of<&ArmPlant::tau_applied>,
                             "(n,) N m, N of the motors in the last tick.")
      .def_property_readonly("braked",
                             [](const SharedPlant& s) {
                               const Exclusive exclusive(s.mutex);
                               return s.plant.braked();
                             })
      .def_property_readonly(
          "T_world_base",
          [](const SharedPlant& s) { return bindings::array_out(s.plant.T_world_base().matrix()); })
      .def_property_readonly("T_world_cp",
                             [](const SharedPlant& s) {
                               const Exclusive exclusive(s.mutex);
                               return bindings::array_out(s.plant.T_world_cp().matrix());
                             })
      .def_property_readonly(
          "twist_world_cp",
          [](const SharedPlant& s) {
            const Exclusive exclusive(s.mutex);
            return bindings::array_out(s.plant.twist_world_cp());
          },
          "(6,) linear m/s, angular rad/s of the control point, world axes.")
      .def_property_readonly("faults", &faults_out, "What set_faults last said, (n,) by name.")
      .def("link_frames", &frames_out, "T_world_link (n + 1, 4, 4): every axis, then T_world_cp.")
      .def(
          "external_effort",
          [](const SharedPlant& s) {
            const Exclusive exclusive(s.mutex);
            return out(s, s.plant.external_effort());
          },
          "(n,) N m, N: the applied wrench on each axis.")
      .def(
          "bias_effort",
          [](const SharedPlant& s) {
            const Exclusive exclusive(s.mutex);
            return out(s, s.plant.bias_effort());
          },
          "(n,) N m, N: gravity and Coriolis of the links at the true state.")
      .def("rigid_mass_matrix", &mass_out, "(n, n) of the links alone, without the motors.");
}

}  // namespace

void bind_plant(py::module_& m) {
  bind_plant_model(m);
  const py::object none = py::none();
  SharedClass c(m, "ArmPlant",
                "One simulated arm, 1 ms a step: links, friction, brakes, stops, cables, encoders "
                "(arm_plant.hpp).  Starts at rest, braked.");
  c.def(py::init(&make), py::arg("model"), py::arg("T_world_base"), py::arg("q"), py::kw_only(),
        py::arg("name") = "arm", py::arg("seed") = 0, py::arg("count") = none,
        py::arg("noise") = none, py::arg("velocity_noise") = none, py::arg("bias") = none,
        py::arg("stiffness") = none, py::arg("backlash") = none,
        py::arg("settling_s") = DriveSettings{}.settling_s,
        "Links at joints q (n,).  Encoders (n,): count, noise and velocity_noise (1 sigma), bias.  "
        "Cables (n,): stiffness N m/rad, N/m (0: rigid), backlash (width, rad, m), and the time in "
        "which they settle.  ConfigurationError names what is wrong.");
  c.def("measure", &measure, "q, qd, tau (n,): what encoders and amplifiers say; draws noise.");
  c.def("step", &step, py::arg("output"), "One tick under the seam's PlantOutput (seven axes).");
  c.def("step_torque", &step_torque, py::arg("torque"), py::arg("brake") = false,
        "One tick under torque (n,), clipped to the motors' maximum, or under the brakes.  "
        "UnstablePlantError names a joint beyond 100 rad/s or m/s.");
  c.def(
      "reset",
      [](SharedPlant& s, const py::object& q) {
        const ChainVec joints = joints_in(s.name, s.plant.model(), q);
        const Exclusive exclusive(s.mutex);
        s.plant.reset(joints);
      },
      py::arg("q"), "At rest at q (n,), brakes on, nothing pushing, no fault.");
  c.def("apply_wrench", &apply_wrench, py::arg("force"),
        py::arg("torque") = py::make_tuple(0.0, 0.0, 0.0), py::arg("grip") = 0.0,
        "Push the control point from now on: force (3,) N, torque (3,) N m, world axes, as the arm "
        "feels it; grip N m on the jaw's axis.  Zeros end it.");
  bind_state_of(c);
  c.def("set_faults", &set_faults, py::kw_only(), py::arg("encoder_jump") = none,
        py::arg("effort_share") = none, py::arg("cable_slip") = none, py::arg("is_stuck") = none,
        "All that is wrong from now on, (n,) each; what is left out is well.  encoder_jump: the "
        "encoder says this more (rad, m); effort_share: of its maximum that a motor has left, 0 to "
        "1; cable_slip: the link stands off its motor by this, unseen (rad, m); is_stuck: jammed.");
}
