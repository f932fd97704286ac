// SPDX-License-Identifier: Apache-2.0
/// The seam: lockstep in process.
#include <pybind11/stl.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "raise.hpp"
#include "trocar/lockstep.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

/// A LockstepPort that keeps its arm alive and to itself.
class OwnedLockstepPort {
 public:
  explicit OwnedLockstepPort(std::shared_ptr<Arm> arm) : arm_(std::move(arm)), port_(*arm_) {
    if (!arm_->attach()) {
      bindings::raise_error("ConfigurationError",
                            "this Arm is already driven by a loop or another port; use a new Arm, or "
                            "stop the loop first");
    }
    attached_ = true;
  }
  ~OwnedLockstepPort() {
    if (attached_) arm_->detach();
  }
  OwnedLockstepPort(const OwnedLockstepPort&) = delete;
  OwnedLockstepPort& operator=(const OwnedLockstepPort&) = delete;

  PlantOutput exchange(const py::object& q, const py::object& qd, const py::object& tau,
                       std::int64_t stamp_ns) {
    return port_.exchange(to_axes(bindings::vector_in<kNumAxes>(q, "q")),
                          to_axes(bindings::vector_in<kNumAxes>(qd, "qd")),
                          to_axes(bindings::vector_in<kNumAxes>(tau, "tau")), stamp_ns);
  }

 private:
  std::shared_ptr<Arm> arm_;
  LockstepPort port_;
  bool attached_ = false;
};

}  // namespace

void bind_loop(py::module_& m) {
  py::class_<PlantOutput>(m, "PlantOutput", "What the plant does in the coming tick.")
      .def_property_readonly(
          "torque", [](const PlantOutput& o) { return bindings::array_out(to_vector(o.torque)); })
      .def_readonly("brake", &PlantOutput::brake)
      .def_readonly("reason", &PlantOutput::reason)
      .def_readonly("missed", &PlantOutput::missed);
  py::class_<OwnedLockstepPort>(m, "LockstepPort",
                                "In-process seam: one call = one tick of arm and plant side.")
      .def(py::init<std::shared_ptr<Arm>>(), py::arg("arm"))
      .def("exchange", &OwnedLockstepPort::exchange, py::arg("q"), py::arg("qd"), py::arg("tau"),
           py::arg("stamp_ns"), "Measured q, qd, tau (7,) in, PlantOutput out.");
}
