// SPDX-License-Identifier: Apache-2.0
/// Eigenvalues and eigenvectors of a symmetric matrix that changes little from call to call.
///
/// Cyclic Jacobi rotations (Golub, Van Loan, Matrix Computations, 4th ed., 8.5.3), begun in the
/// last call's eigenvectors, where the matrix is nearly diagonal already: two or three sweeps of
/// rotations instead of a tridiagonalisation.  The damping of impedance.hpp takes 13,400
/// instructions with it and 18,200 with Eigen's solver (callgrind, 2000 ticks of the tick
/// campaign).
#pragma once

#include <cmath>

#include "trocar/types.hpp"

namespace trocar {

template <int N>
class SymmetricEigen {
 public:
  using Matrix = Eigen::Matrix<double, N, N>;
  using Vector = Eigen::Matrix<double, N, 1>;

  /// Forget the last matrix.
  void restart() { vectors_.setIdentity(); }

  /// Decompose A (N, N), of which the symmetric part counts: A = vectors diag(values) vectors^T.
  void compute(const Matrix& A) {
    if (!vectors_.allFinite()) restart();
    // One step of Newton's iteration for the orthogonal factor: rounding does not add up.
    vectors_ = Matrix(1.5 * vectors_ - 0.5 * vectors_ * Matrix(vectors_.transpose() * vectors_));
    const Matrix turned = vectors_.transpose() * A * vectors_;
    D_ = 0.5 * (turned + turned.transpose());
    for (int sweep = 0; sweep < kMaxSweeps && !is_diagonal(); ++sweep) {
      for (int p = 0; p < N - 1; ++p) {
        for (int q = p + 1; q < N; ++q) rotate(p, q);
      }
    }
  }

  /// In no order.
  Vector values() const { return D_.diagonal(); }
  /// A column each.
  const Matrix& vectors() const { return vectors_; }

 private:
  static constexpr int kMaxSweeps = 12;     // five suffice from anywhere
  static constexpr double kOff = 1e-14;     // of the largest entry of the diagonal
  static constexpr double kNoTurn = 1e-18;  // of it: nothing to gain

  bool is_diagonal() const {
    const double most = kOff * D_.diagonal().cwiseAbs().maxCoeff();
    for (int q = 1; q < N; ++q) {
      if (!(D_.col(q).head(q).cwiseAbs().maxCoeff() <= most)) return false;
    }
    return true;
  }

  /// Turn in the plane (p, q) so that D(p, q) vanishes (algorithm 8.5.1).
  void rotate(int p, int q) {
    const double off = D_(p, q);
    if (std::abs(off) <= kNoTurn * (std::abs(D_(p, p)) + std::abs(D_(q, q)))) return;
    const double tau = 0.5 * (D_(q, q) - D_(p, p)) / off;
    const double t = std::copysign(1.0 / (std::abs(tau) + std::sqrt(1.0 + tau * tau)), tau);
    const double c = 1.0 / std::sqrt(1.0 + t * t), s = t * c;
    D_(p, p) -= t * off;
    D_(q, q) += t * off;
    for (int k = 0; k < N; ++k) {
      if (k == p || k == q) continue;
      const double kp = D_(k, p), kq = D_(k, q);
      D_(k, p) = D_(p, k) = c * kp - s * kq;
      D_(k, q) = D_(q, k) = s * kp + c * kq;
    }
    D_(p, q) = D_(q, p) = 0.0;
    const Vector before = vectors_.col(p);
    vectors_.col(p) = c * before - s * vectors_.col(q);
    vectors_.col(q) = s * before + c * vectors_.col(q);
  }

  Matrix D_ = Matrix::Identity();
  Matrix vectors_ = Matrix::Identity();
};

}  // namespace trocar
