// SPDX-License-Identifier: Apache-2.0
/// Small convex quadratic programs: the problem, its answer, and what is left where none exists.
///
///   minimise 1/2 x'Hx + g'x   subject to   A x >= b,  lower <= x <= upper
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "trocar/types.hpp"

namespace trocar {

inline constexpr int kMaxQpRows = 32;

enum class QpStatus : std::int32_t { kOptimal, kInfeasible, kIterationCap, kInvalid };

inline const char* describe(QpStatus status) {
  switch (status) {
    case QpStatus::kOptimal:
      return "solved";
    case QpStatus::kInfeasible:
      return "no x meets every row and bound";
    case QpStatus::kIterationCap:
      return "not solved within the iteration cap";
    case QpStatus::kInvalid:
      return "not finite, H not positive definite, or a minimum beyond 1e8";
  }
  return "unknown status";
}

/// H (N, N) symmetric positive definite; the first `rows` rows of A and b count.  Bounds may be
/// infinite, everything else is finite.
template <int N>
struct QpProblem {
  static_assert(N >= 1 && N <= 8, "sized for arms");
  using Vector = Eigen::Matrix<double, N, 1>;
  Eigen::Matrix<double, N, N> H = Eigen::Matrix<double, N, N>::Identity();
  Vector g = Vector::Zero();
  int rows = 0;
  Eigen::Matrix<double, kMaxQpRows, N, N == 1 ? Eigen::ColMajor : Eigen::RowMajor> A;
  Eigen::Matrix<double, kMaxQpRows, 1> b;
  Vector lower = Vector::Constant(-std::numeric_limits<double>::infinity());
  Vector upper = Vector::Constant(std::numeric_limits<double>::infinity());

  /// Add a'x >= bound; false where the table is full (the row is then not in).
  bool add_row(const Vector& a, double bound) {
    if (rows >= kMaxQpRows) return false;
    A.row(rows) = a.transpose();
    b[rows++] = bound;
    return true;
  }
};

/// Which constraints hold with equality: bit c for row c, 32 + i for lower i, 40 + i for upper i.
using QpActiveSet = std::uint64_t;

template <int N>
struct QpResult {
  QpStatus status = QpStatus::kInvalid;
  typename QpProblem<N>::Vector x = QpProblem<N>::Vector::Zero();  // zero where invalid
  int iterations = 0;                                              // constraints added and dropped
  double residual = 0.0;   // largest relative error of the KKT conditions, scaled variables
  QpActiveSet active = 0;  // give it to the next solve as its warm start
};

/// Largest s in [0, 1] such that s * x meets every row and bound; 0 where there is none (to hold is
/// then the least of evils, and the caller's to judge).
template <int N>
double scale_to_feasible(const QpProblem<N>& p, const typename QpProblem<N>::Vector& x) {
  double most = 1.0, least = 0.0;
  bool none = !x.allFinite();
  const auto limit = [&](double along, double bound) {  // s * along >= bound
    if (bound <= 0.0 && along < bound) most = std::min(most, bound / along);
    if (bound > 0.0) {
      none = none || !(along >= bound);
      least = std::max(least, bound / along);
    }
  };
  for (int r = 0; r < p.rows; ++r) limit(p.A.row(r).dot(x.transpose()), p.b[r]);
  for (int i = 0; i < N; ++i) {
    limit(x[i], p.lower[i]);
    limit(-x[i], -p.upper[i]);
  }
  return none || least > most ? 0.0 : most;
}

}  // namespace trocar
