// SPDX-License-Identifier: Apache-2.0
/// The servo that drives any simulated chain, alone and in lockstep.
#include "bindings.hpp"
#include "exclusive.hpp"
#include "run_ticks.hpp"
#include "shared_plant.hpp"
#include "trocar/plant/lockstep_servo.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

using bindings::Exclusive;
using bindings::refuse;
using bindings::SharedPlant;

/// A servo that threads of Python may share.
struct SharedServo {
  std::string name;
  JointServo servo;
  mutable std::mutex mutex;
  SharedServo(std::string own_name, const PlantModel& model, const Transform& T_world_base,
              const ServoSettings& settings)
      : name(std::move(own_name)), servo(model, T_world_base, settings) {}

  const std::string& joint(int axis) const {
    return servo.model().names[static_cast<std::size_t>(axis)];
  }
};

std::shared_ptr<SharedServo> make_servo(const PlantModel& model, const py::object& T_world_base,
                                        const std::string& name, double natural_frequency,
                                        double rise_s) {
  int axis = 0;
  if (const char* why = servo_fault_of(model, &axis)) {
    refuse(name, model.names[static_cast<std::size_t>(axis)] + ": " + why);
  }
  ServoSettings settings;
  settings.natural_frequency = natural_frequency;
  settings.rise_s = rise_s;
  if (!(natural_frequency > 0.0 && natural_frequency <= 150.0)) {
    refuse(name, "natural_frequency is " + bindings::number_text(natural_frequency) +
                     " rad/s, allowed above 0 to 150 (beyond it a 1 kHz loop is not stable)");
  }
  if (!(rise_s >= 0.001 && rise_s <= 1.0)) {
    refuse(name, "rise_s is " + bindings::number_text(rise_s) + ", allowed 0.001 to 1 s");
  }
  return std::make_shared<SharedServo>(name, model, bindings::base_in(name, T_world_base),
                                       settings);
}

void move(SharedServo& s, const py::object& q) {
  const ChainVec goal = bindings::axes_in(s.name, q, "q", s.servo.size());
  int axis = -1;
  ServoRefusal refusal;
  {
    const Exclusive exclusive(s.mutex);
    refusal = s.servo.move(goal, &axis);
  }
  if (refusal == ServoRefusal::kNone) return;
  if (refusal == ServoRefusal::kNotEnabled) {
    bindings::raise_error("CommandRefusedError", s.name + ": not enabled: call enable() first");
  }
  const ChainJoint& j = s.servo.model().chain.joints[static_cast<std::size_t>(axis)];
  bindings::raise_error("CommandRefusedError",
                        s.name + ": " + s.joint(axis) + " is " + bindings::number_text(goal[axis]) +
                            ", allowed " + bindings::number_text(j.q_min) + " to " +
                            bindings::number_text(j.q_max) +
                            (j.type == JointType::kPrismatic ? " m" : " rad"));
}

/// '' or the joint and what is wrong.
std::string fault_text(const SharedServo& s) {
  const Exclusive exclusive(s.mutex);
  if (s.servo.fault() == ServoFault::kNone) return "";
  const int axis = s.servo.fault_axis();
  return (axis < 0 ? std::string() : s.joint(axis) + ": ") + describe(s.servo.fault());
}

template <typename Call>
auto with_servo(const SharedServo& s, const Call& call) {
  const Exclusive exclusive(s.mutex);
  return call(s.servo);
}

struct SizedServoOutput {
  ServoOutput output;
  int size;
};

SizedServoOutput tick_servo(SharedServo& s, const py::object& q, const py::object& qd) {
  const ChainVec position = bindings::axes_in(s.name, q, "q", s.servo.size());
  const ChainVec speed = bindings::axes_in(s.name, qd, "qd", s.servo.size());
  const Exclusive exclusive(s.mutex);
  return {s.servo.tick(position, speed), s.servo.size()};
}

class OwnedLockstepServo {
 public:
  OwnedLockstepServo(const std::shared_ptr<SharedServo>& servo,
                     const std::shared_ptr<SharedPlant>& plant)
      : servo_(servo), plant_(plant), lockstep_(servo->servo, plant->plant) {}

  SizedServoOutput run(std::int64_t ticks) {
    const Exclusive exclusive(servo_->mutex);
    bindings::run_ticks(*plant_, &lockstep_, ticks);
    return {lockstep_.output(), servo_->servo.size()};
  }
  std::int64_t ticks() const {
    const Exclusive exclusive(plant_->mutex);
    return lockstep_.ticks();
  }

 private:
  std::shared_ptr<SharedServo> servo_;
  std::shared_ptr<SharedPlant> plant_;
  LockstepServo lockstep_;
};

std::shared_ptr<OwnedLockstepServo> make_lockstep_servo(const std::shared_ptr<SharedServo>& servo,
                                                        const std::shared_ptr<SharedPlant>& plant) {
  if (servo->servo.size() != plant->plant.size()) {
    refuse(plant->name, "it has " + std::to_string(plant->plant.size()) + " axes, its servo " +
                            std::to_string(servo->servo.size()) + "; make both of one PlantModel");
  }
  return std::make_shared<OwnedLockstepServo>(servo, plant);
}

}  // namespace

void bind_servo(py::module_& m) {
  py::class_<SizedServoOutput>(m, "ServoOutput", "What a servo tells its plant.")
      .def_property_readonly("torque",
                             [](const SizedServoOutput& o) {
                               return bindings::chain_vec_out(o.output.torque, o.size);
                             })
      .def_property_readonly("brake", [](const SizedServoOutput& o) { return o.output.brake; });
  const ServoSettings defaults;
  py::class_<SharedServo, std::shared_ptr<SharedServo>>(
      m, "JointServo",
      "Drives any chain to goals: jerk-limited profiles, computed torque (joint_servo.hpp).  "
      "Starts disabled, brakes on.")
      .def(py::init(&make_servo), py::arg("model"), py::arg("T_world_base"), py::kw_only(),
           py::arg("name") = "servo", py::arg("natural_frequency") = defaults.natural_frequency,
           py::arg("rise_s") = defaults.rise_s,
           "The model as the servo knows it; rise_s: in which an acceleration builds up.")
      .def(
          "enable",
          [](SharedServo& s) {
            const Exclusive exclusive(s.mutex);
            s.servo.enable();
          },
          "Brakes off from the next tick on; clears a fault.")
      .def(
          "disable",
          [](SharedServo& s) {
            const Exclusive exclusive(s.mutex);
            s.servo.disable();
          },
          "Controlled stop, then brakes.")
      .def(
          "hold",
          [](SharedServo& s) {
            const Exclusive exclusive(s.mutex);
            s.servo.hold();
          },
          "Controlled stop, power stays.")
      .def("move", &move, py::arg("q"),
           "Go to q (n,) and rest there.  CommandRefusedError where it cannot, with the reason.")
      .def("tick", &tick_servo, py::arg("q"), py::arg("qd"), "Measured (n,) in, ServoOutput out.")
      .def_readonly("name", &SharedServo::name)
      .def_property_readonly("is_enabled",
                             [](const SharedServo& s) {
                               return with_servo(s, [](const auto& v) { return v.is_enabled(); });
                             })
      .def_property_readonly("is_busy",
                             [](const SharedServo& s) {
                               return with_servo(s, [](const auto& v) { return v.is_busy(); });
                             })
      .def_property_readonly("fault", &fault_text, "'' or why it let go.")
      .def_property_readonly("setpoint_q",
                             [](const SharedServo& s) {
                               return with_servo(s, [](const auto& v) {
                                 return bindings::chain_vec_out(v.setpoint_q(), v.size());
                               });
                             })
      .def_property_readonly("setpoint_qd",
                             [](const SharedServo& s) {
                               return with_servo(s, [](const auto& v) {
                                 return bindings::chain_vec_out(v.setpoint_qd(), v.size());
                               });
                             })
      .def_property_readonly("goal", [](const SharedServo& s) {
        return with_servo(
            s, [](const auto& v) { return bindings::chain_vec_out(v.goal(), v.size()); });
      });
  py::class_<OwnedLockstepServo, std::shared_ptr<OwnedLockstepServo>>(
      m, "LockstepServo", "A JointServo and its ArmPlant in one process.  Bit-repeatable.")
      .def(py::init(&make_lockstep_servo), py::arg("servo").none(false),
           py::arg("plant").none(false))
      .def("run", &OwnedLockstepServo::run, py::arg("ticks") = 1,
           "So many milliseconds, GIL released; what the plant was told in the last.")
      .def_property_readonly("ticks", &OwnedLockstepServo::ticks);
}
