// SPDX-License-Identifier: Apache-2.0
/// Shared memory: the segment, the plant's port, snapshots.
#include <pybind11/stl.h>

#include <cmath>

#include "arrays.hpp"
#include "bindings.hpp"
#include "exclusive.hpp"
#include "number_text.hpp"
#include "raise.hpp"
#include "statistics.hpp"
#include "trocar/plant_port.hpp"
#include "trocar/snapshot.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

/// What Python threads may share: one call at a time.
template <typename T>
struct Guarded {
  template <typename... Args>
  explicit Guarded(Args&&... args) : object(std::forward<Args>(args)...) {}
  T object;
  mutable std::mutex mutex;
};
using GuardedPort = Guarded<PlantPort>;
using GuardedSegment = Guarded<Segment>;
using GuardedSnapshot = Guarded<Snapshot>;

std::unique_ptr<GuardedPort> make_port(const std::string& segment, int arm_index,
                                       double deadline_s) {
  if (!(deadline_s > 0.0 && deadline_s <= 1.0)) {
    throw py::value_error("deadline_s is " + bindings::number_text(deadline_s) +
                          ", allowed (0, 1]");
  }
  const auto deadline_ns = static_cast<std::int64_t>(std::llround(deadline_s * 1e9));
  return std::make_unique<GuardedPort>(segment, arm_index, deadline_ns);
}

PlantOutput exchange(GuardedPort& port, const py::object& q, const py::object& qd,
                     const py::object& tau, std::int64_t stamp_ns) {
  const Axes position = to_axes(bindings::vector_in<kNumAxes>(q, "q"));
  const Axes speed = to_axes(bindings::vector_in<kNumAxes>(qd, "qd"));
  const Axes effort = to_axes(bindings::vector_in<kNumAxes>(tau, "tau"));
  const bindings::Exclusive exclusive(port.mutex);
  const py::gil_scoped_release release;
  return port.object.exchange(position, speed, effort, stamp_ns);
}

py::dict statistics(const GuardedPort& guarded) {
  const bindings::Exclusive exclusive(guarded.mutex);
  const PlantPort& port = guarded.object;
  py::dict d;
  d["ticks"] = port.ticks();
  d["missed"] = port.missed();
  d["damaged"] = port.damaged();
  d["handshake_us"] = bindings::quantiles_us(port.handshake());
  return d;
}

double packet_loss(const GuardedPort& port) {
  const bindings::Exclusive exclusive(port.mutex);
  return port.object.packet_loss();
}

void set_packet_loss(GuardedPort& port, double loss) {
  if (!(loss >= 0.0 && loss <= 1.0)) {
    bindings::raise_error("ConfigurationError",
                          "packet_loss is " + bindings::number_text(loss) + ", allowed 0 to 1");
  }
  const bindings::Exclusive exclusive(port.mutex);
  port.object.set_packet_loss(loss);
}

void check_open(const Snapshot& snapshot) {
  if (!snapshot.is_open()) {
    bindings::raise_error("SharedMemoryError", "this snapshot is closed; make a new Snapshot");
  }
}

void write_snapshot(GuardedSnapshot& guarded, const py::object& values, std::int64_t stamp_ns) {
  const bindings::Exclusive exclusive(guarded.mutex);
  Snapshot& snapshot = guarded.object;
  check_open(snapshot);
  const bindings::ArrayIn a = bindings::array_in(values, "values");
  if (a.ndim() != 1 || a.shape(0) != snapshot.size()) {
    throw py::value_error("values has shape " + bindings::shape_text(a) + ", allowed (" +
                          std::to_string(snapshot.size()) + ",)");
  }
  snapshot.write(a.data(), stamp_ns);
}

py::tuple read_snapshot(const GuardedSnapshot& guarded) {
  const bindings::Exclusive exclusive(guarded.mutex);
  const Snapshot& snapshot = guarded.object;
  check_open(snapshot);
  py::array_t<double> values(snapshot.size());
  std::int64_t stamp_ns = 0;
  const std::int64_t sequence = snapshot.read(values.mutable_data(), &stamp_ns);
  return py::make_tuple(values, stamp_ns, sequence);
}

template <typename T>
void close(T& guarded) {
  const bindings::Exclusive exclusive(guarded.mutex);
  guarded.object.close();
}

void bind_snapshot(py::module_& m) {
  py::class_<GuardedSnapshot>(m, "Snapshot",
                              "float64 vector with a stamp in shared memory, seqlock-guarded.")
      .def(py::init<const std::string&, int, bool>(), py::arg("name"), py::arg("size"),
           py::arg("create"))
      .def("write", &write_snapshot, py::arg("values"), py::arg("stamp_ns"),
           "Write values (size,) with their stamp.")
      .def("read", &read_snapshot, "values (size,), stamp_ns, sequence number (0: never written)")
      .def("close", &close<GuardedSnapshot>, "Unmap; the creator also removes the object.")
      .def_static("remove", &SharedMemory::remove, py::arg("name"), "True where one was there.");
}

}  // namespace

void bind_shared(py::module_& m) {
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const SharedMemoryError& error) {
      const py::object type = py::module_::import("trocar.errors").attr("SharedMemoryError");
      PyErr_SetString(type.ptr(), error.what());
    }
  });
  py::class_<GuardedSegment>(m, "Segment", "The cell's shared-memory segment, creator side.")
      .def(py::init<const std::string&, int>(), py::arg("name"), py::arg("num_arms") = 2)
      .def("close", &close<GuardedSegment>, "Remove the segment.")
      .def_static("remove", &SharedMemory::remove, py::arg("name"), "True where one was there.")
      .def_static(
          "press_estop", [](const std::string& name) { return Segment::set_estop(name, true); },
          py::arg("name"), "False where no such cell runs.")
      .def_static(
          "release_estop", [](const std::string& name) { return Segment::set_estop(name, false); },
          py::arg("name"), "False where no such cell runs.")
      .def_static("estop_pressed", &Segment::estop_pressed, py::arg("name"),
                  "Whether the emergency stop of that segment is pressed.");
  py::class_<GuardedPort>(m, "PlantPort", "Plant end of the shared-memory seam of one arm.")
      .def(py::init(&make_port), py::arg("segment"), py::arg("arm_index"),
           py::arg("deadline_s") = 0.002)
      .def("exchange", &exchange, py::arg("q"), py::arg("qd"), py::arg("tau"), py::arg("stamp_ns"),
           "Publish measured q, qd, tau (7,) and wait for the answer, the deadline at most.")
      .def("statistics", &statistics,
           "What the port counted: ticks, missed, damaged, handshake_us {p50, p99, max}.")
      .def_property("packet_loss", &packet_loss, &set_packet_loss,
                    "A fault: probability that a state, or the answer to one, is lost; 0 ends it.");
  bind_snapshot(m);
}
