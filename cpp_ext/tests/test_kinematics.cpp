// SPDX-License-Identifier: Apache-2.0
/// Forward kinematics and Jacobian against the DH product, golden vectors and finite differences.
#include <doctest/doctest.h>

#include "dh_chain.hpp"
#include "trocar/jacobian_rate.hpp"
#include "trocar/kinematics.hpp"

using namespace trocar;

namespace {

double max_abs(const Eigen::Ref<const Eigen::MatrixXd>& m) { return m.cwiseAbs().maxCoeff(); }

}  // namespace

TEST_CASE("fk: golden vectors of the reference") {
  struct Golden {
    Vec6 q;
    Vec3 p;
    Eigen::Quaterniond quat;  // w, x, y, z
  };
  const Golden golden[] = {{(Vec6() << 0, 0, .12, 0, 0, 0).finished(),
                            {0, 0, -0.1135},
                            {0, 0.707106781, 0.707106781, 0}},
                           {(Vec6() << .3, -.2, .15, .5, .4, -.3).finished(),
                            {0.039913298, 0.025318431, -0.134777834},
                            {0.035744755, -0.861577896, -0.501825653, 0.067652456}},
                           {(Vec6() << -.7, .4, .2, -1.2, -.6, .8).finished(),
                            {-0.118002728, -0.073018582, -0.132663881},
                            {0.443622102, -0.372866768, -0.80618519, -0.119311537}},
                           {(Vec6() << 1.0, .6, .1, 2.5, 1.0, -1.0).finished(),
                            {0.062468828, -0.045368873, -0.04555687},
                            {0.600294017, -0.645266442, 0.334581817, -0.33366648}}};
  for (const Golden& g : golden) {
    const Transform T = psm::forward_kinematics(g.q);
    CHECK(max_abs(T.p - g.p) < 1e-9);  // the vectors carry nine digits
    CHECK(max_abs(T.R - g.quat.normalized().toRotationMatrix()) < 4e-9);
  }
}

TEST_CASE("fk: every frame equals the product of DH matrices") {
  std::mt19937_64 random(1);
  double worst = 0.0;
  for (int n = 0; n < 10000; ++n) {
    const Vec7 q = oracle::random_axes(random);
    const auto expected = oracle::frames(q);
    const psm::LinkFrames frames = psm::link_frames(q.head<6>());
    for (std::size_t i = 0; i < frames.size(); ++i) {
      worst = std::max(worst, max_abs(frames[i].matrix() - expected[i]));
    }
    const Transform T = psm::forward_kinematics(q.head<6>());
    worst = std::max(worst, max_abs(T.matrix() - frames[6].matrix()));
  }
  CHECK(worst < 1e-14);
}

TEST_CASE("fk: the shaft passes through the RCM") {
  std::mt19937_64 random(2);
  for (int n = 0; n < 1000; ++n) {
    const auto T = psm::link_frames(oracle::random_axes(random).head<6>());
    CHECK(T[3].p.cross(T[3].R.col(2)).norm() < 1e-16);
  }
}

TEST_CASE("jacobian: equals central differences of fk") {
  std::mt19937_64 random(3);
  const double h = 1e-6;
  double worst = 0.0;
  for (int n = 0; n < 2000; ++n) {
    const Vec6 q = oracle::random_axes(random).head<6>();
    const Mat6 J = psm::jacobian(q);
    const Transform T = psm::forward_kinematics(q);
    for (int i = 0; i < 6; ++i) {
      const Vec6 dq = h * Vec6::Unit(i);
      const Transform ahead = psm::forward_kinematics(q + dq);
      const Transform behind = psm::forward_kinematics(q - dq);
      Vec6 twist;
      twist << (ahead.p - behind.p) / (2 * h),
          (log_so3(ahead.R * T.R.transpose()) - log_so3(behind.R * T.R.transpose())) / (2 * h);
      worst = std::max(worst, max_abs(twist - J.col(i)));
    }
  }
  CHECK(worst < 2e-9);  // rounding of the differences: 1e-16 / 1e-6, some tens of operations
}

TEST_CASE("jacobian rate: equals central differences of the Jacobian along the motion") {
  std::mt19937_64 random(5);
  const double h = 1e-6;
  double worst = 0.0;
  for (int n = 0; n < 2000; ++n) {
    const Vec6 q = oracle::random_axes(random).head<6>();
    Vec6 qd;
    for (int i = 0; i < 6; ++i) qd[i] = oracle::uniform(random, -2, 2);
    const Mat6 difference = (psm::jacobian(q + h * qd) - psm::jacobian(q - h * qd)) / (2 * h);
    worst = std::max(worst, max_abs(difference - psm::jacobian_rate(q, qd)));
  }
  CHECK(worst < 5e-9);
}

TEST_CASE("fk: NaN stays visible") {
  Vec6 q = Vec6::Zero();
  q[1] = std::nan("");
  CHECK_FALSE(psm::forward_kinematics(q).p.allFinite());
}

TEST_CASE("se3: exp and log are inverse, also near 0 and pi") {
  std::mt19937_64 random(4);
  for (int n = 0; n < 3000; ++n) {
    const Vec3 axis = Vec3(oracle::uniform(random, -1, 1), oracle::uniform(random, -1, 1),
                           oracle::uniform(random, -1, 1))
                          .normalized();
    const double angle = n % 3 == 0   ? oracle::uniform(random, 0, 1e-7)
                         : n % 3 == 1 ? psm::kPi - oracle::uniform(random, 1e-9, 1e-6)
                                      : oracle::uniform(random, 0, psm::kPi);
    const Mat3 R = exp_so3(angle * axis);
    CHECK(is_rotation(R, 1e-14));
    CHECK(max_abs(log_so3(R) - angle * axis) < 1e-13);
    const Transform T{R, Vec3(0.1, -0.2, 0.3)};
    CHECK(max_abs((T * inverse(T)).matrix() - Mat4::Identity()) < 1e-14);
  }
}
