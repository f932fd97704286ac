// SPDX-License-Identifier: Apache-2.0
/// Differential inverse kinematics as a quadratic program:
///
///   minimise |W (J qd - e)|^2 + lambda |qd - qd_near|^2   (joints in shares of their speed)
///   subject to  lower <= qd <= upper,  rows a qd >= b
///
/// It slides along what binds (Funda 1996; Kapoor, Li, Taylor 2006).  Where nothing meets all rows,
/// those that ask for a retreat give way together, as little as possible; then all of them; the
/// bounds never do.  For any arm of up to 7 joints.
#pragma once

#include "trocar/qp_solver.hpp"
#include "trocar/types.hpp"

namespace trocar {

template <int N>
struct DiffIkProblem {
  static_assert(N >= 1 && N <= 7, "one variable is kept for giving way");
  using Vector = Eigen::Matrix<double, N, 1>;
  Eigen::Matrix<double, 6, N> J = Eigen::Matrix<double, 6, N>::Zero();
  Vec6 twist = Vec6::Zero();        // e: (linear, angular), m/s, rad/s
  Vector qd_near = Vector::Zero();  // where the task leaves a choice
  Vector speed = Vector::Ones();    // of each joint, rad/s or m/s: the unit of its share
  Vector lower = -Vector::Ones();   // qd
  Vector upper = Vector::Ones();    // qd, not below lower
  double linear_unit = 0.1;         // m/s that weigh as much as
  double angular_unit = 5.0;        // rad/s: a lever of 20 mm
  double damping = 1e-4;            // lambda
  int rows = 0;
  Eigen::Matrix<double, kMaxQpRows, N, N == 1 ? Eigen::ColMajor : Eigen::RowMajor> A;
  Eigen::Matrix<double, kMaxQpRows, 1> b;  // m/s

  bool add_row(const Vector& a, double bound) {
    if (rows >= kMaxQpRows) return false;
    A.row(rows) = a.transpose();
    b[rows++] = bound;
    return true;
  }
};

enum class Yielding : std::int32_t { kNone, kRetreats, kAllRows, kHeld };

template <int N>
struct DiffIkResult {
  typename DiffIkProblem<N>::Vector qd = DiffIkProblem<N>::Vector::Zero();
  QpStatus status = QpStatus::kInvalid;  // of the program with every row
  Yielding yielding = Yielding::kNone;
  int iterations = 0;
  QpActiveSet active = 0;
};

template <int N>
class DiffIk {
 public:
  using Vector = typename DiffIkProblem<N>::Vector;

  DiffIkResult<N> solve(const DiffIkProblem<N>& p, QpActiveSet warm = 0) {
    DiffIkResult<N> result;
    if (p.rows < 0 || p.rows > kMaxQpRows) return held(p, result);
    state(p);
    const QpResult<N> plain = solver_.solve(plain_, warm);
    result.status = plain.status;
    result.iterations = plain.iterations;
    result.active = plain.active;
    if (plain.status == QpStatus::kOptimal) {
      result.qd = clamped(p, plain.x);
      return result;
    }
    for (const Yielding yielding : {Yielding::kRetreats, Yielding::kAllRows}) {
      if (give_way(p, yielding, &result)) return result;
    }
    return held(p, result);
  }

 private:
  static constexpr double kPrice = 1e3;  // of giving way: far above any gain of the task

  /// Nothing to be trusted: as near to rest as the bounds allow.
  static DiffIkResult<N> held(const DiffIkProblem<N>& p, DiffIkResult<N> result) {
    result.yielding = Yielding::kHeld;
    result.qd = Vector::Zero().cwiseMax(p.lower).cwiseMin(p.upper);
    if (!result.qd.allFinite()) result.qd.setZero();
    return result;
  }

  /// The program in shares x = qd / speed.
  void state(const DiffIkProblem<N>& p) {
    Eigen::Matrix<double, 6, N> WJ = p.J * p.speed.asDiagonal();
    Vec6 We = p.twist;
    WJ.template topRows<3>() /= p.linear_unit;
    We.template head<3>() /= p.linear_unit;
    WJ.template bottomRows<3>() /= p.angular_unit;
    We.template tail<3>() /= p.angular_unit;
    plain_.H = WJ.transpose() * WJ;
    plain_.H.diagonal().array() += p.damping;
    plain_.g = -(WJ.transpose() * We) - p.damping * p.qd_near.cwiseQuotient(p.speed);
    plain_.lower = p.lower.cwiseQuotient(p.speed);
    plain_.upper = p.upper.cwiseQuotient(p.speed);
    plain_.rows = p.rows;
    for (int r = 0; r < p.rows; ++r) {
      plain_.A.row(r) = p.A.row(r).cwiseProduct(p.speed.transpose()) / p.linear_unit;
      plain_.b[r] = p.b[r] / p.linear_unit;
    }
  }

  /// One more variable t >= 0: rows become a x + weight t >= b, and t costs.
  bool give_way(const DiffIkProblem<N>& p, Yielding yielding, DiffIkResult<N>* result) {
    QpProblem<N + 1>& wide = wide_;
    wide.H.setZero();
    wide.H.template topLeftCorner<N, N>() = plain_.H;
    wide.H(N, N) = 1.0;
    wide.g << plain_.g, kPrice;
    wide.lower << plain_.lower, 0.0;
    wide.upper << plain_.upper, std::numeric_limits<double>::infinity();
    wide.rows = plain_.rows;
    for (int r = 0; r < plain_.rows; ++r) {
      const double retreat = std::max(0.0, plain_.b[r]);
      const double weight = yielding == Yielding::kRetreats ? retreat : 1.0;
      wide.A.row(r) << plain_.A.row(r), weight;
      wide.b[r] = plain_.b[r];
    }
    const QpResult<N + 1> solved = wide_solver_.solve(wide);
    result->iterations += solved.iterations;
    if (solved.status != QpStatus::kOptimal) return false;
    result->yielding = yielding;
    result->qd = clamped(p, solved.x.template head<N>());
    return true;
  }

  /// Back from shares; rounding at a bound is taken off.
  Vector clamped(const DiffIkProblem<N>& p, const Vector& x) const {
    return x.cwiseProduct(p.speed).cwiseMax(p.lower).cwiseMin(p.upper);
  }

  QpProblem<N> plain_;
  QpProblem<N + 1> wide_;
  QpSolver<N> solver_;
  QpSolver<N + 1> wide_solver_;
};

/// The rule that a shaft passes through a trocar, for an arm whose mechanics do not see to it: two
/// directions across the shaft in which the shaft's point at the trocar comes back at rate k
/// (Aghakhani 2013), each as a pair of rows.  `J` of the frame at p_base on the shaft (linear,
/// angular), `axis` the shaft's unit vector.  False where the table has no room for four rows.
template <int N>
bool add_rcm_rows(DiffIkProblem<N>* p, const Eigen::Matrix<double, 6, N>& J, const Vec3& p_base,
                  const Vec3& axis, const Vec3& trocar, double k) {
  constexpr double kBand = 1e-9;  // m/s between the rows of a pair
  if (p->rows + 4 > kMaxQpRows) return false;
  const Vec3 at = p_base + axis * axis.dot(trocar - p_base);  // of the shaft line, nearest to it
  const Vec3 error = at - trocar;
  const Vec3 helper = std::abs(axis.z()) < 0.7 ? Vec3(Vec3::UnitZ()) : Vec3(Vec3::UnitX());
  const Vec3 first = axis.cross(helper).normalized();
  for (const Vec3& n : {first, Vec3(axis.cross(first))}) {
    // Speed of the body's point `at` along n: n'(v + w x (at - p)).
    const Eigen::Matrix<double, N, 1> row =
        J.template topRows<3>().transpose() * n +
        J.template bottomRows<3>().transpose() * (at - p_base).cross(n);
    p->add_row(row, -k * n.dot(error) - kBand);
    p->add_row(-row, k * n.dot(error) - kBand);
  }
  return true;
}

}  // namespace trocar
