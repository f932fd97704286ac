// SPDX-License-Identifier: Apache-2.0
/// The nearest feasible pose: feasible, reached, and no search finds a nearer one.
#include <doctest/doctest.h>

#include "dh_chain.hpp"
#include "trocar/nearest_pose.hpp"
#include "trocar/psm_models.hpp"

using namespace trocar;
using psm::IkStatus;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kPoses = 20;
#else
constexpr int kPoses = 200;
#endif

/// Poses around the workspace, near and far: joints up to 20 % (and the insertion anything)
/// outside their ranges.
Transform random_goal(std::mt19937_64& random) {
  Vec6 q;
  for (int i = 0; i < 6; ++i) {
    q[i] = 1.2 * oracle::uniform(random, psm::kQMin[i], psm::kQMax[i]);
  }
  q[2] = oracle::uniform(random, 0.02, 0.3);
  return psm::forward_kinematics(q);
}

bool feasible(const Vec6& q) {
  for (int i = 0; i < 6; ++i) {
    if (!(q[i] >= psm::kQMin[i] && q[i] <= psm::kQMax[i])) return false;
  }
  return q[2] >= psm::kRcmClearance + psm::kWristOffset;
}

}  // namespace

TEST_CASE("nearest pose: feasible, reached, and nearer than 50 random descents and the clamp") {
  std::mt19937_64 random(41);
  int asked = 0, beaten = 0;
  double nearer = 0.0;  // metres by which the search beat it
  Vec6 lo = Eigen::Map<const Vec6>(psm::kQMin.data()),
       hi = Eigen::Map<const Vec6>(psm::kQMax.data());
  lo[2] = psm::kRcmClearance + psm::kWristOffset;
  while (asked < kPoses) {
    const Transform goal = random_goal(random);
    const psm::IkResult clamped = psm::inverse_kinematics(goal, Vec6::Zero(), lo.data(), hi.data());
    if (clamped.status == IkStatus::kOk) continue;
    ++asked;
    const psm::NearestPose nearest = psm::nearest_pose(goal, Vec6::Zero());
    REQUIRE(feasible(nearest.q));
    REQUIRE(nearest.status == psm::inverse_kinematics(goal, Vec6::Zero()).status);
    REQUIRE(nearest.T_base_cp.matrix() == psm::forward_kinematics(nearest.q).matrix());
    const psm::PoseDistance f{goal};
    REQUIRE(nearest.distance == doctest::Approx(std::sqrt(2.0 * f(nearest.q, nullptr))));
    REQUIRE(nearest.distance <= std::sqrt(2.0 * f(clamped.q, nullptr)) + 1e-15);
    double least = nearest.distance;
    for (int start = 0; start < 50; ++start) {
      Vec6 q = oracle::random_axes(random, lo[2]).head<6>();
      least = std::min(least, std::sqrt(2.0 * psm::descend(f, lo, hi, &q)));
    }
    beaten += least < nearest.distance - 1e-7;
    nearer = std::max(nearer, nearest.distance - least);
    // The nearest pose itself is one that the closed form reaches.
    REQUIRE(psm::inverse_kinematics(nearest.T_base_cp, nearest.q).status == IkStatus::kOk);
  }
  MESSAGE("a search of 50 descents was nearer in " << beaten << " of " << asked << ", by up to "
                                                   << 1e3 * nearer << " mm");
  CHECK(beaten == 0);
}

TEST_CASE("nearest pose: a feasible goal is its own nearest pose") {
  std::mt19937_64 random(42);
  for (int n = 0; n < 1000; ++n) {
    const Vec6 q = oracle::random_axes(random, oracle::kClearInsertion).head<6>();
    const psm::NearestPose nearest = psm::nearest_pose(psm::forward_kinematics(q), q);
    REQUIRE(nearest.status == IkStatus::kOk);
    REQUIRE(nearest.distance < 1e-12);
    REQUIRE((nearest.q - q).cwiseAbs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("nearest pose: the gradient is that of the distance") {
  std::mt19937_64 random(43);
  for (int n = 0; n < 200; ++n) {
    const psm::PoseDistance f{random_goal(random)};
    const Vec6 q = oracle::random_axes(random).head<6>();
    Vec6 gradient;
    f(q, &gradient);
    for (int i = 0; i < 6; ++i) {
      const Vec6 dq = 1e-6 * Vec6::Unit(i);
      const double slope = (f(q + dq, nullptr) - f(q - dq, nullptr)) / 2e-6;
      REQUIRE(std::abs(slope - gradient[i]) < 1e-8);
    }
  }
}

TEST_CASE("nearest pose: other ranges, and input that is no pose") {
  Vec6 q = Vec6::Zero();
  q << 2.5, 0.1, 0.2, 0.0, 0.1, 0.1;  // only the PSM Si can turn so far
  const Transform goal = psm::forward_kinematics(q);
  CHECK(psm::nearest_pose(goal, q).status == IkStatus::kOutsideLimits);
  CHECK(psm::nearest_pose(goal, q, psm_si::kQMin.data(), psm_si::kQMax.data()).status ==
        IkStatus::kOk);
  for (const double value : {std::nan(""), HUGE_VAL, 1e308, -1e200}) {
    for (int i = 0; i < 12; ++i) {
      Transform bad = goal;
      (i < 9 ? bad.R(i / 3, i % 3) : bad.p[i - 9]) = value;
      const psm::NearestPose nearest = psm::nearest_pose(bad, q);
      CHECK(nearest.status == IkStatus::kOutOfReach);
      CHECK(std::isnan(nearest.distance));
      CHECK(feasible(nearest.q));
    }
    Vec6 seed = q;
    seed[1] = value;
    CHECK(feasible(psm::nearest_pose(goal, seed).q));
  }
}
