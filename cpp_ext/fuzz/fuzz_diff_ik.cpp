// SPDX-License-Identifier: Apache-2.0
/// Differential IK: whatever it is asked, joint speeds that are finite and inside their bounds.
#include "targets.hpp"
#include "trocar/diff_ik.hpp"

namespace fuzz {

namespace {

template <int N>
DiffIkProblem<N> problem_of(Bytes& in) {
  DiffIkProblem<N> p;
  for (int i = 0; i < N; ++i) p.J.col(i) = in.vector<6>(0.3);
  p.twist = in.vector<6>(0.5);
  p.qd_near = in.vector<N>(1.0);
  if (in.is_wild()) {
    p.speed = in.vector<N>(2.0);
    p.lower = in.vector<N>(1.0);
    p.upper = in.vector<N>(1.0);
    if (in.byte() < 32) p.damping = in.real(1e-3);
    if (in.byte() < 32) p.linear_unit = in.real(1.0);
  } else {
    p.lower = -in.vector<N>(1.0).cwiseAbs();
    p.upper = in.vector<N>(1.0).cwiseAbs();
  }
  for (int r = in.below(kMaxQpRows + 2); r > 0; --r) p.add_row(in.vector<N>(0.3), in.real(0.1));
  if (in.coin()) {
    const Vec3 axis = exp_so3(Vec3(in.fair(), in.fair(), in.fair())).col(2);
    add_rcm_rows(&p, p.J, in.vector<3>(0.1), axis, in.vector<3>(0.1), in.real(20.0));
  }
  if (in.is_wild() && in.byte() < 8) p.rows = in.raw<std::int8_t>();
  return p;
}

template <int N>
void solve(Bytes& in) {
  const DiffIkProblem<N> p = problem_of<N>(in);
  DiffIk<N> ik;
  const DiffIkResult<N> r = ik.solve(p, in.coin() ? in.raw<std::uint64_t>() : 0);
  FUZZ_REQUIRE(r.status <= QpStatus::kInvalid && r.yielding <= Yielding::kHeld);
  FUZZ_REQUIRE(r.qd.allFinite());
  for (int i = 0; i < N; ++i) {
    if (!(p.lower[i] <= p.upper[i]) || !std::isfinite(p.lower[i] + p.upper[i])) return;
  }
  FUZZ_REQUIRE((r.qd.array() >= p.lower.array()).all() && (r.qd.array() <= p.upper.array()).all());
  if (in.is_wild()) return;
  FUZZ_REQUIRE(r.yielding != Yielding::kHeld);  // there is always a way to give way
  for (int k = 0; k < p.rows && r.yielding == Yielding::kNone; ++k) {
    FUZZ_REQUIRE(p.A.row(k).dot(r.qd) >= p.b[k] - 1e-6);
  }
}

}  // namespace

void fuzz_diff_ik(Bytes& in) {
  in.choose_wildness();
  in.coin() ? solve<6>(in) : solve<7>(in);
}

}  // namespace fuzz
