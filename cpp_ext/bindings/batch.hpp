// SPDX-License-Identifier: Apache-2.0
/// Arrays whose sizes are only known at run time: batches of joints and poses, and vectors of as
/// many values as a chain has joints.  A wrong shape raises ValueError in one line.
#pragma once

#include <array>

#include "arrays.hpp"
#include "trocar/chain.hpp"

namespace trocar::bindings {

/// Array of the given shape, -1 for any size; ValueError naming `what` and both shapes.
template <std::size_t Dimensions>
ArrayIn shaped_in(const py::handle& object, const char* what,
                  const std::array<py::ssize_t, Dimensions>& shape) {
  const ArrayIn a = array_in(object, what);
  bool fits = a.ndim() == static_cast<py::ssize_t>(Dimensions);
  std::string allowed = "(";
  for (std::size_t i = 0; i < Dimensions; ++i) {
    fits = fits && (shape[i] < 0 || a.shape(static_cast<py::ssize_t>(i)) == shape[i]);
    allowed += (i > 0 ? ", " : "") + (shape[i] < 0 ? std::string("N") : std::to_string(shape[i]));
  }
  if (fits) return a;
  throw py::value_error(std::string(what) + " has shape " + shape_text(a) + ", allowed " + allowed +
                        (Dimensions == 1 ? ",)" : ")"));
}

using Pose = Eigen::Matrix<double, 4, 4, Eigen::RowMajor>;

/// Transform of 16 row-major values; a last row other than 0 0 0 1 gives no rotation, which every
/// solver answers as a goal that is no pose.
inline Transform pose_in(const double* values) {
  const Eigen::Map<const Pose> T(values);
  Transform pose = {T.topLeftCorner<3, 3>(), T.topRightCorner<3, 1>()};
  if (!(T.row(3) == Eigen::RowVector4d(0.0, 0.0, 0.0, 1.0))) pose.R.setZero();
  return pose;
}

inline void pose_out(const Transform& T, double* values) { Eigen::Map<Pose>{values} = T.matrix(); }

/// The first `size` values of an array, the rest 0.
inline ChainVec chain_vec(const double* values, int size) {
  ChainVec q = ChainVec::Zero();
  for (int i = 0; i < size; ++i) q[i] = values[i];
  return q;
}

/// q of the chain's size from an array-like.
inline ChainVec chain_vec_in(const Chain& chain, const py::handle& object, const char* what) {
  const ArrayIn a = shaped_in<1>(object, what, {chain.size});
  return chain_vec(a.data(), chain.size);
}

/// New (size,) array.
inline py::array_t<double> chain_vec_out(const ChainVec& q, int size) {
  py::array_t<double> a(size);
  for (int i = 0; i < size; ++i) a.mutable_at(i) = q[i];
  return a;
}

}  // namespace trocar::bindings
