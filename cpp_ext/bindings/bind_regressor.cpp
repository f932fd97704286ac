// SPDX-License-Identifier: Apache-2.0
/// What identification solves: the integrated regressor over stretches of motion.
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "number_text.hpp"
#include "trocar/regressor.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

using Rows7 = Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, kNumAxes, Eigen::RowMajor>>;

bindings::ArrayIn samples_in(const py::object& object, const char* what) {
  const bindings::ArrayIn a = bindings::array_in(object, what);
  if (a.ndim() != 2 || a.shape(1) != kNumAxes || a.shape(0) < 2) {
    throw py::value_error(std::string(what) + " has shape " + bindings::shape_text(a) +
                          ", allowed (N, 7) with N >= 2");
  }
  return a;
}

py::array_t<double> integrated_regressor(const py::object& q_in, const py::object& qd_in,
                                         const py::object& gravity_in, double dt,
                                         py::ssize_t window) {
  const bindings::ArrayIn q = samples_in(q_in, "q"), qd = samples_in(qd_in, "qd");
  const Vec3 gravity = bindings::vector_in<3>(gravity_in, "gravity_base");
  const py::ssize_t count = q.shape(0);
  if (qd.shape(0) != count) {
    throw py::value_error("qd has " + std::to_string(qd.shape(0)) + " rows, allowed " +
                          std::to_string(count) + ", as many as q");
  }
  if (!(dt > 0.0 && dt <= 1.0)) {
    throw py::value_error("dt is " + bindings::number_text(dt) + ", allowed 0 to 1 s");
  }
  if (window < 1 || window > count - 1) {
    throw py::value_error("window is " + std::to_string(window) + ", allowed 1 to " +
                          std::to_string(count - 1) + " samples");
  }
  const py::ssize_t stretches = (count - 1) / window;
  py::array_t<double> out({stretches, py::ssize_t{kNumAxes}, py::ssize_t{kStandardParameters}});
  double* data = out.mutable_data();
  const Rows7 positions(q.data(), count, kNumAxes), speeds(qd.data(), count, kNumAxes);
  const py::gil_scoped_release release;
  const auto at = [&](py::ssize_t k) {
    return momentum_regressor(dynamic_frames(positions.row(k).transpose()),
                              speeds.row(k).transpose(), gravity);
  };
  MomentumRegressor last = at(0);
  for (py::ssize_t n = 0; n < stretches; ++n) {
    Eigen::Map<Regressor> stretch(data + n * kNumAxes * kStandardParameters);
    stretch = -last.momentum;
    for (py::ssize_t k = n * window + 1; k <= (n + 1) * window; ++k) {
      const MomentumRegressor next = at(k);  // trapezia
      stretch += 0.5 * dt *
                 (last.gravity + next.gravity - last.coriolis_transpose - next.coriolis_transpose);
      last = next;
    }
    stretch += last.momentum;
  }
  return out;
}

}  // namespace

void bind_regressor(py::module_& m) {
  m.def("integrated_regressor", &integrated_regressor, py::arg("q"), py::arg("qd"),
        py::arg("gravity_base"), py::arg("dt"), py::arg("window"),
        "Y (n, 7, 70) of the n whole stretches of `window` steps of dt s in samples q, qd (N, 7): "
        "Y x = integral of torque less friction and armature, x the standard parameters.  "
        "Releases the GIL.  Source: regressor.hpp.");
  m.def(
      "standard_parameters",
      [](const DynamicParameters& p) { return bindings::array_out(standard_parameters(p)); },
      py::arg("p"),
      "(70,): m, m c (3), inertia about the link's origin (xx, xy, xz, yy, yz, zz), link by link.");
}
