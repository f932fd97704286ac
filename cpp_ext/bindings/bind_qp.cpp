// SPDX-License-Identifier: Apache-2.0
/// The quadratic program, for tests and for whoever wants a small one solved.
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "trocar/qp_solver.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

/// What the solver answered, of any size.
struct Answer {
  QpStatus status = QpStatus::kInvalid;
  py::array_t<double> x, row_multipliers, lower_multipliers, upper_multipliers;
  int iterations = 0;
  double residual = 0.0;
  QpActiveSet active = 0;
};

bindings::ArrayIn shaped(const py::object& object, const char* what, std::vector<py::ssize_t> shape,
                         const char* allowed) {
  bindings::ArrayIn a = bindings::array_in(object, what);
  bool fits = a.ndim() == static_cast<py::ssize_t>(shape.size());
  for (std::size_t k = 0; fits && k < shape.size(); ++k) {
    fits = a.shape(static_cast<py::ssize_t>(k)) == shape[k];
  }
  if (!fits) {
    throw py::value_error(std::string(what) + " has shape " + bindings::shape_text(a) +
                          ", allowed " + allowed);
  }
  return a;
}

template <int N>
QpProblem<N> problem_in(const py::object& H, const py::object& g, const py::object& A,
                        const py::object& b, const py::object& lower, const py::object& upper) {
  QpProblem<N> p;
  p.H = bindings::matrix_in<N, N>(H, "H");
  p.g = bindings::vector_in<N>(g, "g");
  if (A.is_none() != b.is_none()) throw py::value_error("A and b come together: give both or none");
  if (!A.is_none()) {
    const bindings::ArrayIn rows = bindings::array_in(A, "A");
    const py::ssize_t m = rows.ndim() == 2 ? rows.shape(0) : -1;
    if (m < 0 || m > kMaxQpRows || rows.shape(1) != N) {
      throw py::value_error("A has shape " + bindings::shape_text(rows) + ", allowed (m, " +
                            std::to_string(N) + ") with m <= " + std::to_string(kMaxQpRows));
    }
    const bindings::ArrayIn bounds = shaped(b, "b", {m}, "one entry a row of A");
    for (py::ssize_t r = 0; r < m; ++r) {
      p.add_row(Eigen::Map<const typename QpProblem<N>::Vector>(rows.data() + r * N), bounds.at(r));
    }
  }
  if (!lower.is_none()) p.lower = bindings::vector_in<N>(lower, "lower");
  if (!upper.is_none()) p.upper = bindings::vector_in<N>(upper, "upper");
  return p;
}

template <int N>
Answer solve(const QpProblem<N>& p, QpActiveSet warm, int cap) {
  QpSolver<N> solver(cap);
  QpResult<N> result;
  {
    const py::gil_scoped_release release;
    result = solver.solve(p, warm);
  }
  Answer a{result.status,
           bindings::array_out(result.x),
           py::array_t<double>(p.rows),
           py::array_t<double>(N),
           py::array_t<double>(N),
           result.iterations,
           result.residual,
           result.active};
  const bool solved = result.status == QpStatus::kOptimal;
  for (int r = 0; r < p.rows; ++r)
    a.row_multipliers.mutable_at(r) = solved ? solver.multiplier(r) : 0.0;
  for (int i = 0; i < N; ++i) {
    a.lower_multipliers.mutable_at(i) = solved ? solver.multiplier(32 + i) : 0.0;
    a.upper_multipliers.mutable_at(i) = solved ? solver.multiplier(40 + i) : 0.0;
  }
  return a;
}

/// Call `f` with the size of g as a compile-time constant.
template <typename F>
auto with_size(const py::object& g, F f) {
  const bindings::ArrayIn a = bindings::array_in(g, "g");
  switch (a.ndim() == 1 ? a.shape(0) : 0) {
    case 1:
      return f(std::integral_constant<int, 1>());
    case 2:
      return f(std::integral_constant<int, 2>());
    case 3:
      return f(std::integral_constant<int, 3>());
    case 4:
      return f(std::integral_constant<int, 4>());
    case 5:
      return f(std::integral_constant<int, 5>());
    case 6:
      return f(std::integral_constant<int, 6>());
    case 7:
      return f(std::integral_constant<int, 7>());
    case 8:
      return f(std::integral_constant<int, 8>());
    default:
      throw py::value_error("g has shape " + bindings::shape_text(a) +
                            ", allowed (n,) with n 1..8");
  }
}

}  // namespace

void bind_qp(py::module_& m) {
  py::native_enum<QpStatus>(m, "QpStatus", "enum.IntEnum", "What became of a quadratic program.")
      .value("OPTIMAL", QpStatus::kOptimal)
      .value("INFEASIBLE", QpStatus::kInfeasible)
      .value("ITERATION_CAP", QpStatus::kIterationCap)
      .value("INVALID", QpStatus::kInvalid)
      .finalize();
  m.def("describe", py::overload_cast<QpStatus>(&describe), py::arg("value"));
  py::class_<Answer>(m, "QpResult", "Answer of qp_solve; multipliers are >= 0.")
      .def_readonly("status", &Answer::status)
      .def_readonly("x", &Answer::x)
      .def_readonly("row_multipliers", &Answer::row_multipliers)
      .def_readonly("lower_multipliers", &Answer::lower_multipliers)
      .def_readonly("upper_multipliers", &Answer::upper_multipliers)
      .def_readonly("iterations", &Answer::iterations)
      .def_readonly("residual", &Answer::residual)
      .def_readonly("active", &Answer::active);
  m.def(
      "qp_solve",
      [](const py::object& H, const py::object& g, const py::object& A, const py::object& b,
         const py::object& lower, const py::object& upper, QpActiveSet warm, int cap) {
        return with_size(g, [&](auto n) {
          return solve<n()>(problem_in<n()>(H, g, A, b, lower, upper), warm, cap);
        });
      },
      py::arg("H"), py::arg("g"), py::arg("A") = py::none(), py::arg("b") = py::none(),
      py::arg("lower") = py::none(), py::arg("upper") = py::none(), py::kw_only(),
      py::arg("warm") = 0, py::arg("iteration_cap") = 100,
      "Minimise x'Hx/2 + g'x subject to A x >= b and lower <= x <= upper.\n\n"
      "H (n, n) positive definite, g (n,), n 1..8; A (m, n), b (m,), m <= 32; bounds (n,) may be\n"
      "infinite.  Values that make no problem answer INVALID; shapes raise ValueError.  Dual\n"
      "active set: Goldfarb & Idnani, Mathematical Programming 27 (1983).");
  m.def(
      "qp_scale_to_feasible",
      [](const py::object& x, const py::object& A, const py::object& b, const py::object& lower,
         const py::object& upper) {
        return with_size(x, [&](auto n) {
          const QpProblem<n()> p = problem_in<n()>(
              py::cast(std::vector<std::vector<double>>(n(), std::vector<double>(n()))), x, A, b,
              lower, upper);
          return scale_to_feasible(p, p.g);
        });
      },
      py::arg("x"), py::arg("A") = py::none(), py::arg("b") = py::none(),
      py::arg("lower") = py::none(), py::arg("upper") = py::none(),
      "Largest s in [0, 1] such that s x, x (n,), meets A (m, n) s x >= b (m,) and the bounds "
      "(n,); 0 "
      "where none does.");
}
