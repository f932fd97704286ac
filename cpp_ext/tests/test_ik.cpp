// SPDX-License-Identifier: Apache-2.0
/// Closed-form IK: round trip, limits, roll turns, the RCM, and input that is no pose.
#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "dh_chain.hpp"
#include "trocar/ik.hpp"
#include "trocar/kinematics.hpp"

using namespace trocar;
using psm::IkStatus;

namespace {

bool inside_limits(const Vec6& q) {
  for (int i = 0; i < 6; ++i) {
    if (!(q[i] >= psm::kQMin[i] && q[i] <= psm::kQMax[i])) return false;
  }
  return true;
}

Vec6 joints(double a, double b, double c, double d, double e, double f) {
  return (Vec6() << a, b, c, d, e, f).finished();
}

}  // namespace

TEST_CASE("ik: round trip on 1e5 poses, wrist at least 45 mm beyond the RCM") {
  std::mt19937_64 random(11);
  double worst_joint = 0.0, worst_pose = 0.0;
  int not_ok = 0;
  for (int n = 0; n < 100000; ++n) {
    const Vec6 q = oracle::random_axes(random, oracle::kClearInsertion).head<6>();
    Vec6 seed = oracle::random_axes(random).head<6>();
    seed[3] = q[3] + oracle::uniform(random, -3.0, 3.0);  // within half a turn: names the turn
    const Transform goal = psm::forward_kinematics(q);
    const psm::IkResult result = psm::inverse_kinematics(goal, seed);
    not_ok += result.status != IkStatus::kOk;
    worst_joint = std::max(worst_joint, (result.q - q).cwiseAbs().maxCoeff());
    const Transform reached = psm::forward_kinematics(result.q);
    worst_pose = std::max(worst_pose, (reached.matrix() - goal.matrix()).cwiseAbs().maxCoeff());
  }
  CHECK(not_ok == 0);
  CHECK(worst_joint < 1e-12);
  CHECK(worst_pose < 1e-12);
}

TEST_CASE("ik: any seed reaches the pose") {
  std::mt19937_64 random(12);
  for (int n = 0; n < 10000; ++n) {
    const Vec6 q = oracle::random_axes(random, oracle::kClearInsertion).head<6>();
    const Vec6 seed = 3.0 * oracle::random_axes(random).head<6>();  // outside the limits too
    const Transform goal = psm::forward_kinematics(q);
    const psm::IkResult result = psm::inverse_kinematics(goal, seed);
    REQUIRE(result.status == IkStatus::kOk);
    REQUIRE(inside_limits(result.q));
    const Transform reached = psm::forward_kinematics(result.q);
    REQUIRE((reached.matrix() - goal.matrix()).cwiseAbs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("ik: the roll takes the turn nearest the seed, inside its range") {
  const Transform goal = psm::forward_kinematics(joints(0.1, 0.2, 0.15, 2.5, 0.3, -0.2));
  const double other = 2.5 - psm::kTwoPi;  // -3.78, the only other turn inside +-4.54
  CHECK(psm::inverse_kinematics(goal, joints(0, 0, .1, 2.0, 0, 0)).q[3] == doctest::Approx(2.5));
  CHECK(psm::inverse_kinematics(goal, joints(0, 0, .1, -3.0, 0, 0)).q[3] == doctest::Approx(other));
  CHECK(psm::inverse_kinematics(goal, joints(0, 0, .1, 40.0, 0, 0)).q[3] == doctest::Approx(2.5));
  CHECK(psm::inverse_kinematics(goal, joints(0, 0, .1, -40.0, 0, 0)).q[3] ==
        doctest::Approx(other));
  // Seed near the stop: the nearest turn of 1.0 is 1.0 + 2 pi = 7.28, outside, so 1.0 it is.
  const Transform low = psm::forward_kinematics(joints(0.1, 0.2, 0.15, 1.0, 0.3, -0.2));
  const psm::IkResult result = psm::inverse_kinematics(low, joints(0, 0, .1, 4.5, 0, 0));
  CHECK(result.q[3] == doctest::Approx(1.0));
  CHECK(result.status == IkStatus::kOk);
}

TEST_CASE("ik: every limit is reported and clamped, the others kept") {
  const Vec6 inside = joints(0.3, -0.2, 0.15, 0.5, 0.4, -0.3);
  for (int i = 0; i < 6; ++i) {
    if (i == 3) continue;  // every roll angle has a turn inside +-260 deg
    for (const double sign : {-1.0, 1.0}) {
      if (i == 2 && sign < 0) continue;  // too shallow is a matter of the RCM, below
      const double limit = sign < 0 ? psm::kQMin[i] : psm::kQMax[i];
      Vec6 q = inside;
      q[i] = limit + sign * 0.05;
      const psm::IkResult result = psm::inverse_kinematics(psm::forward_kinematics(q), inside);
      CHECK(result.status == IkStatus::kOutsideLimits);
      CHECK(result.q[i] == limit);
      q[i] = limit;
      CHECK((result.q - q).cwiseAbs().maxCoeff() < 1e-12);
      // Exactly at the limit is inside.
      CHECK(psm::inverse_kinematics(psm::forward_kinematics(q), inside).status == IkStatus::kOk);
    }
  }
  // Narrower ranges than the model's are obeyed, the roll's too.
  psm::Axes narrow = psm::kQMax;
  narrow[3] = 0.25;
  const psm::IkResult result = psm::inverse_kinematics(psm::forward_kinematics(inside), inside,
                                                       psm::kQMin.data(), narrow.data());
  CHECK(result.status == IkStatus::kOutsideLimits);
  CHECK(result.q[3] == 0.25);
}

TEST_CASE("ik: the wrist stays 45 mm beyond the RCM") {
  std::mt19937_64 random(13);
  const double border = psm::kRcmClearance + psm::kWristOffset;
  for (int n = 0; n < 10000; ++n) {
    Vec6 q = oracle::random_axes(random).head<6>();
    q[2] = oracle::uniform(random, 0.0, border - 1e-9);
    const psm::IkResult near = psm::inverse_kinematics(psm::forward_kinematics(q), q);
    REQUIRE(near.status == IkStatus::kNearRcm);
    REQUIRE(inside_limits(near.q));
    q[2] = border - 1e-9;
    REQUIRE(psm::inverse_kinematics(psm::forward_kinematics(q), q).status == IkStatus::kNearRcm);
    q[2] = border + 1e-9;
    REQUIRE(psm::inverse_kinematics(psm::forward_kinematics(q), q).status == IkStatus::kOk);
  }
  // Wrist-pitch axis exactly at the RCM, and control point exactly at the RCM.
  Transform goal = psm::forward_kinematics(joints(0, 0, psm::kWristOffset, 0, 0, 0));
  CHECK(psm::inverse_kinematics(goal, Vec6::Zero()).status == IkStatus::kNearRcm);
  goal.p.setZero();
  CHECK(psm::inverse_kinematics(goal, Vec6::Zero()).status == IkStatus::kNearRcm);
}

TEST_CASE("ik: yaw axis through the RCM has no solution") {
  Transform goal = psm::forward_kinematics(joints(0, 0, 0.12, 0, 0, 0));
  goal.p = 0.15 * goal.R.col(0);  // z6 = -x of the tool
  CHECK(psm::inverse_kinematics(goal, Vec6::Zero()).status == IkStatus::kOutOfReach);
}

TEST_CASE("ik: what is no pose is out of reach; q stays finite and inside the limits") {
  const double bad[] = {std::nan(""), std::numeric_limits<double>::infinity(),
                        -std::numeric_limits<double>::infinity(), 1e308, -1e200};
  const Vec6 seed = joints(0.1, 0.1, 0.1, 0.1, 0.1, 0.1);
  const Transform good = psm::forward_kinematics(seed);
  for (const double value : bad) {
    for (int i = 0; i < 12; ++i) {
      Transform goal = good;
      if (i < 9) {
        goal.R(i / 3, i % 3) = value;
      } else {
        goal.p[i - 9] = value;
      }
      const psm::IkResult result = psm::inverse_kinematics(goal, seed);
      CHECK(result.status == IkStatus::kOutOfReach);
      CHECK(result.q == seed);
    }
    for (int i = 0; i < 6; ++i) {
      Vec6 q_seed = seed;
      q_seed[i] = value;
      const psm::IkResult result = psm::inverse_kinematics(good, q_seed);
      CHECK(result.status == IkStatus::kOutOfReach);
      CHECK(inside_limits(result.q));
    }
  }
  Transform scaled = good, mirrored = good, sheared = good;
  scaled.R *= 1.001;
  mirrored.R.col(2) *= -1.0;
  sheared.R.col(0) += 1e-3 * sheared.R.col(1);
  CHECK(psm::inverse_kinematics(scaled, seed).status == IkStatus::kOutOfReach);
  CHECK(psm::inverse_kinematics(mirrored, seed).status == IkStatus::kOutOfReach);
  CHECK(psm::inverse_kinematics(sheared, seed).status == IkStatus::kOutOfReach);
  // Single-precision rounding of a good pose is not an error.
  Transform rounded = good;
  rounded.R = good.R.cast<float>().cast<double>();
  CHECK(psm::inverse_kinematics(rounded, seed).status == IkStatus::kOk);
}

TEST_CASE("ik: random bit patterns neither trap nor leave the limits") {
  std::mt19937_64 random(14);
  for (int n = 0; n < 100000; ++n) {
    double raw[18];
    for (double& value : raw) {
      const std::uint64_t bits = random();
      static_assert(sizeof bits == sizeof value);
      std::memcpy(&value, &bits, sizeof value);
    }
    Transform goal = psm::forward_kinematics(oracle::random_axes(random).head<6>());
    if (n % 2 == 0) goal.R = Eigen::Map<const Mat3>(raw);
    if (n % 3 == 0) goal.p = Eigen::Map<const Vec3>(raw + 9);
    const Vec6 seed = n % 5 == 0 ? Vec6(Eigen::Map<const Vec6>(raw + 12)) : Vec6(Vec6::Zero());
    REQUIRE(inside_limits(psm::inverse_kinematics(goal, seed).q));
  }
}
