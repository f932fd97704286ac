// SPDX-License-Identifier: Apache-2.0
/// Eigenvectors followed from matrix to matrix, against Eigen's own solver.
#include <doctest/doctest.h>

#include <Eigen/Eigenvalues>
#include <limits>
#include <random>

#include "trocar/symmetric_eigen.hpp"

using namespace trocar;

namespace {

Mat6 random_symmetric(std::mt19937_64& random) {
  Mat6 A;
  for (double& a : A.reshaped()) a = static_cast<double>(random() >> 11) * 0x1p-53 - 0.5;
  return A + A.transpose();
}

/// Largest error of what `eigen` says of A, as a share of A's norm; of the values and of A itself.
double error_of(const SymmetricEigen<6>& eigen, const Mat6& A) {
  Vec6 values = eigen.values();
  std::sort(values.begin(), values.end());
  const Eigen::SelfAdjointEigenSolver<Mat6> oracle(A);
  const Mat6& U = eigen.vectors();
  const Mat6 again = U * eigen.values().asDiagonal() * U.transpose();
  return std::max({(values - oracle.eigenvalues()).norm() / A.norm(), (again - A).norm() / A.norm(),
                   (U.transpose() * U - Mat6::Identity()).norm()});
}

}  // namespace

TEST_CASE("symmetric eigen: any matrix, one after the other, as Eigen's solver says") {
  std::mt19937_64 random(1);
  SymmetricEigen<6> eigen;
  for (int n = 0; n < 2000; ++n) {
    const Mat6 half = random_symmetric(random);
    Vec6 scale;  // stiff and loose directions as an impedance has them, and equal ones
    scale << 1.0, 1.0, 1e3, 1e-3, 10.0, 0.0;
    const Mat6 A = n % 2 == 0 ? half : Mat6(half * scale.asDiagonal() * half);
    eigen.compute(A);
    REQUIRE(error_of(eigen, A) < 1e-13);
  }
}

TEST_CASE("symmetric eigen: a matrix that turns slowly is followed without a drift") {
  std::mt19937_64 random(2);
  const Mat6 A = random_symmetric(random), B = random_symmetric(random);
  SymmetricEigen<6> eigen;
  double worst = 0.0;
  for (int n = 0; n < 20'000; ++n) {
    const Mat6 now = A + std::sin(1e-3 * n) * B;
    eigen.compute(now);
    if (n % 100 == 99) worst = std::max(worst, error_of(eigen, now));
  }
  CHECK(worst < 1e-13);
}

TEST_CASE("symmetric eigen: nothing, equal values, and what is no number leave no trace") {
  SymmetricEigen<6> eigen;
  for (const double value : {0.0, 3.0}) {
    eigen.compute(value * Mat6::Identity());
    CHECK((eigen.values() - Vec6::Constant(value)).norm() < 1e-15);
  }
  Mat6 bad = Mat6::Identity();
  bad(1, 2) = bad(2, 1) = std::numeric_limits<double>::quiet_NaN();
  eigen.compute(bad);
  std::mt19937_64 random(3);
  const Mat6 A = random_symmetric(random);
  eigen.compute(A);
  CHECK(error_of(eigen, A) < 1e-13);
}
