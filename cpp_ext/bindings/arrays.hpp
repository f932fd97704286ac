// SPDX-License-Identifier: Apache-2.0
/// Fixed-size matrices to and from numpy.  A wrong shape raises ValueError in one line that names
/// the argument, its shape and the allowed one; values are not judged here.
#pragma once

#include <pybind11/numpy.h>

#include <cstring>
#include <string>

#include "trocar/se3.hpp"

namespace trocar::bindings {

namespace py = pybind11;
using ArrayIn = py::array_t<double, py::array::c_style | py::array::forcecast>;

inline std::string shape_text(const py::array& a) {
  return py::str(py::object(a.attr("shape"))).cast<std::string>();
}

/// Array of float64 from anything numpy understands, or ValueError naming `what`.
inline ArrayIn array_in(const py::handle& object, const char* what) {
  // numpy would cast complex numbers and only warn that it drops their imaginary parts.
  const bool is_complex =
      py::isinstance<py::array>(object) && py::cast<py::array>(object).dtype().kind() == 'c';
  ArrayIn a = is_complex ? py::reinterpret_steal<ArrayIn>(py::handle()) : ArrayIn::ensure(object);
  if (!a) {
    PyErr_Clear();
    throw py::value_error(std::string(what) + " is not an array of numbers; give float64");
  }
  return a;
}

/// Vector (N,) from an array-like.
template <int N>
Eigen::Matrix<double, N, 1> vector_in(const py::handle& object, const char* what) {
  const ArrayIn a = array_in(object, what);
  if (a.ndim() != 1 || a.shape(0) != N) {
    throw py::value_error(std::string(what) + " has shape " + shape_text(a) + ", allowed (" +
                          std::to_string(N) + ",)");
  }
  return Eigen::Map<const Eigen::Matrix<double, N, 1>>(a.data());
}

/// Matrix (R, C) from an array-like.
template <int R, int C>
Eigen::Matrix<double, R, C> matrix_in(const py::handle& object, const char* what) {
  const ArrayIn a = array_in(object, what);
  if (a.ndim() != 2 || a.shape(0) != R || a.shape(1) != C) {
    throw py::value_error(std::string(what) + " has shape " + shape_text(a) + ", allowed (" +
                          std::to_string(R) + ", " + std::to_string(C) + ")");
  }
  return Eigen::Map<const Eigen::Matrix<double, R, C, Eigen::RowMajor>>(a.data());
}

/// New array with the values of a matrix; column vectors become one-dimensional.
template <typename Derived>
py::array_t<double> array_out(const Eigen::MatrixBase<Derived>& m) {
  constexpr int kRows = Derived::RowsAtCompileTime;
  constexpr int kColumns = Derived::ColsAtCompileTime;
  if constexpr (kColumns == 1) {
    py::array_t<double> a(kRows);
    for (int i = 0; i < kRows; ++i) a.mutable_at(i) = m(i);
    return a;
  } else {
    py::array_t<double> a({kRows, kColumns});
    for (int i = 0; i < kRows; ++i) {
      for (int j = 0; j < kColumns; ++j) a.mutable_at(i, j) = m(i, j);
    }
    return a;
  }
}

/// Writable view on a vector or row-major matrix inside the Python object `owner`, which it keeps
/// alive.
template <typename Matrix>
py::array_t<double> array_view(Matrix& m, const py::handle& owner) {
  constexpr int kRows = Matrix::RowsAtCompileTime;
  constexpr int kColumns = Matrix::ColsAtCompileTime;
  static_assert(kColumns == 1 || Matrix::IsRowMajor, "a view needs C order");
  if constexpr (kColumns == 1) {
    return py::array_t<double>(kRows, m.data(), owner);
  } else {
    return py::array_t<double>({kRows, kColumns}, m.data(), owner);
  }
}

/// Property `name` over a fixed-size member: reads as a writable view, assigns with a shape check.
template <auto Member, typename Class, typename... Options>
void bind_array(py::class_<Class, Options...>& c, const char* name, const char* doc) {
  using Matrix = std::remove_reference_t<decltype(std::declval<Class&>().*Member)>;
  constexpr int kRows = Matrix::RowsAtCompileTime;
  constexpr int kColumns = Matrix::ColsAtCompileTime;
  c.def_property(
      name, [](const py::object& self) { return array_view(self.cast<Class&>().*Member, self); },
      [name](Class& self, const py::object& value) {
        if constexpr (kColumns == 1) {
          self.*Member = vector_in<kRows>(value, name);
        } else {
          self.*Member = matrix_in<kRows, kColumns>(value, name);
        }
      },
      doc);
}

}  // namespace trocar::bindings
