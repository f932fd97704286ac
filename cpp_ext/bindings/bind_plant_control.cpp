// SPDX-License-Identifier: Apache-2.0
/// Simulated arms under control, in lockstep: the arm's own loop.
#include "attachment.hpp"
#include "bindings.hpp"
#include "exclusive.hpp"
#include "run_ticks.hpp"
#include "shared_plant.hpp"
#include "trocar/plant/lockstep_arm.hpp"

namespace py = pybind11;
using namespace trocar;

void bind_servo(py::module_& m);

namespace {

using bindings::Exclusive;
using bindings::refuse;
using bindings::SharedPlant;

class OwnedLockstepArm {
 public:
  OwnedLockstepArm(const std::shared_ptr<Arm>& arm, const std::shared_ptr<SharedPlant>& plant,
                   const LinkSettings& link, std::uint64_t seed, std::int64_t first_stamp_ns)
      : attachment_(arm),
        arm_(arm),
        plant_(plant),
        lockstep_(*arm, plant->plant, link, seed, first_stamp_ns) {}

  PlantOutput run(std::int64_t ticks) {
    bindings::run_ticks(*plant_, &lockstep_, ticks);
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
  bind_servo(m);
}
