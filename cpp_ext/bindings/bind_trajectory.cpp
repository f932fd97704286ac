// SPDX-License-Identifier: Apache-2.0
/// The profile that the moves of the arm play, one axis of it; immutable once made.
#include <cmath>

#include "batch.hpp"
#include "bindings.hpp"
#include "trocar/axis_move.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

constexpr double kLargest = 1e6;    // of any value
constexpr double kSmallest = 1e-6;  // of a limit
constexpr double kEver = 1e9;       // s: only the range of a move is not looked at

/// state (q, v, a) and limits (v, a, j) at three doubles each, or ValueError naming `row`.
AxisMove make_move(const double* state, double goal, const double* limits,
                   const std::string& row = "") {
  for (int i = 0; i < 3; ++i) {
    if (!(std::abs(state[i]) <= kLargest)) {
      throw py::value_error("state" + row + ": allowed finite, up to 1e6");
    }
    if (!(limits[i] >= kSmallest && limits[i] <= kLargest)) {
      throw py::value_error("limits" + row + ": allowed 1e-6 to 1e6");
    }
  }
  if (!(std::abs(goal) <= kLargest)) {
    throw py::value_error("goal" + row + ": allowed finite, up to 1e6");
  }
  return AxisMove({state[0], state[1], state[2]}, goal,
                  {-kEver, kEver, limits[0], limits[1], limits[2]});
}

py::array_t<double> durations(const py::object& state, const py::object& goal,
                              const py::object& limits) {
  const bindings::ArrayIn states = bindings::shaped_in<2>(state, "state", {-1, 3});
  const py::ssize_t n = states.shape(0);
  const bindings::ArrayIn goals = bindings::shaped_in<1>(goal, "goal", {n});
  const bindings::ArrayIn bounds = bindings::shaped_in<2>(limits, "limits", {n, 3});
  py::array_t<double> out(n);
  const double *s = states.data(), *g = goals.data(), *l = bounds.data();
  double* to = out.mutable_data();
  const py::gil_scoped_release release;
  for (py::ssize_t i = 0; i < n; ++i) {
    to[i] = make_move(s + 3 * i, g[i], l + 3 * i, "[" + std::to_string(i) + "]").duration();
  }
  return out;
}

}  // namespace

void bind_trajectory(py::module_& m) {
  py::class_<AxisMove>(m, "AxisMove",
                       "The fastest motion of one axis from any state to rest at a goal, within "
                       "velocity, acceleration and jerk: at most seven segments (axis_move.hpp; "
                       "Biagiotti & Melchiorri 2008, chapter 3).  No range is looked at.")
      .def(py::init([](const py::object& state, double goal, const py::object& limits) {
             const Vec3 s = bindings::vector_in<3>(state, "state");
             const Vec3 l = bindings::vector_in<3>(limits, "limits");
             return make_move(s.data(), goal, l.data());
           }),
           py::arg("state"), py::arg("goal"), py::arg("limits"))
      .def_property_readonly("duration", &AxisMove::duration)
      .def_property_readonly("goal", &AxisMove::goal)
      .def_property_readonly("segments",
                             [](const AxisMove& move) {
                               Eigen::Matrix<double, 7, 2> out;
                               for (int i = 0; i < 7; ++i) {
                                 const JerkSegment& s =
                                     move.segments()[static_cast<std::size_t>(i)];
                                 out.row(i) << s.jerk, s.duration;
                               }
                               return bindings::array_out(out);
                             })
      .def(
          "at",
          [](const AxisMove& move, double t) {
            if (!(t >= 0.0)) throw py::value_error("t: allowed 0 and more");
            const AxisState s = move.at(t);
            return bindings::array_out(Vec3(s.q, s.v, s.a));
          },
          py::arg("t"), "State (3,) (q, v, a) at t (s); the goal, at rest, from the end on.");
  m.def("axis_move_durations", &durations, py::arg("state"), py::arg("goal"), py::arg("limits"),
        "Durations (N,) in s of the fastest moves from states (N, 3) (q, v, a) to rest at goals "
        "(N,) within limits (N, 3) (velocity, acceleration, jerk); without the GIL.");
}
