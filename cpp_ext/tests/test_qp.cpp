// SPDX-License-Identifier: Apache-2.0
/// The quadratic program against its own optimality conditions; oracles are in tests/core.
#include <doctest/doctest.h>

#include <random>

#include "trocar/qp_solver.hpp"

using namespace trocar;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kProblems = 2'000;
#else
constexpr int kProblems = 50'000;
#endif

double uniform(std::mt19937_64& random, double lo, double hi) {
  return std::uniform_real_distribution<double>(lo, hi)(random);
}

template <int N>
typename QpProblem<N>::Vector random_vector(std::mt19937_64& random) {
  typename QpProblem<N>::Vector v;
  for (int i = 0; i < N; ++i) v[i] = uniform(random, -1.0, 1.0);
  return v;
}

/// Random, feasible (at a hidden point), with twin and nearly parallel rows among them.
template <int N>
QpProblem<N> random_problem(std::mt19937_64& random, int rows, double angle = 1e-5) {
  QpProblem<N> p;
  Eigen::Matrix<double, N, N> M;
  for (int i = 0; i < N; ++i) M.col(i) = random_vector<N>(random);
  p.H = M * M.transpose() + 1e-3 * Eigen::Matrix<double, N, N>::Identity();
  p.g = 3.0 * random_vector<N>(random);
  const auto inside = random_vector<N>(random);
  for (int r = 0; r < rows; ++r) {
    typename QpProblem<N>::Vector a = random_vector<N>(random);
    if (r > 0 && r % 5 == 0) a = p.A.row(r - 1).transpose();
    if (r > 0 && r % 7 == 0) a = p.A.row(r - 1).transpose() + angle * a;
    // Half of the rows go through the hidden point itself: a degenerate vertex.
    p.add_row(a, a.dot(inside) - (r % 2 == 0 ? 0.0 : uniform(random, 0.0, 0.5)));
  }
  p.lower = inside - Eigen::Matrix<double, N, 1>::Constant(0.5);
  p.upper = inside + Eigen::Matrix<double, N, 1>::Constant(0.5);
  return p;
}

template <int N>
void sweep(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  QpSolver<N> solver;
  int most = 0;
  for (int n = 0; n < kProblems / 4; ++n) {
    const QpProblem<N> p = random_problem<N>(random, n % (kMaxQpRows + 1));
    const QpResult<N> cold = solver.solve(p);
    REQUIRE(cold.status == QpStatus::kOptimal);
    REQUIRE(cold.residual <= 1e-9);
    most = std::max(most, cold.iterations);
    const QpResult<N> warm = solver.solve(p, cold.active);
    REQUIRE(warm.status == QpStatus::kOptimal);
    REQUIRE((warm.x - cold.x).cwiseAbs().maxCoeff() <= 1e-9);
    REQUIRE(scale_to_feasible(p, cold.x) >= 0.0);
  }
  CAPTURE(most);
  CHECK(most < 60);
}

}  // namespace

TEST_CASE("qp: random, degenerate and twin rows meet the optimality conditions") {
  sweep<1>(1);
  sweep<3>(2);
  sweep<6>(3);
  sweep<8>(4);
}

TEST_CASE("qp: rows 1e-7 rad apart fix a vertex to 1e-9 only, which is no infeasibility") {
  std::mt19937_64 random(7);
  QpSolver<3> solver;
  for (int n = 0; n < kProblems / 4; ++n) {
    const QpProblem<3> p = random_problem<3>(random, n % (kMaxQpRows + 1), 1e-7);
    const QpResult<3> r = solver.solve(p);
    REQUIRE(r.status == QpStatus::kOptimal);
    REQUIRE(r.residual <= 1e-7);
  }
}

TEST_CASE("qp: without constraints it is Newton's step") {
  QpProblem<2> p;
  p.H << 2.0, 0.5, 0.5, 1.0;
  p.g << -1.0, 3.0;
  const auto r = QpSolver<2>().solve(p);
  CHECK(r.status == QpStatus::kOptimal);
  CHECK((p.H * r.x + p.g).norm() < 1e-14);
  CHECK(r.active == 0);
}

TEST_CASE("qp: infeasible rows and bounds are named") {
  QpProblem<3> p;
  p.add_row(Vec3(1.0, 0.0, 0.0), 1.0);
  p.add_row(Vec3(-1.0, 0.0, 0.0), -0.5);
  CHECK(QpSolver<3>().solve(p).status == QpStatus::kInfeasible);
  QpProblem<3> zero;
  zero.add_row(Vec3::Zero(), 1e-3);
  CHECK(QpSolver<3>().solve(zero).status == QpStatus::kInfeasible);
  zero.b[0] = -1e-3;
  CHECK(QpSolver<3>().solve(zero).status == QpStatus::kOptimal);
  QpProblem<3> crossed;
  crossed.lower[1] = 1.0;
  crossed.upper[1] = 0.0;
  CHECK(QpSolver<3>().solve(crossed).status == QpStatus::kInfeasible);
}

TEST_CASE("qp: what is no problem is invalid, and x is zero") {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const auto status = [](auto spoil) {
    QpProblem<3> p;
    p.add_row(Vec3(1.0, 1.0, 0.0), -1.0);
    spoil(&p);
    const auto r = QpSolver<3>().solve(p);
    if (r.status == QpStatus::kInvalid) CHECK(r.x == Vec3::Zero());
    return r.status;
  };
  CHECK(status([](auto*) {}) == QpStatus::kOptimal);
  CHECK(status([&](auto* p) { p->H(1, 1) = nan; }) == QpStatus::kInvalid);
  CHECK(status([&](auto* p) { p->H(0, 1) = 0.5; }) == QpStatus::kInvalid);  // not symmetric
  CHECK(status([&](auto* p) { p->H(2, 2) = 0.0; }) == QpStatus::kInvalid);
  CHECK(status([&](auto* p) { p->H(2, 2) = -1.0; }) == QpStatus::kInvalid);
  CHECK(status([&](auto* p) { p->g[0] = inf; }) == QpStatus::kInvalid);
  CHECK(status([&](auto* p) { p->g[0] = 1e9; }) == QpStatus::kInvalid);
  CHECK(status([&](auto* p) { p->A(0, 0) = nan; }) == QpStatus::kInvalid);
  CHECK(status([&](auto* p) { p->b[0] = inf; }) == QpStatus::kInvalid);
  CHECK(status([&](auto* p) { p->lower[0] = nan; }) == QpStatus::kInvalid);
  CHECK(status([&](auto* p) { p->lower[0] = inf; }) == QpStatus::kInvalid);
  CHECK(status([&](auto* p) { p->rows = 33; }) == QpStatus::kInvalid);
}

TEST_CASE("qp: rows and variables of very different size are one problem") {
  std::mt19937_64 random(5);
  QpSolver<6> solver;
  for (int n = 0; n < kProblems / 20; ++n) {
    const QpProblem<6> p = random_problem<6>(random, 12);
    QpProblem<6> scaled = p;
    Vec6 s;
    for (int i = 0; i < 6; ++i) s[i] = std::pow(10.0, uniform(random, -4.0, 4.0));
    scaled.H = s.asDiagonal() * p.H * s.asDiagonal();
    scaled.g = s.cwiseProduct(p.g);
    for (int r = 0; r < p.rows; ++r) {
      const double row = std::pow(10.0, uniform(random, -8.0, 8.0));
      scaled.A.row(r) = row * p.A.row(r).cwiseProduct(s.transpose());
      scaled.b[r] = row * p.b[r];
    }
    scaled.lower = p.lower.cwiseQuotient(s);
    scaled.upper = p.upper.cwiseQuotient(s);
    const auto plain = solver.solve(p);
    const auto result = solver.solve(scaled);
    REQUIRE(result.status == QpStatus::kOptimal);
    REQUIRE((s.cwiseProduct(result.x) - plain.x).cwiseAbs().maxCoeff() <= 1e-8);
  }
}

TEST_CASE("qp: the cap is named, and a command is scaled to what is feasible") {
  std::mt19937_64 random(6);
  QpProblem<6> p = random_problem<6>(random, 20);
  p.g *= 100.0;
  CHECK(QpSolver<6>(1).solve(p).status == QpStatus::kIterationCap);

  QpProblem<2> q;
  q.add_row({-1.0, 0.0}, -2.0);  // x <= 2
  CHECK(scale_to_feasible<2>(q, {1.0, 5.0}) == 1.0);
  CHECK(scale_to_feasible<2>(q, {4.0, 5.0}) == doctest::Approx(0.5));
  q.upper << 1e9, 1.0;
  CHECK(scale_to_feasible<2>(q, {4.0, 5.0}) == doctest::Approx(0.2));
  q.add_row({0.0, 1.0}, 0.1);  // zero itself is outside, and so is every scaling
  CHECK(scale_to_feasible<2>(q, {4.0, 5.0}) == doctest::Approx(0.2));
  CHECK(scale_to_feasible<2>(q, {4.0, -5.0}) == 0.0);
  CHECK(scale_to_feasible<2>(q, {std::nan(""), 0.0}) == 0.0);
}
