// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"
#include "trocar/coupling.hpp"
#include "trocar/ecm_ik.hpp"
#include "trocar/jacobian_rate.hpp"
#include "trocar/nearest_pose.hpp"
#include "trocar/tip_wrench.hpp"

namespace fuzz {

namespace {

bool inside(const Vec6& q, const double* lo, const double* hi) {
  for (int i = 0; i < kNumJoints; ++i) {
    if (!(q[i] >= lo[i] && q[i] <= hi[i])) return false;  // false for NaN
  }
  return true;
}

}  // namespace

void fuzz_kinematics(Bytes& in) {
  in.choose_wildness();
  const Vec6 q = in.vector<6>(4.0), qd = in.vector<6>(10.0);
  const Transform T = psm::forward_kinematics(q);
  const Mat6 J = psm::jacobian(q);
  const psm::LinkFrames frames = psm::link_frames(q);
  const Mat6 rate = psm::jacobian_rate(q, qd);
  const TipWrench tip = tip_wrench(q, in.vector<6>(5.0));
  FUZZ_REQUIRE(tip.wrench.allFinite());
  const Vec3 w = in.vector<3>(4.0);
  const Mat3 R = exp_so3(w);
  const Vec3 log = log_so3(in.rotation());
  if (in.is_wild()) return;
  FUZZ_REQUIRE(is_rotation(T.R, 1e-12) && T.p.allFinite());
  FUZZ_REQUIRE(J.allFinite() && rate.allFinite());
  for (const Transform& frame : frames) FUZZ_REQUIRE(is_rotation(frame.R, 1e-12));
  FUZZ_REQUIRE(is_rotation(R, 1e-12) && log.norm() < 3.15);
  FUZZ_REQUIRE((exp_so3(log_so3(R)) - R).norm() < 1e-7);  // near pi the axis is known to that
}

void fuzz_inverse_kinematics(Bytes& in) {
  in.choose_wildness();
  const Vec6 seed = in.vector<6>(4.0);
  Transform goal = in.transform(0.25);
  const bool there = in.coin();
  if (there) {  // a pose that there is
    Vec6 q;
    for (int i = 0; i < kNumJoints; ++i) {
      q[i] = psm::kQMin[i] + (psm::kQMax[i] - psm::kQMin[i]) * (0.5 + 0.5 * in.fair());
    }
    q[2] = 0.0607 + 0.17 * (0.5 + 0.5 * in.fair());
    goal = psm::forward_kinematics(q);
  }
  for (const auto branch : {psm::IkBranch::kForward, psm::IkBranch::kBackward}) {
    const psm::IkResult found =
        psm::inverse_kinematics(goal, seed, psm::kQMin.data(), psm::kQMax.data(), branch);
    FUZZ_REQUIRE(inside(found.q, psm::kQMin.data(), psm::kQMax.data()));
    if (found.status != psm::IkStatus::kOk) continue;
    const Transform T = psm::forward_kinematics(found.q);
    FUZZ_REQUIRE((T.p - goal.p).norm() < 1e-3);  // a goal 1e-3 from a rotation is one
    if (is_rotation(goal.R, 1e-13)) {
      FUZZ_REQUIRE((T.p - goal.p).norm() < 1e-11 && (T.R - goal.R).norm() < 1e-10);
    }
  }
  const bool sane_seed = seed.allFinite() && seed.cwiseAbs().maxCoeff() < 1e3;
  if (there && sane_seed) {
    FUZZ_REQUIRE(psm::inverse_kinematics(goal, seed).status == psm::IkStatus::kOk);
  }
  if (in.byte() == 1) {  // up to a millisecond
    const psm::NearestPose near = psm::nearest_pose(goal, seed);
    FUZZ_REQUIRE(inside(near.q, psm::kQMin.data(), psm::kQMax.data()));
    FUZZ_REQUIRE(near.distance >= 0.0 || std::isnan(near.distance));
  }
  const auto scope = in.word<ecm::Scope>(2);
  const Eigen::Vector4d q4 = in.vector<4>(2.0);
  const ecm::IkResult ecm_found = ecm::inverse_kinematics(goal, q4, scope);
  FUZZ_REQUIRE(ecm_found.q.allFinite());
  FUZZ_REQUIRE((ecm_found.q - ecm::q_min()).minCoeff() >= -1e-9);
  FUZZ_REQUIRE((ecm::q_max() - ecm_found.q).minCoeff() >= -1e-9);
}

}  // namespace fuzz
