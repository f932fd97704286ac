// SPDX-License-Identifier: Apache-2.0
/// Damped least squares on chains: reaches what is reachable, names the rest, survives bad input.
#include <doctest/doctest.h>

#include <string>

#include "random_chain.hpp"
#include "trocar/chain_ik.hpp"
#include "trocar/ik_campaign.hpp"
#include "trocar/models.hpp"

using namespace trocar;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kPoses = 60;
#else
constexpr int kPoses = 600;
#endif

ChainVec random_joints(std::mt19937_64& random, const Chain& chain) {
  ChainVec q = ChainVec::Zero();
  for (int i = 0; i < chain.size; ++i) {
    const ChainJoint& joint = chain.joints[static_cast<std::size_t>(i)];
    q[i] = oracle::uniform(random, std::max(joint.q_min, -3.0), std::min(joint.q_max, 3.0));
  }
  return q;
}

bool inside(const Chain& chain, const ChainVec& q) {
  return q == clamp_joints(chain, q) && q.allFinite();
}

}  // namespace

TEST_CASE("chain ik: reaches the poses of every model, from any seed") {
  for (const ArmModel& model : arm_models()) {
    CAPTURE(std::string(model.name));
    const Chain chain = chain_of(model);
    std::mt19937_64 random(51);
    int reached = 0;
    for (int n = 0; n < kPoses; ++n) {
      ChainVec q = random_joints(random, chain);
      if (q[2] < 0.07 && model.size != 7) q[2] = 0.07;  // clear of the RCM
      const Transform goal = chain_fk(chain, q);
      const ChainIkResult found = chain_ik_solve(chain, goal, random_joints(random, chain));
      REQUIRE(inside(chain, found.q));
      if (found.status != ChainIkStatus::kOk) continue;
      ++reached;
      const Transform T = chain_fk(chain, found.q);
      REQUIRE((T.p - goal.p).norm() <= 1e-10);
      REQUIRE(log_so3(T.R * goal.R.transpose()).norm() <= 1.1e-10);
    }
    MESSAGE(std::string(model.name) << ": " << reached << " of " << kPoses);
    CHECK(reached >= kPoses * 97 / 100);
  }
}

TEST_CASE("chain ik: random chains of 1 to 8 joints are solved near the seed") {
  std::mt19937_64 random(52);
  int reached = 0;
  for (int n = 0; n < kPoses; ++n) {
    const Chain chain = oracle::random_chain(random, 1 + n % kMaxJoints);
    const ChainVec q = random_joints(random, chain);
    ChainVec seed = q;
    for (int i = 0; i < chain.size; ++i) seed[i] += oracle::uniform(random, -0.1, 0.1);
    const ChainIkResult found = chain_ik_solve(chain, chain_fk(chain, q), seed);
    reached += found.status == ChainIkStatus::kOk;
  }
  CHECK(reached >= kPoses * 99 / 100);  // some seeds lie in a singular pose
}

TEST_CASE("chain ik: what cannot be reached is named, with the nearest joints found") {
  const Chain psm = chain_of(psm_classic());
  ChainVec q = ChainVec::Zero();
  q[2] = 0.15;
  Transform goal = chain_fk(psm, q);
  goal.p.z() -= 0.2;  // deeper than the insertion goes
  const ChainIkResult deep = chain_ik_solve(psm, goal, q);
  CHECK(deep.status == ChainIkStatus::kAtLimits);
  CHECK(deep.q[2] == doctest::Approx(0.240));
  CHECK(deep.position_error == doctest::Approx(0.11).epsilon(0.01));

  DhRow rows[2];  // a planar elbow without stops, 0.2 m + 0.2 m long
  Transform tip;
  rows[1].a = tip.p.x() = 0.2;
  const Chain elbow = dh_chain(DhConvention::kModified, rows, 2, tip);
  Transform far;
  far.p.x() = 1.0;
  const ChainIkResult out = chain_ik_solve(elbow, far, ChainVec::Constant(0.3));
  CHECK(out.status == ChainIkStatus::kOutOfReach);
  CHECK(out.position_error == doctest::Approx(0.6));
  ChainIkOptions hasty;
  hasty.iterations = 2;
  hasty.restarts = 0;
  CHECK(chain_ik_solve(psm, chain_fk(psm, q), ChainVec::Constant(0.2), hasty).status ==
        ChainIkStatus::kIterationCap);
}

TEST_CASE("chain ik: bad goals, seeds, options and chains are invalid; q stays finite") {
  const Chain psm = chain_of(psm_classic());
  ChainVec q = ChainVec::Constant(0.1);
  const Transform good = chain_fk(psm, q);
  const auto refused = [](const ChainIkResult& r, const Chain& chain) {
    return r.status == ChainIkStatus::kInvalid && inside(chain, r.q);
  };
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL, 1e308, -1e200}) {
    for (int i = 0; i < 12; ++i) {
      Transform goal = good;
      (i < 9 ? goal.R(i / 3, i % 3) : goal.p[i - 9]) = value;
      CHECK(refused(chain_ik_solve(psm, goal, q), psm));
    }
    ChainVec seed = q;
    seed[3] = value;
    CHECK(refused(chain_ik_solve(psm, good, seed), psm));
    for (int i = 0; i < 5; ++i) {
      if (value == HUGE_VAL || value == 1e308) continue;  // a wide tolerance is only wide
      ChainIkOptions options;
      double* fields[] = {&options.position_tolerance, &options.rotation_tolerance, &options.length,
                          &options.sigma_threshold, &options.damping_max};
      *fields[i] = value;
      CHECK(refused(chain_ik_solve(psm, good, q, options), psm));
    }
  }
  CHECK(chain_ik_solve(Chain{}, good, q).status == ChainIkStatus::kInvalid);
  Chain huge = psm;  // finite numbers whose squares are not
  huge.joints[1].T_parent_joint.p.x() = 1e300;
  CHECK(chain_ik_solve(huge, good, q).status != ChainIkStatus::kOk);
}

TEST_CASE("ik campaign: every pose named rightly, every one found exact") {
  const psm::IkCampaign clear = psm::ik_campaign(100 * kPoses, 1, false);
  CHECK(clear.right == clear.poses);
  CHECK(clear.max_position_error < 1e-12);
  CHECK(clear.max_rotation_error < 1e-12);
  const psm::IkCampaign near = psm::ik_campaign(100 * kPoses, 2, true);
  CHECK(near.right == near.poses);
}
