// SPDX-License-Identifier: Apache-2.0
/// The seam in process and the loop thread.
#include <pybind11/stl.h>

#include <mutex>

#include "arrays.hpp"
#include "attachment.hpp"
#include "bindings.hpp"
#include "exclusive.hpp"
#include "number_text.hpp"
#include "statistics.hpp"
#include "trocar/lockstep.hpp"
#include "trocar/loop.hpp"
#include "trocar/mock_arm.hpp"
#include "trocar/realtime.hpp"
#include "trocar/shared_seam.hpp"
#include "trocar/wake_up.hpp"

namespace py = pybind11;
using namespace trocar;

void bind_shared(py::module_& m);

namespace {

class OwnedLockstepPort {
 public:
  explicit OwnedLockstepPort(const std::shared_ptr<Arm>& arm) : attachment_(arm), port_(*arm) {}

  PlantOutput exchange(const py::object& q, const py::object& qd, const py::object& tau,
                       std::int64_t stamp_ns) {
    const Axes position = to_axes(bindings::vector_in<kNumAxes>(q, "q"));
    const Axes speed = to_axes(bindings::vector_in<kNumAxes>(qd, "qd"));
    const Axes effort = to_axes(bindings::vector_in<kNumAxes>(tau, "tau"));
    const bindings::Exclusive exclusive(mutex_);
    return port_.exchange(position, speed, effort, stamp_ns);
  }

 private:
  std::mutex mutex_;
  bindings::Attachment attachment_;
  LockstepPort port_;
};

class OwnedLoop {
 public:
  OwnedLoop(const std::shared_ptr<Arm>& arm, const std::string& segment, int arm_index)
      : arm_(arm), loop_(arm, make_seam(*arm, segment, arm_index)) {}
  ~OwnedLoop() { stop(); }
  OwnedLoop(const OwnedLoop&) = delete;
  OwnedLoop& operator=(const OwnedLoop&) = delete;

  std::string start(int priority) {
    const bindings::Exclusive exclusive(mutex_);
    if (loop_.running()) return "";
    attachment_ = std::make_unique<bindings::Attachment>(arm_);
    const py::gil_scoped_release release;
    return loop_.start(priority);
  }

  void stop() {
    const bindings::Exclusive exclusive(mutex_);
    {
      const py::gil_scoped_release release;
      loop_.stop();
    }
    attachment_.reset();
  }

  bool running() const { return loop_.running(); }

  py::dict statistics() const {
    const LoopStatistics& s = loop_.statistics();
    const double ticks = static_cast<double>(s.ticks.load());
    const double missed = static_cast<double>(s.missed.load());
    const double seconds = 1e-9 * static_cast<double>(s.last_ns.load() - s.first_ns.load());
    py::dict d;
    d["rate_hz"] = seconds > 0.0 ? (ticks - 1.0) / seconds : 0.0;
    d["ticks"] = s.ticks.load();
    d["overruns"] = s.overruns.load();
    d["missed"] = s.missed.load();
    d["missed_fraction"] = ticks > 0.0 ? missed / ticks : 0.0;
    d["plant_lost"] = s.lost.load();
    d["wake_us"] = bindings::quantiles_us(s.wake);
    d["tick_us"] = bindings::quantiles_us(s.tick);
    return d;
  }

 private:
  static std::unique_ptr<Seam> make_seam(const Arm& arm, const std::string& segment,
                                         int arm_index) {
    if (segment.empty()) return std::make_unique<MockArm>(to_axes(arm.config().home_q));
    return std::make_unique<SharedSeam>(segment, arm_index);
  }

  std::mutex mutex_;  // of start and stop
  std::shared_ptr<Arm> arm_;
  ArmLoop loop_;
  std::unique_ptr<bindings::Attachment> attachment_;
};

py::dict wake_up(double seconds, int priority) {
  if (!(seconds > 0.0 && seconds <= 3600.0)) {
    throw py::value_error("seconds is " + bindings::number_text(seconds) + ", allowed (0, 3600]");
  }
  if (priority < 0 || priority > 99) {
    throw py::value_error("priority is " + std::to_string(priority) + ", allowed 0 to 99");
  }
  WakeUp result;
  {
    const py::gil_scoped_release release;
    measure_wake_up(seconds, priority, &result);
  }
  py::dict d;
  d["wake_us"] = bindings::quantiles_us(result.late);
  d["ticks"] = result.late.count();
  d["skipped"] = result.skipped;
  d["refused"] = result.refused;
  return d;
}

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
      .def(py::init<const std::shared_ptr<Arm>&>(), py::arg("arm").none(false))
      .def("exchange", &OwnedLockstepPort::exchange, py::arg("q"), py::arg("qd"), py::arg("tau"),
           py::arg("stamp_ns"), "Measured q, qd, tau (7,) in, PlantOutput out.");
  py::class_<OwnedLoop>(m, "ArmLoop",
                        "The thread that joins an Arm to a plant; segment '' is the perfect mock.")
      .def(py::init<const std::shared_ptr<Arm>&, const std::string&, int>(),
           py::arg("arm").none(false), py::arg("segment"), py::arg("arm_index"))
      .def("start", &OwnedLoop::start, py::arg("priority") = 80,
           "Start; '' or why real-time priority was refused (0: not asked for).")
      .def("stop", &OwnedLoop::stop, "Controlled stop, power off, end of the thread.")
      .def("statistics", &OwnedLoop::statistics, "Rates, counts, and quantiles in microseconds.")
      .def_property_readonly("running", &OwnedLoop::running);
  m.def("monotonic_ns", &monotonic_ns, "CLOCK_MONOTONIC in ns.");
  m.def("set_realtime", &set_realtime, py::arg("priority"),
        "This thread to SCHED_FIFO, memory locked; '' or why not.");
  m.def("measure_wake_up", &wake_up, py::arg("seconds"), py::arg("priority") = 80,
        "Sleep in 1 ms ticks on a thread of the loop's kind: {wake_us {p50, p99, max}, ticks, "
        "skipped, refused}; refused is '' or why SCHED_FIFO was not given.  Releases the GIL.  "
        "ValueError where seconds is not in (0, 3600] or priority not in 0..99.");
  bind_shared(m);
}
