// SPDX-License-Identifier: Apache-2.0
/// The generic chain against the PSM written out by hand, finite differences, and bad chains.
#include <doctest/doctest.h>

#include <vector>

#include "dh_chain.hpp"
#include "random_chain.hpp"
#include "trocar/chain_kinematics.hpp"
#include "trocar/dh.hpp"
#include "trocar/kinematics.hpp"

using namespace trocar;

namespace {

double max_abs(const Eigen::Ref<const Eigen::MatrixXd>& m) { return m.cwiseAbs().maxCoeff(); }

Chain psm_by_table() {
  const double h = 0.5 * psm::kPi;
  const JointType r = JointType::kRevolute, p = JointType::kPrismatic;
  const DhRow rows[] = {{r, h, 0, 0, h},       {r, -h, 0, 0, -h}, {p, h, 0, -0.4318, 0},
                        {r, 0, 0, 0.4162, 0.}, {r, -h, 0, 0, -h}, {r, -h, 0.0091, 0, -h}};
  Transform tool;
  tool.R << 0, -1, 0, 0, 0, 1, -1, 0, 0;
  return dh_chain(DhConvention::kModified, rows, 6, tool);
}

}  // namespace

TEST_CASE("chain: the PSM's table gives the PSM written out by hand") {
  const Chain chain = psm_by_table();
  REQUIRE(is_valid(chain));
  std::mt19937_64 random(21);
  double frames_off = 0.0, jacobian_off = 0.0;
  for (int n = 0; n < 5000; ++n) {
    const Vec6 q = oracle::random_axes(random).head<6>();
    ChainVec joints = ChainVec::Constant(std::nan(""));  // entries beyond size are not looked at
    joints.head<6>() = q;
    const ChainFrames frames = chain_frames(chain, joints);
    const psm::LinkFrames expected = psm::link_frames(q);
    for (std::size_t i = 0; i < 6; ++i) {
      frames_off =
          std::max(frames_off, max_abs(frames.T_base_joint[i].matrix() - expected[i].matrix()));
    }
    frames_off = std::max(frames_off, max_abs(frames.T_base_tip.matrix() - expected[6].matrix()));
    const ChainJacobian J = chain_jacobian(chain, frames);
    jacobian_off = std::max(jacobian_off, max_abs(J.leftCols<6>() - psm::jacobian(q)));
    REQUIRE(max_abs(J.rightCols<2>()) == 0.0);
  }
  CHECK(frames_off < 1e-14);
  CHECK(jacobian_off < 1e-14);
}

TEST_CASE(
    "chain: Jacobian and its rate are central differences, for 1 to 8 joints of either type") {
  std::mt19937_64 random(22);
  const double h = 1e-6;
  double jacobian_off = 0.0, rate_off = 0.0;
  for (int n = 0; n < 800; ++n) {
    const Chain chain = oracle::random_chain(random, 1 + n % kMaxJoints);
    REQUIRE(is_valid(chain));
    ChainVec q = ChainVec::Zero(), qd = ChainVec::Zero();
    for (int i = 0; i < chain.size; ++i) {
      q[i] = oracle::uniform(random, -3, 3);
      qd[i] = oracle::uniform(random, -2, 2);
    }
    const Transform T = chain_fk(chain, q);
    const ChainJacobian J = chain_jacobian(chain, q);
    for (int i = 0; i < chain.size; ++i) {
      const Transform ahead = chain_fk(chain, q + h * ChainVec::Unit(i));
      const Transform behind = chain_fk(chain, q - h * ChainVec::Unit(i));
      Vec6 twist;
      twist << (ahead.p - behind.p) / (2 * h),
          (log_so3(ahead.R * T.R.transpose()) - log_so3(behind.R * T.R.transpose())) / (2 * h);
      jacobian_off = std::max(jacobian_off, max_abs(twist - J.col(i)));
    }
    const ChainJacobian difference =
        (chain_jacobian(chain, q + h * qd) - chain_jacobian(chain, q - h * qd)) / (2 * h);
    rate_off = std::max(rate_off, max_abs(difference - chain_jacobian_rate(chain, q, qd)));
  }
  CHECK(jacobian_off < 1e-8);
  CHECK(rate_off < 1e-8);
}

TEST_CASE("chain: a standard table is the product of its matrices") {
  std::mt19937_64 random(23);
  for (int n = 0; n < 500; ++n) {
    const int size = 1 + n % kMaxJoints;
    DhRow rows[kMaxJoints];
    ChainVec q = ChainVec::Zero();
    Mat4 expected = Mat4::Identity();
    for (int i = 0; i < size; ++i) {
      DhRow& row = rows[i];
      row.type = random() % 3 == 0 ? JointType::kPrismatic : JointType::kRevolute;
      for (double* value : {&row.alpha, &row.a, &row.d, &row.theta, &q[i]}) {
        *value = oracle::uniform(random, -2, 2);
      }
      const bool slides = row.type == JointType::kPrismatic;
      const double theta = row.theta + (slides ? 0.0 : q[i]), d = row.d + (slides ? q[i] : 0.0);
      // Rz(theta) Tz(d), then Tx(a) Rx(alpha): two modified rows.
      expected = expected * oracle::modified_dh(0, 0, d, theta) *
                 oracle::modified_dh(row.alpha, row.a, 0, 0);
    }
    const Chain chain = dh_chain(DhConvention::kStandard, rows, size);
    REQUIRE(max_abs(chain_fk(chain, q).matrix() - expected) < 1e-13);
  }
}

TEST_CASE("chain: what cannot be used is not valid, and no loop leaves the array") {
  const double nan = std::nan("");
  const Chain good = psm_by_table();
  std::vector<Chain> bad(8, good);
  bad[0].size = 0;
  bad[1].size = 9;
  bad[2].size = -1;
  bad[3].joints[2].T_parent_joint.R(0, 0) = nan;
  bad[4].joints[5].q_min = nan;
  bad[5].joints[1].q_min = 1.0, bad[5].joints[1].q_max = 0.5;
  bad[6].T_last_tip.p.x() = HUGE_VAL;
  bad[7].joints[0].type = static_cast<JointType>(7);
  for (const Chain& chain : bad) {
    CHECK_FALSE(is_valid(chain));
    chain_jacobian_rate(chain, ChainVec::Ones(), ChainVec::Ones());
  }
  CHECK_FALSE(is_valid(dh_chain(DhConvention::kModified, nullptr, 9)));
}
