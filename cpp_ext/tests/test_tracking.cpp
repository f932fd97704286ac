// SPDX-License-Identifier: Apache-2.0
/// The controller against rigid bodies with friction, masses and friction 10 % wrong; and the
/// lockstep trace, bit by bit.
#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <cstring>

#include "bench.hpp"
#include "trocar/lockstep.hpp"

using namespace bench;

namespace {

/// Forward dynamics of the true parameters, four semi-implicit steps a tick.
struct RigidBodies {
  DynamicParameters truth;
  Vec7 q = (Vec7() << 0.0, 0.0, 0.10, 0.0, 0.0, 0.0, 0.0).finished();
  Vec7 qd = Vec7::Zero();

  void step(const PlantOutput& o) {
    if (o.brake) {
      qd.setZero();
      return;
    }
    constexpr int kSteps = 4;
    constexpr double h = kTickS / kSteps;
    for (int n = 0; n < kSteps; ++n) {
      Mat7 M = mass_matrix(truth, q);
      Vec7 tau = to_vector(o.torque) - inverse_dynamics(truth, q, qd, Vec7::Zero()) -
                 friction_effort(truth, qd);
      for (int i = 0; i < kNumAxes; ++i) {  // friction is stiff near rest: take its slope along
        const double c = std::cosh(std::min(20.0, std::abs(qd[i]) / truth.friction_speed[i]));
        M(i, i) += h * (truth.viscous[i] + truth.coulomb[i] / truth.friction_speed[i] / (c * c));
      }
      qd += h * M.ldlt().solve(tau);
      q += h * qd;
    }
  }
};

struct Cell {
  explicit Cell(std::uint64_t seed) : arm(config(seed)), port(arm) {}
  static ArmConfig config(std::uint64_t seed) {
    ArmConfig c;
    c.dynamics = c.dynamics.perturbed(0.1, seed);
    return c;
  }
  void tick() {
    ++ticks;
    bodies.step(port.exchange(to_axes(bodies.q), to_axes(bodies.qd), Axes{}, ticks * kTickNs));
  }
  void home() {
    arm.post(StateCommand::kHome);
    for (int i = 0; i < 3000; ++i) tick();
  }
  Arm arm;
  LockstepPort port;
  RigidBodies bodies;
  std::int64_t ticks = 0;
};

/// 20 mm wide figure of eight (Gerono) about `centre` at 0.5 Hz: position and velocity at t (s).
Transform eight(const Transform& centre, double t, Vec3* velocity) {
  const double w = 2.0 * psm::kPi * 0.5, r = 0.010;
  Transform T = centre;
  T.p += Vec3(r * std::sin(w * t), r * std::sin(w * t) * std::cos(w * t), 0.0);
  *velocity = Vec3(r * w * std::cos(w * t), r * w * std::cos(2.0 * w * t), 0.0);
  return T;
}

/// RMS and largest error of the tip in m over `seconds`, after 1 s; commands at 200 Hz.
std::pair<double, double> track(std::uint64_t seed, bool with_twist, double seconds) {
  auto cell = std::make_unique<Cell>(seed);
  cell->home();
  const Transform centre =
      psm::forward_kinematics((Vec6() << 0.05, -0.05, 0.155, 0.1, 0.1, 0.1).finished());
  cell->arm.post(pose(MotionKind::kMoveCp, centre));
  for (int i = 0; i < 3000; ++i) cell->tick();
  double sum = 0.0, worst = 0.0;
  int n = 0;
  const int ticks = static_cast<int>(seconds * 1000.0);
  for (int k = 0; k < ticks; ++k) {
    Vec3 v;
    if (k % 5 == 0) {
      MotionCommand c = pose(MotionKind::kServoCp, eight(centre, kTickS * (k + 1), &v));
      c.has_velocity = with_twist;
      Eigen::Map<Vec3>(c.velocity.data()) = v;
      c.stamp_ns = (cell->ticks + 1) * kTickNs;
      cell->arm.post(c);
    }
    cell->tick();
    if (k < 1000) continue;
    const Vec3 error =
        psm::forward_kinematics(cell->bodies.q.head<6>()).p - eight(centre, kTickS * (k + 2), &v).p;
    sum += error.squaredNorm();
    worst = std::max(worst, error.norm());
    ++n;
  }
  CHECK(cell->arm.state().fault == Fault::kNone);
  return {std::sqrt(sum / n), worst};
}

}  // namespace

TEST_CASE("tracking: figure of eight within 0.5 mm RMS, model 10 % wrong, 200 Hz servo_cp") {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u}) {
    for (const bool with_twist : {true, false}) {
      CAPTURE(seed);
      CAPTURE(with_twist);
      const auto [rms, worst] = track(seed, with_twist, 5.0);
      MESSAGE("seed " << seed << ", twist given " << with_twist << ": RMS " << 1e3 * rms
                      << " mm, largest " << 1e3 * worst << " mm");
      CHECK(rms <= 0.5e-3);
      CHECK(worst <= 1.5e-3);
    }
  }
}

TEST_CASE("tracking: from brakes to hold without a drop") {
  Cell cell(7);
  cell.arm.post(StateCommand::kEnable);
  const Vec3 before = psm::forward_kinematics(cell.bodies.q.head<6>()).p;
  double off = 0.0;
  for (int i = 0; i < 1000; ++i) {
    cell.tick();
    off = std::max(off, (psm::forward_kinematics(cell.bodies.q.head<6>()).p - before).norm());
  }
  CHECK(cell.arm.state().powered);
  CHECK(off < 0.2e-3);
}

TEST_CASE("lockstep: the same seed gives the same bits") {
  const auto trace = [](std::uint64_t seed) {
    auto cell = std::make_unique<Cell>(seed);
    cell->home();
    std::mt19937_64 random(seed);
    std::uint64_t hash = 1469598103934665603ULL;  // FNV-1a
    for (int n = 0; n < 3000; ++n) {
      if (n % 50 == 0) {
        Vec6 q = (Vec6() << 0.0, 0.0, 0.14, 0.0, 0.0, 0.0).finished();
        for (int i = 0; i < 6; ++i) q[i] += uniform(random, -0.02, 0.02);
        cell->arm.post(joints(n % 100 ? MotionKind::kMoveJp : MotionKind::kServoJp, q));
      }
      cell->tick();
      const ArmState s = cell->arm.state();
      for (const Axes* a : {&s.q, &s.qd, &s.setpoint_q, &s.setpoint_tau}) {
        for (const double x : *a) {
          std::uint64_t bits;
          std::memcpy(&bits, &x, sizeof bits);
          hash = (hash ^ bits) * 1099511628211ULL;
        }
      }
    }
    return hash;
  };
  CHECK(trace(11) == trace(11));
  CHECK(trace(11) != trace(12));
}
