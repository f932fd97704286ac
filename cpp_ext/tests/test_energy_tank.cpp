// SPDX-License-Identifier: Apache-2.0
/// Stiffness changes cannot be used to pump energy out of the arm.
#include <doctest/doctest.h>

#include "dh_chain.hpp"
#include "simulated_arm.hpp"
#include "trocar/controller.hpp"

using namespace trocar;
using oracle::SimulatedArm;

namespace {

/// A 1 kg mass on the spring; an adversary asks for a stiff spring on the way in and a soft one on
/// the way out.  Most energy (J) the mass ever had, with a tank or with the stiffness as asked for.
double pumped(bool with_tank, double damping) {
  EnergyTank tank;
  const Vec6 soft = 200.0 * Vec6::Unit(0), stiff = 1000.0 * Vec6::Unit(0);
  double x = 0.002, v = -1e-3, most = 0.0;
  tank.start(stiff, -x * Vec6::Unit(0));
  for (int n = 0; n < 20000; ++n) {
    const Vec6& wanted = x * v < 0.0 ? stiff : soft;
    Vec6 K = wanted;
    if (with_tank) K = tank.step(wanted, -x * Vec6::Unit(0), damping * v * v);
    v += kTickS * (-K[0] * x - damping * v);
    x += kTickS * v;
    most = std::max(most, 0.5 * v * v);
  }
  return most;
}

}  // namespace

TEST_CASE("energy tank: a pumped stiffness gives out no more than the tank held") {
  const double start = 0.5 * 1000.0 * 0.002 * 0.002;
  CHECK(pumped(false, 0.0) > 20.0 * (start + EnergyTank::kInitial));  // the adversary is real
  CHECK(pumped(true, 0.0) <= 1.05 * (start + EnergyTank::kInitial));
  CHECK(pumped(true, 2.0) <= 1.05 * (start + EnergyTank::kInitial));
}

TEST_CASE("energy tank: rates, content and stiffness keep their bounds whatever comes") {
  std::mt19937_64 random(81);
  EnergyTank tank;
  Vec6 last = Vec6::Zero();
  tank.start(last, Vec6::Zero());
  double given = 0.0, banked = 0.0;  // J
  for (int n = 0; n < 20000; ++n) {
    Vec6 wanted, deflection;
    for (int i = 0; i < 6; ++i) {
      wanted[i] = oracle::uniform(random, 0.0, i < 3 ? 3000.0 : 2.0);
      deflection[i] = oracle::uniform(random, -0.05, 0.05);
    }
    const double power = oracle::uniform(random, -1.0, 2.0);
    const Vec6 now = tank.step(wanted, deflection, power);
    banked += std::max(0.0, power) * kTickS;
    for (int i = 0; i < 6; ++i) {
      const double most = (i < 3 ? EnergyTank::kRate : EnergyTank::kTurnRate) * kTickS;
      CHECK(std::abs(now[i] - last[i]) <= most * (1.0 + 1e-9));
      CHECK(now[i] >= 0.0);
      given += 0.5 * std::max(0.0, now[i] - last[i]) * deflection[i] * deflection[i];
    }
    CHECK(tank.level() >= 0.0);
    CHECK(tank.level() <= EnergyTank::kCapacity);
    last = now;
  }
  CHECK(given <= EnergyTank::kInitial + banked + 1e-9);
}

TEST_CASE("energy tank: full stiffness comes at once where it costs nothing, then in its time") {
  EnergyTank tank;
  const Vec6 wanted = (Vec6() << 1000, 1000, 1000, 1, 1, 1).finished();
  tank.start(wanted, Vec6::Zero());
  CHECK(tank.stiffness() == wanted);
  const Vec6 deflection = 0.01 * Vec6::Unit(0);
  int ticks = 0;
  while (ticks < 5000 && tank.step(2.0 * wanted, deflection, 0.5)[0] < 1999.0) ++ticks;
  CHECK(ticks == doctest::Approx(500).epsilon(0.01));  // 1000 N/m at 2000 N/m a second
  tank.start(wanted, 0.5 * Vec6::Unit(0));             // 125 J: far more than it holds
  CHECK(tank.stiffness()[0] < 1.0);
}

TEST_CASE("impedance: passive against a wall that is pushed, hit and rung") {
  // Energy that the arm gives to the wall <= what it held in the beginning, however the stiffness
  // is changed meanwhile.  The wall is a spring of 20 kN/m with no loss of its own.
  for (const double gain : {0.0, 1.0}) {
    SimulatedArm arm;
    arm.p.coulomb *= 0.1;
    ArmConfig config;
    config.dynamics = arm.p;
    Controller controller(config);
    std::array<AxisState, kNumAxes> reference;
    for (std::size_t i = 0; i < kNumAxes; ++i) {
      reference[i] = {arm.q[static_cast<Eigen::Index>(i)], 0.0, 0.0};
    }
    ControllerSettings s;
    s.mode = ControlMode::kImpedance;
    s.friction_share = 0.5;
    const Vec3 home = arm.position();
    arm.q[0] += 0.06;  // let go 8 mm away from the wall, to hit it
    const Vec3 away = (arm.position() - home).normalized();
    const double stored = 0.5 * 500.0 * (arm.position() - home).squaredNorm() + 0.05;
    double worst = 0.0;
    for (int n = 0; n < 4000; ++n) {
      s.stiffness[0] = s.stiffness[1] = s.stiffness[2] =
          500.0 + gain * 500.0 * (n / 40 % 2 == 0 ? 1.0 : -1.0);
      controller.select(s);
      arm.step(controller.effort(arm.q, arm.qd, reference), [&](const Vec3& p, const Vec3&) {
        const double depth = 0.006 - (p - home).dot(away);  // it is pressed at rest
        return Vec3(depth > 0.0 ? Vec3(2e4 * depth * away) : Vec3(Vec3::Zero()));
      });
      worst = std::max(worst, -arm.work);
    }
    INFO("modulation ", gain, ", given ", worst, " J of ", stored);
    CHECK(worst > 5e-4);  // it did hit the wall
    CHECK(worst <= stored + EnergyTank::kInitial);
    CHECK(arm.qd.head<3>().cwiseAbs().maxCoeff() < (gain > 0.0 ? 0.05 : 1e-3));
  }
}
