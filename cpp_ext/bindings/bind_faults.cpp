// SPDX-License-Identifier: Apache-2.0
/// The fault table and the bounds of the safety unit.
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "trocar/fault_table.hpp"
#include "trocar/safety_limits.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

py::list fault_table() {
  py::list rows;
  for (const FaultEntry& row : kFaultTable) {
    if (row.fault == Fault::kNone) continue;
    py::dict d;
    d["fault"] = row.fault;
    d["cause"] = row.cause;
    d["sentence"] = row.sentence;
    d["stop_category"] = row.stop_category;
    d["detection_ticks"] = row.detection_ticks;
    d["acknowledge"] = row.acknowledge;
    rows.append(d);
  }
  return rows;
}

void bind_limits(py::module_& m) {
  py::class_<SafetyLimits> c(m, "SafetyLimits",
                             "Bounds of the safety unit; described in safety_limits.hpp.");
  c.def(py::init<>());
  bindings::bind_array<&SafetyLimits::model_range_margin>(
      c, "model_range_margin", "(7,) rad, m beyond q_min..q_max: MODEL_RANGE");
  c.def_readwrite("overspeed_margin", &SafetyLimits::overspeed_margin)
      .def_readwrite("overacceleration_margin", &SafetyLimits::overacceleration_margin)
      .def_readwrite("overeffort_margin", &SafetyLimits::overeffort_margin)
      .def_readwrite("rcm_drift_max", &SafetyLimits::rcm_drift_max)
      .def_readwrite("fixture_breach_max", &SafetyLimits::fixture_breach_max)
      .def_readwrite("missed_consecutive_max", &SafetyLimits::missed_consecutive_max)
      .def_readwrite("missed_window_max", &SafetyLimits::missed_window_max)
      .def_readwrite("setpoint_margin", &SafetyLimits::setpoint_margin)
      .def_readwrite("stop_overrun_s", &SafetyLimits::stop_overrun_s);
}

}  // namespace

void bind_faults(py::module_& m) {
  py::native_enum<Fault> faults(m, "Fault", "enum.IntEnum", "Why the arm went to FAULT.");
  for (const FaultEntry& row : kFaultTable) faults.value(row.name, row.fault);
  faults.finalize();
  py::native_enum<Acknowledge>(m, "Acknowledge", "enum.IntEnum", "How a fault is left.")
      .value("ENABLE", Acknowledge::kEnable)
      .value("RELEASE", Acknowledge::kRelease)
      .value("COMMAND", Acknowledge::kCommand)
      .finalize();
  m.def("describe", py::overload_cast<Fault>(&describe), py::arg("value"));
  m.def("fault_table", &fault_table,
        "Rows {fault, cause, sentence, stop_category, detection_ticks, acknowledge}: what code, "
        "tests and README share.  Categories of IEC 60204-1; 1 tick is the tick that shows it.");
  bind_limits(m);
}
