// SPDX-License-Identifier: Apache-2.0
/// The two factors of the dual active-set method, kept up to date by plane rotations.
///
/// J'HJ = I and J'N = [R; 0] for the matrix N of active normals (Goldfarb & Idnani, Mathematical
/// Programming 27 (1983), section 4).
#pragma once

#include <Eigen/Cholesky>
#include <array>
#include <cmath>

#include "trocar/types.hpp"

namespace trocar {

template <int N>
class QpFactors {
 public:
  using Vector = Eigen::Matrix<double, N, 1>;
  using Matrix = Eigen::Matrix<double, N, N>;

  /// Start from H alone; false where it is not positive definite.
  bool reset(const Matrix& H) {
    const Eigen::LLT<Matrix> llt(H);
    if (llt.info() != Eigen::Success) return false;
    J_.setZero();  // J = L^-T, column by column: forward substitution of the unit vectors
    const Matrix& L = llt.matrixLLT();
    for (int i = 0; i < N; ++i) {
      J_(i, i) = 1.0 / L(i, i);
      for (int j = 0; j < i; ++j) {
        double sum = 0.0;
        for (int k = j; k < i; ++k) sum += L(i, k) * J_(j, k);
        J_(j, i) = -sum * J_(i, i);
      }
    }
    R_.setZero();
    size_ = 0;
    return J_.allFinite();
  }

  int size() const { return size_; }
  const Matrix& J() const { return J_; }

  /// Primal direction z = J2 J2'n, from d = J'n.
  Vector primal(const Vector& d) const {
    Vector z = Vector::Zero();
    for (int k = size_; k < N; ++k) z += d[k] * J_.col(k);
    return z;
  }

  /// R^-1 of the first `size` entries; the rest is zero.
  Vector solve(const Vector& d) const {
    Vector r = Vector::Zero();
    for (int i = size_ - 1; i >= 0; --i) {
      double sum = d[i];
      for (int j = i + 1; j < size_; ++j) sum -= R_(i, j) * r[j];
      r[i] = sum * inverse_diagonal_[i];
    }
    return r;
  }

  /// R'^-1 of the first `size` entries; the rest is zero.
  Vector solve_transposed(const Vector& d) const {
    Vector r = Vector::Zero();
    for (int i = 0; i < size_; ++i) {
      double sum = d[i];
      for (int j = 0; j < i; ++j) sum -= R_(j, i) * r[j];
      r[i] = sum * inverse_diagonal_[i];
    }
    return r;
  }

  /// Append a normal whose d = J'n is given: rotate d's tail into one entry, the diagonal of R.
  void add(Vector d) {
    if constexpr (N > 1) {
      for (int k = N - 1; k > size_; --k) {
        const auto [c, s] = rotation(d[k - 1], d[k]);
        d[k - 1] = c * d[k - 1] + s * d[k];
        rotate_columns(k - 1, k, c, s);
      }
    }
    for (int i = 0; i <= size_; ++i) R_(i, size_) = d[i];
    inverse_diagonal_[size_] = 1.0 / d[size_];
    ++size_;
  }

  /// Remove active normal `l`; R's Hessenberg part is rotated back to a triangle.
  void drop(int l) {
    for (int j = l + 1; j < size_; ++j) R_.col(j - 1) = R_.col(j);
    --size_;
    for (int k = l; k < size_; ++k) {
      const auto [c, s] = rotation(R_(k, k), R_(k + 1, k));
      for (int j = k; j < size_; ++j) {
        const double upper = R_(k, j), lower = R_(k + 1, j);
        R_(k, j) = c * upper + s * lower;
        R_(k + 1, j) = c * lower - s * upper;
      }
      inverse_diagonal_[k] = 1.0 / R_(k, k);
      rotate_columns(k, k + 1, c, s);
    }
  }

 private:
  /// (c, s) with -s a + c b = 0.
  static std::array<double, 2> rotation(double a, double b) {
    double h = std::sqrt(a * a + b * b);  // std::hypot takes ten times as long
    if (!(h > 1e-150 && h < 1e150)) h = std::hypot(a, b);
    if (h == 0.0) return {1.0, 0.0};
    const double inverse = 1.0 / h;
    return {a * inverse, b * inverse};
  }

  void rotate_columns(int i, int j, double c, double s) {
    const Vector left = J_.col(i);
    J_.col(i) = c * left + s * J_.col(j);
    J_.col(j) = c * J_.col(j) - s * left;
  }

  Matrix J_, R_;
  Vector inverse_diagonal_;  // of R: divisions are what a solve waits for
  int size_ = 0;
};

}  // namespace trocar
