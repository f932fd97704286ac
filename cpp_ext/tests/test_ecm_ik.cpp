// SPDX-License-Identifier: Apache-2.0
/// Closed-form IK of the ECM: round trip with every scope, nearest roll, limits, bad input.
#include <doctest/doctest.h>

#include "dh_chain.hpp"
#include "trocar/chain_kinematics.hpp"
#include "trocar/ecm_ik.hpp"

using namespace trocar;
using ecm::Scope;
using ecm::Vec4;
using psm::IkStatus;

namespace {

constexpr Scope kScopes[] = {Scope::kStraight, Scope::kUp, Scope::kDown};

Vec4 random_joints(std::mt19937_64& random, double insertion_min = 0.001) {
  Vec4 q;
  for (int i = 0; i < 4; ++i) {
    q[i] = oracle::uniform(random, i == 2 ? insertion_min : ecm::q_min()[i], ecm::q_max()[i]);
  }
  return q;
}

Transform camera(const Chain& chain, const Vec4& q) {
  ChainVec joints = ChainVec::Zero();
  joints.head<4>() = q;
  return chain_fk(chain, joints);
}

bool inside_limits(const Vec4& q) {
  return (q.array() >= ecm::q_min().array()).all() && (q.array() <= ecm::q_max().array()).all();
}

}  // namespace

TEST_CASE("ecm ik: round trip with every scope") {
  std::mt19937_64 random(31);
  double worst_joint = 0.0, worst_pose = 0.0;
  for (const Scope scope : kScopes) {
    const Chain chain = chain_of(ecm_model(scope));
    for (int n = 0; n < 20000; ++n) {
      const Vec4 q = random_joints(random);
      const Transform goal = camera(chain, q);
      const ecm::IkResult result = ecm::inverse_kinematics(goal, random_joints(random), scope);
      REQUIRE(result.status == IkStatus::kOk);
      worst_joint = std::max(worst_joint, (result.q - q).cwiseAbs().maxCoeff());
      const Mat4 off = camera(chain, result.q).matrix() - goal.matrix();
      worst_pose = std::max(worst_pose, off.cwiseAbs().maxCoeff());
    }
  }
  CHECK(worst_joint < 1e-12);
  CHECK(worst_pose < 1e-12);
}

TEST_CASE("ecm ik: the ranges are the model's") {
  const Chain chain = chain_of(ecm_model(Scope::kStraight));
  for (int i = 0; i < 4; ++i) {
    CHECK(ecm::q_min()[i] == chain.joints[static_cast<std::size_t>(i)].q_min);
    CHECK(ecm::q_max()[i] == chain.joints[static_cast<std::size_t>(i)].q_max);
  }
}

TEST_CASE("ecm ik: a pose off the reachable set is out of reach, with the nearest orientation") {
  std::mt19937_64 random(32);
  for (int n = 0; n < 2000; ++n) {
    const Scope scope = kScopes[n % 3];
    const Chain chain = chain_of(ecm_model(scope));
    Transform goal = camera(chain, random_joints(random, 0.02));
    const Vec3 tilt(oracle::uniform(random, 0.01, 0.3), oracle::uniform(random, 0.01, 0.3), 0.0);
    goal.R = goal.R * exp_so3(tilt);
    const ecm::IkResult result = ecm::inverse_kinematics(goal, Vec4::Zero(), scope);
    REQUIRE(result.status == IkStatus::kOutOfReach);
    REQUIRE(inside_limits(result.q));
    if (std::abs(result.q[3]) == ecm::q_max()[3]) continue;  // the roll was clamped
    const Transform reached = camera(chain, result.q);
    REQUIRE((reached.p - goal.p).norm() < 1e-12);
    const double error = log_so3(reached.R.transpose() * goal.R).norm();
    REQUIRE(error == doctest::Approx(result.rotation_error));
    for (const double step : {-0.01, 0.01}) {  // any other roll is farther off
      Vec4 other = result.q;
      other[3] += step;
      REQUIRE(log_so3(camera(chain, other).R.transpose() * goal.R).norm() > error);
    }
  }
}

TEST_CASE("ecm ik: limits are named and clamped; the RCM is refused") {
  const Vec4 inside(0.2, -0.1, 0.1, 0.3);
  for (const Scope scope : kScopes) {
    const Chain chain = chain_of(ecm_model(scope));
    for (int i = 0; i < 4; ++i) {
      for (const double sign : {-1.0, 1.0}) {
        if (i == 2 && sign < 0) continue;
        const double limit = sign < 0 ? ecm::q_min()[i] : ecm::q_max()[i];
        Vec4 q = inside;
        q[i] = limit + sign * 0.01;
        const ecm::IkResult result = ecm::inverse_kinematics(camera(chain, q), inside, scope);
        CHECK(result.status == IkStatus::kOutsideLimits);
        CHECK(result.q[i] == limit);
        q[i] = limit;
        CHECK((result.q - q).cwiseAbs().maxCoeff() < 1e-12);
        CHECK(ecm::inverse_kinematics(camera(chain, q), inside, scope).status == IkStatus::kOk);
      }
    }
    Vec4 q = inside;
    q[2] = 0.0;  // 0.7 mm past the RCM
    CHECK(ecm::inverse_kinematics(camera(chain, q), inside, scope).status == IkStatus::kNearRcm);
  }
  Transform at_rcm = camera(chain_of(ecm_model(Scope::kUp)), inside);
  at_rcm.p.setZero();
  CHECK(ecm::inverse_kinematics(at_rcm, inside, Scope::kUp).status == IkStatus::kNearRcm);
}

TEST_CASE("ecm ik: what is no pose is out of reach; q stays inside the limits") {
  const Vec4 seed(0.1, 0.1, 0.1, 0.1);
  const Transform good = camera(chain_of(ecm_model(Scope::kDown)), seed);
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL, 1e308, -1e200}) {
    for (int i = 0; i < 12; ++i) {
      Transform goal = good;
      (i < 9 ? goal.R(i / 3, i % 3) : goal.p[i - 9]) = value;
      const ecm::IkResult result = ecm::inverse_kinematics(goal, seed, Scope::kDown);
      CHECK(result.status == IkStatus::kOutOfReach);
      CHECK(result.q == seed);
    }
    for (int i = 0; i < 4; ++i) {
      Vec4 q_seed = seed;
      q_seed[i] = value;
      const ecm::IkResult result = ecm::inverse_kinematics(good, q_seed, Scope::kDown);
      CHECK(result.status == IkStatus::kOutOfReach);
      CHECK(inside_limits(result.q));
    }
  }
  Transform mirrored = good;
  mirrored.R.col(2) *= -1.0;
  CHECK(ecm::inverse_kinematics(mirrored, seed, Scope::kDown).status == IkStatus::kOutOfReach);
}
