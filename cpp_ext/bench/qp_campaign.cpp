// SPDX-License-Identifier: Apache-2.0
/// The quadratic program of the arm: random feasible problems, each solve timed alone, with what it
/// allocated and its optimality residual, worked out here from the problem as it was given:
/// gradient and complementarity and feasibility, over 1 + the largest multiplier.
///
/// "qp" is of 6 to 8 variables with bounds and up to 32 rows, every fifth row a twin of the one
/// before, half of them through the hidden feasible point (a degenerate vertex); "qp_box4" is six
/// variables, bounds and four rows, the problem that the peers are timed on.
#include <random>

#include "allocations.hpp"
#include "campaign.hpp"
#include "trocar/qp_solver.hpp"

namespace bench {

namespace {

double draw(std::mt19937_64& random, double lo, double hi) {
  return lo + (hi - lo) * static_cast<double>(random() >> 11) * 0x1.0p-53;
}

template <int N>
QpProblem<N> random_problem(std::mt19937_64& random, int rows, bool degenerate) {
  using Vector = typename QpProblem<N>::Vector;
  const auto vector = [&] {
    Vector v;
    for (int i = 0; i < N; ++i) v[i] = draw(random, -1.0, 1.0);
    return v;
  };
  QpProblem<N> p;
  Eigen::Matrix<double, N, N> M;
  for (int i = 0; i < N; ++i) M.col(i) = vector();
  p.H = M * M.transpose() + 1e-3 * Eigen::Matrix<double, N, N>::Identity();
  p.g = 3.0 * vector();
  const Vector inside = vector();
  for (int r = 0; r < rows; ++r) {
    Vector a = vector();
    if (degenerate && r > 0 && r % 5 == 0) a = p.A.row(r - 1).transpose();
    const bool touches = degenerate && r % 2 == 0;
    p.add_row(a, a.dot(inside) - (touches ? 0.0 : draw(random, 0.0, 0.5)));
  }
  p.lower = inside - Vector::Constant(0.5);
  p.upper = inside + Vector::Constant(0.5);
  return p;
}

/// Largest violation of the KKT conditions by x and the multipliers.
template <int N>
double kkt_residual(const QpProblem<N>& p, const typename QpProblem<N>::Vector& x,
                    const QpSolver<N>& solver) {
  typename QpProblem<N>::Vector gradient = p.H * x + p.g;
  double largest = 0.0, worst = 0.0;
  const auto meet = [&](int c, double slack) {
    const double u = solver.multiplier(c);
    largest = std::max(largest, std::abs(u));
    worst = std::max({worst, -slack, -u, std::abs(u * slack)});
  };
  for (int r = 0; r < p.rows; ++r) {
    meet(r, p.A.row(r).dot(x) - p.b[r]);
    gradient -= solver.multiplier(r) * p.A.row(r).transpose();
  }
  for (int i = 0; i < N; ++i) {
    meet(32 + i, x[i] - p.lower[i]);
    meet(40 + i, p.upper[i] - x[i]);
    gradient[i] += solver.multiplier(40 + i) - solver.multiplier(32 + i);
  }
  return std::max(worst, gradient.cwiseAbs().maxCoeff()) / (1.0 + largest);
}

struct Worst {
  double residual = 0.0;
  std::int64_t unsolved = 0;
  int iterations = 0;
};

template <int N>
void solve_one(std::mt19937_64& random, int rows, bool degenerate, std::vector<double>* us,
               Worst* worst) {
  const QpProblem<N> p = random_problem<N>(random, rows, degenerate);
  static QpSolver<N> solver;
  const double start = now_ns();
  QpResult<N> r;
  {
    const Counting counting;
    r = solver.solve(p);
  }
  us->push_back((now_ns() - start) * 1e-3);
  worst->unsolved += r.status != QpStatus::kOptimal;
  worst->residual = std::max(worst->residual, kkt_residual(p, r.x, solver));
  worst->iterations = std::max(worst->iterations, r.iterations);
}

}  // namespace

void qp_campaign(const Task& task) {
  std::mt19937_64 random(task.seed);
  std::vector<double> all, box4;
  all.reserve(static_cast<std::size_t>(task.count));
  box4.reserve(static_cast<std::size_t>(task.count));
  const long before = allocations();
  Worst worst;
  for (std::int64_t n = 0; n < task.count; ++n) {
    const int rows = static_cast<int>(n / 3 % (kMaxQpRows + 1));
    if (n % 3 == 0) solve_one<6>(random, rows, true, &all, &worst);
    if (n % 3 == 1) solve_one<7>(random, rows, true, &all, &worst);
    if (n % 3 == 2) solve_one<8>(random, rows, true, &all, &worst);
    solve_one<6>(random, 4, false, &box4, &worst);
  }
  const double n = static_cast<double>(2 * task.count);
  print_times("qp", &all);
  print_times("qp_box4", &box4);
  print_figure("qp", "residual", worst.residual, n);
  print_figure("qp", "unsolved", static_cast<double>(worst.unsolved), n);
  print_figure("qp", "iterations", worst.iterations, n);
  print_figure("qp", "allocations", static_cast<double>(allocations() - before), n);
}

}  // namespace bench
