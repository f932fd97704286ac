// SPDX-License-Identifier: Apache-2.0
/// The simulated arm alone: links, joints, cables, encoders.  Against PyBullet: tests/sim.
#include <doctest/doctest.h>

#include <random>

#include "plant_rig.hpp"
#include "trocar/dynamics.hpp"
#include "trocar/plant/ecm_plant.hpp"
#include "trocar/plant/ldlt.hpp"

using namespace trocar;
using plant_rig::pose;

namespace {

ArmPlant make_psm(const DriveSettings& drive = {}, const EncoderSettings& encoders = {}) {
  return {psm_plant(plant_rig::parameters()), plant_rig::base(), pose(), encoders, drive, 3};
}

ChainVec only(int axis, double value) { return value * ChainVec::Unit(axis); }

/// Cables of the wrist.
DriveSettings soft_wrist() {
  DriveSettings d;
  d.stiffness[4] = 0.37;
  d.stiffness[5] = 0.10;
  d.backlash[5] = 0.02;
  return d;
}

}  // namespace

TEST_CASE("plant: splitmix64 and xoshiro256++ give their authors' numbers") {
  std::uint64_t state = 1234567;
  for (const std::uint64_t expected :
       {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL,
        4593380528125082431ULL, 16408922859458223821ULL}) {
    CHECK(splitmix64(&state) == expected);
  }
  SeededNoise noise(std::array<std::uint64_t, 4>{1, 2, 3, 4});
  for (const std::uint64_t expected :
       {41943041ULL, 58720359ULL, 3588806011781223ULL, 3591011842654386ULL, 9228616714210784205ULL,
        9973669472204895162ULL, 14011001112246962877ULL, 12406186145184390807ULL}) {
    CHECK(noise.bits() == expected);
  }
}

TEST_CASE("plant: noise has the moments of its distribution") {
  SeededNoise noise(7);
  constexpr int kSamples = 200'000;
  double sum = 0.0, square = 0.0, fourth = 0.0, flat = 0.0;
  for (int i = 0; i < kSamples; ++i) {
    const double x = noise.normal(), u = noise.uniform();
    REQUIRE((u >= 0.0 && u < 1.0));
    sum += x, square += x * x, fourth += x * x * x * x, flat += u;
  }
  // Five standard errors: 1, sqrt(2), sqrt(96), 1 / sqrt(12) over sqrt(n).
  const double e = 5.0 / std::sqrt(kSamples);
  CHECK(std::abs(sum / kSamples) < e);
  CHECK(std::abs(square / kSamples - 1.0) < 1.42 * e);
  CHECK(std::abs(fourth / kSamples - 3.0) < 9.8 * e);
  CHECK(std::abs(flat / kSamples - 0.5) < 0.29 * e);
}

TEST_CASE("plant: LDL^T solves what Eigen's products say") {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  for (int n = 1; n <= kMaxJoints; ++n) {
    ChainMatrix A = ChainMatrix::Identity();
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < n; ++j) A(i, j) = normal(random);
    }
    ChainMatrix M = A * A.transpose() + ChainMatrix::Identity();
    const ChainVec x = ChainVec::LinSpaced(-1.0, 2.0);
    ChainVec used = x;
    used.tail(kMaxJoints - n).setZero();
    const ChainVec found = solve_ldlt(M, M * used, n);
    CHECK((found - used).cwiseAbs().maxCoeff() < 1e-10);
  }
}

TEST_CASE("plant: the PSM is the PSM written out by hand") {
  ArmPlant plant = make_psm();
  const DynamicParameters p = plant_rig::parameters();
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> share(0.0, 1.0);
  for (int n = 0; n < 200; ++n) {
    ChainVec q = ChainVec::Zero();
    for (int i = 0; i < kNumAxes; ++i) {
      q[i] = psm::kQMin[i] + share(random) * (psm::kQMax[i] - psm::kQMin[i]);
    }
    plant.reset(q);
    plant.step(only(0, 2.0) + only(4, 0.2), false);  // some speed
    const Vec7 at = plant.q_true().head<7>(), speed = plant.qd_true().head<7>();
    Mat7 M = plant.rigid_mass_matrix().topLeftCorner<7, 7>();
    M.diagonal() += p.armature;
    CHECK((M - mass_matrix(p, at)).cwiseAbs().maxCoeff() < 1e-12);
    const Vec7 h = inverse_dynamics(p, at, speed, Vec7::Zero());
    CHECK((plant.bias_effort().head<7>() - h).cwiseAbs().maxCoeff() < 1e-11);
    const Transform T = plant_rig::base() * psm::forward_kinematics(at.head<6>());
    CHECK((plant.T_world_cp().matrix() - T.matrix()).cwiseAbs().maxCoeff() < 1e-12);
    const Vec6 twist = psm::jacobian(at.head<6>()) * speed.head<6>();
    CHECK((plant.twist_world_cp().head<3>() - plant_rig::base().R * twist.head<3>()).norm() <
          1e-12);
    CHECK((plant.twist_world_cp().tail<3>() - plant_rig::base().R * twist.tail<3>()).norm() <
          1e-12);
    PlantLoad load{Vec3(3.0, -1.0, 2.0), Vec3(0.01, 0.02, -0.03), 0.04};
    plant.set_load(load);
    Vec6 wrench;
    wrench << plant_rig::base().R.transpose() * load.force,
        plant_rig::base().R.transpose() * load.torque;
    const Vec6 effort = psm::jacobian(at.head<6>()).transpose() * wrench;
    CHECK((plant.external_effort().head<6>() - effort).cwiseAbs().maxCoeff() < 1e-12);
    CHECK(plant.external_effort()[6] == 0.04);
  }
}

TEST_CASE("plant: a step without friction is the equation of motion") {
  DynamicParameters p = plant_rig::parameters();
  p.viscous.setZero();
  p.coulomb.setZero();
  ArmPlant plant(psm_plant(p), plant_rig::base(), pose());
  Vec7 tau;
  tau << 0.5, 0.3, 1.0, 0.01, 0.02, 0.01, 0.01;
  ChainVec torque = ChainVec::Zero();
  torque.head<7>() = tau;
  for (int n = 0; n < 50; ++n) {
    const Vec7 q = plant.q_true().head<7>(), qd = plant.qd_true().head<7>();
    REQUIRE(plant.step(torque, false));
    const Vec7 now = plant.qd_true().head<7>();
    const Vec7 needed = inverse_dynamics(p, q, qd, Vec7((now - qd) / kTickS));
    CHECK((needed - tau).cwiseAbs().maxCoeff() < 1e-9);
    CHECK((plant.q_true().head<7>() - q - kTickS * now).cwiseAbs().maxCoeff() < 1e-15);
  }
}

TEST_CASE("plant: brakes stop an arm in motion and hold it, stops hold every axis") {
  ArmPlant plant = make_psm();
  for (int n = 0; n < 60; ++n) plant.step(plant.model().effort_max, false);
  CHECK(plant.qd_true().head<7>().cwiseAbs().maxCoeff() > 0.5);
  for (int n = 0; n < 200; ++n) plant.step(plant.model().effort_max, true);
  const ChainVec stopped = plant.q_true();
  CHECK(plant.braked());
  CHECK(plant.tau_applied().isZero(0.0));  // torque is off while braked
  for (int n = 0; n < 2000; ++n) plant.step(ChainVec::Zero(), true);
  CHECK((plant.q_true() - stopped).cwiseAbs().maxCoeff() < 1e-9);
  ChainVec push;  // the roll would be too fast for its stop at full effort
  push << 3.0, 3.0, 9.0, 0.2, 0.15, 0.15, 0.1, 0.0;
  for (const double sign : {1.0, -1.0}) {
    for (int n = 0; n < 3000; ++n) {
      REQUIRE(plant.step(sign * push, false));
      const ChainVec& q = plant.q_true();
      CHECK((q - plant.model().stop_low).head<7>().minCoeff() > -1e-9);
      CHECK((plant.model().stop_high - q).head<7>().minCoeff() > -1e-9);
    }
    const ChainVec& end = sign > 0.0 ? plant.model().stop_high : plant.model().stop_low;
    CHECK((plant.q_true() - end).head<7>().cwiseAbs().maxCoeff() < 1e-9);
  }
}

TEST_CASE("plant: what is not finite, or faster than any arm, is said and named") {
  PlantModel model = psm_plant(plant_rig::parameters());
  model.effort_max[3] = 1e6;  // a motor without a limit, on a joint without stops
  model.stop_low[3] = -HUGE_VAL, model.stop_high[3] = HUGE_VAL;
  ArmPlant plant(model, plant_rig::base(), pose());
  CHECK(plant.unstable_axis() == -1);
  CHECK_FALSE(plant.step(only(3, 1e6), false));
  CHECK(plant.unstable_axis() == 3);
  plant.reset(pose());
  CHECK_FALSE(plant.step(ChainVec(ChainVec::Constant(std::nan(""))), false));
  CHECK(plant.unstable_axis() == 0);
  plant.reset(pose());
  CHECK(plant.step(ChainVec::Zero(), false));
}

TEST_CASE("plant: a cable stretches by its load over its stiffness, the motor stays") {
  ArmPlant plant = make_psm(soft_wrist());
  CHECK((plant.q_true() - pose()).isZero(0.0));  // under its own weight, to the bit
  const ChainVec before = plant.q_true(), theta = plant.theta_true();
  // 1 N at the control point, along the wrist's own way: the lever of the pitch is 9.1 mm.
  const Vec3 along = plant.T_world_link(4).R.col(1);
  plant.set_load({1.0 * along, Vec3::Zero(), 0.0});
  const double effort = plant.external_effort()[4];
  CHECK(effort > 0.005);
  for (int n = 0; n < 100; ++n) plant.step(ChainVec::Zero(), true);
  CHECK((plant.theta_true() - theta).cwiseAbs().maxCoeff() < 1e-9);  // brakes hold the motors
  CHECK(plant.q_true()[4] - before[4] == doctest::Approx(effort / 0.37).epsilon(0.02));
  CHECK(plant.q_true()[0] == doctest::Approx(before[0]).epsilon(1e-9));
  const MeasuredJoints m = plant.measure();
  CHECK((m.q - theta).cwiseAbs().maxCoeff() < 1e-9);  // the encoder sees nothing of it
  plant.set_load({});
  for (int n = 0; n < 100; ++n) plant.step(ChainVec::Zero(), true);
  CHECK((plant.q_true() - before).cwiseAbs().maxCoeff() < 1e-6);
}

TEST_CASE("plant: a compliant wrist against a stiff wall comes to rest") {
  ArmPlant plant = make_psm(soft_wrist());
  const Vec3 along = plant.T_world_link(4).R.col(1);
  const Vec3 wall = plant.T_world_cp().p - 0.5e-3 * along;  // the arm stands 0.5 mm inside
  double depth = 0.0, last = 0.0;
  for (int n = 0; n < 2000; ++n) {
    last = depth;
    depth = along.dot(plant.T_world_cp().p - wall);
    plant.set_load({-5000.0 * std::max(0.0, depth) * along, Vec3::Zero(), 0.0});
    REQUIRE(plant.step(ChainVec::Zero(), true));
  }
  CHECK(std::abs(depth - last) < 1e-9);
  CHECK(depth > 0.0);
  CHECK(depth < 0.45e-3);  // the cable gives way
}

TEST_CASE("plant: play is a hysteresis of its width, in the link and not in the encoder") {
  DriveSettings d;
  d.backlash[5] = 0.02;
  DriveTrain drive(d, kTickS);
  ChainVec q = ChainVec::Zero();
  drive.rest(q, ChainVec::Zero());
  double up = 0.0, down = 0.0;
  const auto to = [&](double theta) {
    drive.step(only(5, theta), ChainVec::Zero(), ChainVec::Zero(), ChainVec::Zero());
    return drive.q()[5];
  };
  CHECK(to(0.009) == 0.0);  // half the gap
  for (int n = 0; n <= 100; ++n) up = to(0.001 * n);
  CHECK(up == doctest::Approx(0.09));
  CHECK(to(0.081) == up);  // it rests while the motor crosses the gap
  for (int n = 100; n >= 0; --n) {
    down = to(0.001 * n);
    if (n == 50) CHECK(down - (0.05 - 0.01) == doctest::Approx(0.02));
  }
  CHECK(down == doctest::Approx(0.01));
}

TEST_CASE("plant: an infinite stiffness and no gap are the rigid arm, to the bit") {
  DriveSettings stiff;
  stiff.stiffness.fill(HUGE_VAL);
  ArmPlant a = make_psm(), b = make_psm(stiff);
  for (int n = 0; n < 500; ++n) {
    a.step(0.2 * a.model().effort_max, n % 100 > 80);
    b.step(0.2 * a.model().effort_max, n % 100 > 80);
  }
  CHECK((a.q_true() - b.q_true()).isZero(0.0));
  CHECK((a.qd_true() - a.theta_dot_true()).isZero(0.0));
  CHECK((a.q_true() - a.theta_true()).isZero(0.0));
}

TEST_CASE("plant: encoders add bias, noise and counts, and repeat with their seed") {
  EncoderSettings e;
  e.count.fill(1e-3);
  e.count[6] = 0.0;
  e.noise.fill(2e-3);
  e.velocity_noise.fill(0.1);
  e.bias.fill(0.02);
  ArmPlant plant = make_psm({}, e), twin = make_psm({}, e);
  ChainVec mean = ChainVec::Zero(), square = ChainVec::Zero();
  constexpr int kSamples = 4000;
  for (int n = 0; n < kSamples; ++n) {
    const MeasuredJoints m = plant.measure();
    CHECK((m.q - twin.measure().q).isZero(0.0));
    const double counts = m.q[2] / 1e-3;
    CHECK(std::abs(counts - std::round(counts)) < 1e-6);
    const ChainVec d = m.q - pose();
    mean += d / kSamples;
    square += m.qd.cwiseProduct(m.qd) / kSamples;
  }
  for (int i = 0; i < kNumAxes; ++i) {
    CHECK(std::abs(mean[i] - 0.02) < 5.0 * 2.1e-3 / std::sqrt(kSamples));
    CHECK(std::sqrt(square[i]) == doctest::Approx(0.1).epsilon(0.06));
  }
  const ArmPlant perfect_one = make_psm();
  ArmPlant perfect = perfect_one;
  CHECK((perfect.measure().q - perfect.q_true()).isZero(0.0));
}

TEST_CASE("plant: the ECM's weight takes the share of its efforts that ecm_plant.hpp states") {
  const PlantModel model = ecm_plant(ecm::Scope::kStraight, 2.5);  // the heavier scope
  ChainInertia masses = model.masses;
  double pitch = 0.0, insertion = 0.0;
  for (const Vec3& down : {Vec3(0, 0, -1), Vec3(0, 0.7071, -0.7071), Vec3(0, -0.7071, -0.7071)}) {
    masses.gravity_base = kGravity * down;
    for (int n = 0; n < 400; ++n) {
      ChainVec q = ChainVec::Zero();
      q[0] = -1.57 + 3.14 * (n % 20) / 19.0;
      q[1] = -0.76 + 1.89 * (n / 20) / 19.0;
      for (const double depth : {0.0, 0.255}) {
        q[2] = depth;
        const ChainVec g = chain_gravity(model.chain, masses, q);
        pitch = std::max(pitch, g.head<2>().cwiseAbs().maxCoeff() / model.effort_max[0]);
        insertion = std::max(insertion, std::abs(g[2]) / model.effort_max[2]);
      }
    }
  }
  CHECK(pitch == doctest::Approx(0.42).epsilon(0.01));
  CHECK(insertion == doctest::Approx(0.30).epsilon(0.02));
}
