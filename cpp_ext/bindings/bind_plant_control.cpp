// SPDX-License-Identifier: Apache-2.0
/// Simulated arms under control, in lockstep: the arm's own loop, and the servo.
#include <algorithm>

#include "attachment.hpp"
#include "bindings.hpp"
#include "exclusive.hpp"
#include "shared_plant.hpp"
#include "trocar/plant/lockstep_arm.hpp"
#include "trocar/plant/lockstep_servo.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

using bindings::Exclusive;
using bindings::refuse;
using bindings::SharedPlant;

constexpr std::int64_t kMostTicks = 1'000'000;
constexpr std::int64_t kSlice = 10'000;  // ticks between two looks for Ctrl-C

/// Ticks with the plant locked and the GIL released; UnstablePlantError where it diverged.
template <typename Lockstep>
void run_ticks(const SharedPlant& s, Lockstep* lockstep, std::int64_t ticks) {
  if (ticks < 1 || ticks > kMostTicks) {
    refuse(s.name, "run: ticks is " + std::to_string(ticks) + ", allowed 1 to 1000000");
  }
  while (ticks > 0) {
    const std::int64_t slice = std::min(ticks, kSlice);
    ticks -= slice;
    std::string diverged;
    {
      const py::gil_scoped_release release;
      const std::lock_guard<std::mutex> lock(s.mutex);
      for (std::int64_t i = 0; i < slice && diverged.empty(); ++i) {
        if (!lockstep->tick()) diverged = bindings::unstable_text(s);
      }
    }
    if (!diverged.empty()) bindings::raise_error("UnstablePlantError", diverged);
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  }
}

class OwnedLockstepArm {
 public:
  OwnedLockstepArm(const std::shared_ptr<Arm>& arm, const std::shared_ptr<SharedPlant>& plant,
                   const LinkSettings& link, std::uint64_t seed, std::int64_t first_stamp_ns)
      : attachment_(arm),
        arm_(arm),
        plant_(plant),
        lockstep_(*arm, plant->plant, link, seed, first_stamp_ns) {}

  PlantOutput run(std::int64_t ticks) {
    run_ticks(*plant_, &lockstep_, ticks);
    return output();
  }
  PlantOutput output() const {
    const Exclusive exclusive(plant_->mutex);
    return lockstep_.output();
  }
  std::int64_t ticks() const {
    const Exclusive exclusive(plant_->mutex);
    return lockstep_.ticks();
  }
  std::int64_t stamp_ns() const {
    const Exclusive exclusive(plant_->mutex);
    return lockstep_.stamp_ns();
  }
  std::int64_t missed() const {
    const Exclusive exclusive(plant_->mutex);
    return lockstep_.missed();
  }
  double packet_loss() const {
    const Exclusive exclusive(plant_->mutex);
    return lockstep_.packet_loss();
  }
  void set_packet_loss(double loss) {
    if (!(loss >= 0.0 && loss <= 1.0)) {
      refuse(plant_->name, "packet_loss is " + bindings::number_text(loss) + ", allowed 0 to 1");
    }
    const Exclusive exclusive(plant_->mutex);
    lockstep_.set_packet_loss(loss);
  }

 private:
  bindings::Attachment attachment_;
  std::shared_ptr<Arm> arm_;
  std::shared_ptr<SharedPlant> plant_;
  LockstepArm lockstep_;
};

std::shared_ptr<OwnedLockstepArm> make_lockstep(const std::shared_ptr<Arm>& arm,
                                                const std::shared_ptr<SharedPlant>& plant,
                                                int state_delay, int command_delay, double loss,
                                                std::uint64_t seed, std::int64_t first_stamp_ns) {
  if (plant->plant.size() != kNumAxes) {
    refuse(plant->name, "it has " + std::to_string(plant->plant.size()) +
                            " axes, an Arm seven; use LockstepServo");
  }
  for (const int delay : {state_delay, command_delay}) {
    if (delay < 0 || delay > LinkSettings::kMostDelay) {
      refuse(plant->name, "a link delay is " + std::to_string(delay) + " ticks, allowed 0 to " +
                              std::to_string(LinkSettings::kMostDelay));
    }
  }
  if (!(loss >= 0.0 && loss <= 1.0)) {
    refuse(plant->name, "loss is " + bindings::number_text(loss) + ", allowed 0 to 1");
  }
  return std::make_shared<OwnedLockstepArm>(
      arm, plant, LinkSettings{state_delay, command_delay, loss}, seed, first_stamp_ns);
}

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
    run_ticks(*plant_, &lockstep_, ticks);
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

void bind_lockstep_arm(py::module_& m) {
  py::class_<OwnedLockstepArm, std::shared_ptr<OwnedLockstepArm>>(
      m, "LockstepArm",
      "An Arm and its ArmPlant in one process: measure, exchange over a link with delay and loss, "
      "step.  Bit-repeatable.")
      .def(
          py::init(&make_lockstep), py::arg("arm").none(false), py::arg("plant").none(false),
          py::kw_only(), py::arg("state_delay") = 0, py::arg("command_delay") = 0,
          py::arg("loss") = 0.0, py::arg("seed") = 0,
          py::arg("first_stamp_ns") = LockstepArm::kFirstStampNs,
          "Delays in ticks (0 to 63) from the plant to the arm and back; loss: probability of each "
          "packet, either way.")
      .def("run", &OwnedLockstepArm::run, py::arg("ticks") = 1,
           "So many milliseconds, GIL released; what the plant was told in the last.")
      .def_property_readonly("output", &OwnedLockstepArm::output)
      .def_property_readonly("ticks", &OwnedLockstepArm::ticks)
      .def_property_readonly("stamp_ns", &OwnedLockstepArm::stamp_ns, "Of the present state.")
      .def_property_readonly("missed", &OwnedLockstepArm::missed,
                             "Ticks in which a connected arm's command did not come.")
      .def_property("packet_loss", &OwnedLockstepArm::packet_loss,
                    &OwnedLockstepArm::set_packet_loss,
                    "A fault: share of packets lost beside the link's own; 0 ends it.");
}

}  // namespace

void bind_plant_control(py::module_& m) {
  bind_lockstep_arm(m);
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
