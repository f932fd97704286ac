// SPDX-License-Identifier: Apache-2.0
/// The dual active-set method of Goldfarb & Idnani (Mathematical Programming 27 (1983), 1-33).
///
/// Starts at the unconstrained minimum and adds one violated constraint after another, so every
/// point on the way is optimal for the constraints it holds, and no feasible start is needed.
/// Variables are scaled to a unit diagonal of H and rows to unit length; the last step refines x
/// and the multipliers against the data.  No allocation; steps are capped.
#pragma once

#include <array>

#include "trocar/qp.hpp"
#include "trocar/qp_factors.hpp"

namespace trocar {

template <int N>
class QpSolver {
 public:
  using Vector = typename QpProblem<N>::Vector;

  explicit QpSolver(int iteration_cap = 100) : cap_(iteration_cap) {}

  /// Solve; constraints of `warm` are taken first where they are violated.  The answer does not
  /// depend on it, only the number of steps does.
  QpResult<N> solve(const QpProblem<N>& problem, QpActiveSet warm = 0) {
    result_ = {};
    if (!scale(problem)) return result_;
    for (int i = 0; i < N; ++i) {
      if (problem.lower[i] > problem.upper[i]) return finish(QpStatus::kInfeasible);
    }
    ignored_ = 0;
    for (;;) {
      const int p = next(warm);
      if (p < 0) return finish(QpStatus::kOptimal);
      const QpStatus added = enforce(p);
      if (added != QpStatus::kOptimal) return finish(added);
    }
  }

  /// Multiplier (>= 0) of constraint c, numbered as in QpActiveSet, of the last optimal answer.
  double multiplier(int c) const {
    for (int k = 0; k < factors_.size(); ++k) {
      if (active_[k] != c) continue;
      return u_[k] / (c < kLower ? length_[c] : D_[(c - kLower) % 8]);
    }
    return 0.0;
  }

 private:
  static constexpr int kLower = 32, kUpper = 40, kConstraints = 48;
  static constexpr double kFar = 1e8;        // a minimum farther away than this is a mistake
  static constexpr double kParallel = 1e-9;  // sine below which a normal depends on the active
  static constexpr double kTolerance = 2e-12, kRounding = 1e-15;

  /// Data in scaled variables y = x / D, with D H D of unit diagonal; false: invalid.
  bool scale(const QpProblem<N>& p) {
    if (p.rows < 0 || p.rows > kMaxQpRows || !p.H.allFinite() || !p.g.allFinite()) return false;
    const double asymmetry = (p.H - p.H.transpose()).cwiseAbs().maxCoeff();
    if (!(asymmetry <= 1e-9 * p.H.cwiseAbs().maxCoeff())) return false;
    for (int i = 0; i < N; ++i) {
      if (!(p.H(i, i) > 0.0)) return false;
      D_[i] = 1.0 / std::sqrt(p.H(i, i));
      lower_[i] = p.lower[i] / D_[i];
      upper_[i] = p.upper[i] / D_[i];
      if (!(lower_[i] < kInfinity && upper_[i] > -kInfinity)) return false;
    }
    H_ = D_.asDiagonal() * p.H * D_.asDiagonal();
    g_ = D_.cwiseProduct(p.g);
    rows_ = p.rows;
    for (int r = 0; r < rows_; ++r) {
      const Vector a = D_.cwiseProduct(p.A.row(r).transpose());
      const double largest = a.cwiseAbs().maxCoeff();
      if (!std::isfinite(p.b[r]) || !std::isfinite(largest) || !a.allFinite()) return false;
      // A row of zeros stays one: 0 >= b holds, or nothing helps.
      const double length = largest > 0.0 ? largest * (a / largest).norm() : 1.0;
      a_[r] = a / length;
      b_[r] = p.b[r] / length;
      length_[r] = length;
      if (!std::isfinite(b_[r])) return false;
    }
    if (!factors_.reset(H_)) return false;
    y_ = -(factors_.J() * (factors_.J().transpose() * g_));
    return y_.allFinite() && D_.cwiseProduct(y_).cwiseAbs().maxCoeff() <= kFar;
  }

  /// How far constraint c is from being violated.
  double slack(int c) const {
    if (c >= kUpper) return upper_[c - kUpper] - y_[c - kUpper];
    if (c >= kLower) return y_[c - kLower] - lower_[c - kLower];
    return a_[c].dot(y_) - b_[c];
  }

  double bound(int c) const {
    return c >= kUpper ? -upper_[c - kUpper] : c >= kLower ? lower_[c - kLower] : b_[c];
  }

  double tolerance(int c) const {
    return kTolerance * (1.0 + std::abs(bound(c)) + y_.cwiseAbs().maxCoeff());
  }

  Vector normal(int c) const {
    if (c >= kUpper) return -Vector::Unit(c - kUpper);
    if (c >= kLower) return Vector::Unit(c - kLower);
    return a_[c];
  }

  bool is_active(int c) const {
    for (int k = 0; k < factors_.size(); ++k) {
      if (active_[k] == c) return true;
    }
    return false;
  }

  /// The most violated constraint, those of `warm` before all others; -1: none is violated.
  int next(QpActiveSet warm) const {
    int best = -1;
    double worst = 0.0;
    bool best_warm = false;
    const double size = y_.cwiseAbs().maxCoeff();
    const auto consider = [&](int c) {
      const double s = slack(c);
      if (!(s < -kTolerance * (1.0 + std::abs(bound(c)) + size))) return;
      const QpActiveSet bit = QpActiveSet{1} << c;
      const bool is_warm = (warm & bit) != 0;
      if ((ignored_ & bit) != 0 || is_warm < best_warm || (is_warm == best_warm && s >= worst)) {
        return;
      }
      if (is_active(c)) return;
      best = c;
      worst = s;
      best_warm = is_warm;
    };
    for (int r = 0; r < rows_; ++r) consider(r);
    for (int i = 0; i < N; ++i) {
      consider(kLower + i);
      consider(kUpper + i);
    }
    return best;
  }

  /// Steps (primal, dual or both) until constraint p holds with equality: GI's algorithm, step 2.
  QpStatus enforce(int p) {
    double u_p = 0.0;
    for (;;) {
      if (++result_.iterations > cap_) return QpStatus::kIterationCap;
      const Vector n = normal(p);
      const Vector d = factors_.J().transpose().lazyProduct(n);
      const Vector r = factors_.solve(d);
      const int q = factors_.size();
      double t = kInfinity;  // the longest step that keeps every multiplier >= 0
      int blocking = -1;
      for (int k = 0; k < q; ++k) {
        if (r[k] > kTolerance * r.cwiseAbs().maxCoeff() && u_[k] < t * r[k]) {
          t = u_[k] / r[k];
          blocking = k;
        }
      }
      double curvature = 0.0;  // z'n = |d2|^2
      for (int k = q; k < N; ++k) curvature += d[k] * d[k];
      const bool independent = curvature > kParallel * kParallel * d.squaredNorm();
      const double full = independent ? std::max(0.0, -slack(p)) / curvature : kInfinity;
      if (!independent && u_p == 0.0 && is_rounding(p, r)) {
        ignored_ |= QpActiveSet{1} << p;
        return QpStatus::kOptimal;
      }
      if (!independent && blocking < 0) return QpStatus::kInfeasible;
      const bool reaches = full <= t;
      if (reaches) t = full;
      if (independent) y_ += t * factors_.primal(d);
      for (int k = 0; k < q; ++k) u_[k] -= t * r[k];
      u_p += t;
      if (reaches) {
        factors_.add(d);
        active_[q] = p;
        u_[q] = u_p;
        return QpStatus::kOptimal;
      }
      drop(blocking);
    }
  }

  /// Whether p, a combination n = N r of active normals, is met but for their rounding times r.
  bool is_rounding(int p, const Vector& r) {
    if (slack(p) < -1e5 * tolerance(p)) return false;
    refine();
    return slack(p) >= -10.0 * tolerance(p) - kRounding * r.template lpNorm<1>();
  }

  void drop(int l) {
    factors_.drop(l);
    for (int k = l; k < factors_.size(); ++k) {
      active_[k] = active_[k + 1];
      u_[k] = u_[k + 1];
    }
  }

  /// Residuals of Hy + g = N u and N'y = b.
  void residuals(Vector* dual, Vector* primal) const {
    *dual = -(H_.lazyProduct(y_) + g_);
    primal->setZero();
    for (int k = 0; k < factors_.size(); ++k) {
      *dual += u_[k] * normal(active_[k]);
      (*primal)[k] = -slack(active_[k]);
    }
  }

  /// One step of iterative refinement: the equality problem of the active set, for the residuals.
  void refine() {
    Vector dual, primal;
    residuals(&dual, &primal);
    const int q = factors_.size();
    Vector w = factors_.J().transpose().lazyProduct(dual);
    const Vector w1 = factors_.solve_transposed(primal);
    Vector rest = Vector::Zero();
    for (int k = 0; k < q; ++k) {
      rest[k] = w1[k] - w[k];
      w[k] = w1[k];
    }
    y_ += factors_.J().lazyProduct(w);
    const Vector du = factors_.solve(rest);
    for (int k = 0; k < q; ++k) u_[k] += du[k];
  }

  QpResult<N> finish(QpStatus status) {
    result_.status = status;
    if (status == QpStatus::kOptimal) {
      refine();
      result_.residual = kkt_residual();
    }
    result_.x = D_.cwiseProduct(y_);
    if (!result_.x.allFinite() || result_.x.cwiseAbs().maxCoeff() > kFar) {  // a row led there
      if (status == QpStatus::kOptimal) result_.status = QpStatus::kInvalid;
      result_.x.setZero();
    }
    for (int k = 0; k < factors_.size(); ++k) result_.active |= QpActiveSet{1} << active_[k];
    return result_;
  }

  double kkt_residual() const {
    Vector dual, primal;
    residuals(&dual, &primal);
    double multiplier = 0.0, negative = 0.0;
    for (int k = 0; k < factors_.size(); ++k) {
      multiplier = std::max(multiplier, std::abs(u_[k]));
      negative = std::max(negative, -u_[k]);
    }
    const double size = 1.0 + y_.cwiseAbs().maxCoeff();
    const double force = 1.0 + std::max(g_.cwiseAbs().maxCoeff(), multiplier);
    double worst = std::max(dual.cwiseAbs().maxCoeff(), negative) / force;
    const auto add = [&](int c) {
      worst = std::max(worst, -slack(c) / (size + std::abs(bound(c))));
    };
    for (int r = 0; r < rows_; ++r) add(r);
    for (int i = 0; i < N; ++i) {
      if (std::isfinite(lower_[i])) add(kLower + i);
      if (std::isfinite(upper_[i])) add(kUpper + i);
    }
    return worst;
  }

  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  int cap_;
  QpResult<N> result_;
  QpFactors<N> factors_;
  Eigen::Matrix<double, N, N> H_;
  Vector D_, g_, y_, lower_, upper_;
  std::array<Vector, kMaxQpRows> a_;
  std::array<double, kMaxQpRows> b_, length_;
  int rows_ = 0;
  std::array<int, N + 1> active_{};
  std::array<double, N + 1> u_{};
  QpActiveSet ignored_ = 0;
};

}  // namespace trocar
