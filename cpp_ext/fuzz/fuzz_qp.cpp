// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"
#include "trocar/qp_solver.hpp"

namespace fuzz {

namespace {

template <int N>
void solve(Bytes& in) {
  using Vector = typename QpProblem<N>::Vector;
  QpProblem<N> p;
  Eigen::Matrix<double, N, N> M;
  for (int i = 0; i < N; ++i) M.col(i) = in.vector<N>(1.0);
  if (in.is_wild() && in.coin()) {
    p.H = M;
  } else {
    p.H = M * M.transpose();
  }
  p.H.diagonal().array() += in.is_wild() ? in.real(1.0) : 0.01;
  p.g = in.vector<N>(3.0);
  const int rows = in.below(kMaxQpRows + 2);
  for (int r = 0; r < rows; ++r) {
    const bool twin = r > 0 && in.byte() < 32;
    const Vector row = twin ? Vector(p.A.row(r - 1).transpose()) : Vector(in.vector<N>(1.0));
    p.add_row(row, in.real(1.0));
  }
  if (in.coin()) {
    p.lower = in.vector<N>(1.0);
    p.upper = in.is_wild() ? Vector(in.vector<N>(1.0)) : Vector(p.lower.array() + 0.5);
  }
  if (in.is_wild() && in.byte() < 4) p.rows = in.raw<std::int8_t>();
  QpSolver<N> solver(in.coin() ? 100 : in.below(20));
  const QpResult<N> r = solver.solve(p, in.coin() ? in.raw<std::uint64_t>() : 0);
  FUZZ_REQUIRE(r.status <= QpStatus::kInvalid);
  FUZZ_REQUIRE(r.x.allFinite());
  FUZZ_REQUIRE(r.status != QpStatus::kOptimal || r.residual <= 1e-6);
  FUZZ_REQUIRE(in.is_wild() || r.status != QpStatus::kInvalid);
  if (p.rows < 0 || p.rows > kMaxQpRows) return;
  const double s = scale_to_feasible(p, Vector(in.vector<N>(3.0)));
  FUZZ_REQUIRE(s >= 0.0 && s <= 1.0);
}

}  // namespace

void fuzz_qp(Bytes& in) {
  in.choose_wildness();
  switch (in.below(4)) {
    case 0:
      return solve<1>(in);
    case 1:
      return solve<6>(in);
    case 2:
      return solve<7>(in);
    default:
      return solve<8>(in);
  }
}

}  // namespace fuzz
