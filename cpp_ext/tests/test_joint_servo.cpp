// SPDX-License-Identifier: Apache-2.0
/// The servo of a chain on the ECM's plant.
#include <doctest/doctest.h>

#include "trocar/plant/ecm_plant.hpp"
#include "trocar/plant/lockstep_servo.hpp"

using namespace trocar;

namespace {

ChainVec joints(double yaw, double pitch, double insertion, double roll) {
  ChainVec q = ChainVec::Zero();
  q.head<4>() << yaw, pitch, insertion, roll;
  return q;
}

const ChainVec kStart = joints(0.1, 0.1, 0.08, 0.0);

/// The servo knows the scope of 1.5 kg; the arm carries another.
struct Ecm {
  explicit Ecm(double scope_mass = 2.5)
      : base{exp_so3(Vec3(-0.78, 0.0, 0.0)), Vec3(0, 0, 0.3)},
        plant(ecm_plant(ecm::Scope::kStraight, scope_mass), base, kStart),
        servo(ecm_plant(ecm::Scope::kStraight), base),
        cell(servo, plant) {}

  void run(int ticks) {
    for (int i = 0; i < ticks; ++i) REQUIRE(cell.tick());
  }
  int axis = 0;
  Transform base;
  ArmPlant plant;
  JointServo servo;
  LockstepServo cell;
};

}  // namespace

TEST_CASE("servo: reaches its goal with the wrong scope, within its limits all the way") {
  Ecm e;
  e.servo.enable();
  e.run(500);
  CHECK((e.plant.q_true() - kStart).head<4>().cwiseAbs().maxCoeff() < 5e-3);
  const ChainVec goal = joints(-0.4, 0.5, 0.2, 1.0);
  CHECK(e.servo.move(goal, &e.axis) == ServoRefusal::kNone);
  const ArmModel model = ecm_model(ecm::Scope::kStraight);
  ChainVec v = ChainVec::Zero();
  int ticks = 0;
  for (; ticks < 10'000 && e.servo.is_busy(); ++ticks) {
    e.run(1);
    const ChainVec now = e.servo.setpoint_qd();
    for (int i = 0; i < 4; ++i) {
      const auto n = static_cast<std::size_t>(i);
      CHECK(std::abs(now[i]) <= model.rows[n].velocity_max * (1.0 + 1e-9));
      CHECK(std::abs(now[i] - v[i]) <= model.acceleration_max[n] * kTickS * (1.0 + 1e-6));
    }
    v = now;
    CHECK((e.plant.q_true() - e.servo.setpoint_q()).head<4>().cwiseAbs().maxCoeff() < 0.02);
  }
  CHECK(ticks > 2000);  // 0.12 m at 60 mm/s
  CHECK(ticks < 4000);
  e.run(1500);
  CHECK((e.servo.setpoint_q() - goal).isZero(0.0));
  CHECK((e.plant.q_true() - goal).head<4>().cwiseAbs().maxCoeff() < 1e-3);
  CHECK(e.servo.fault() == ServoFault::kNone);
}

TEST_CASE("servo: disabled it brakes, and a goal is refused with its reason") {
  Ecm e;
  e.run(100);
  CHECK(e.plant.braked());
  CHECK(e.servo.move(kStart, &e.axis) == ServoRefusal::kNotEnabled);
  e.servo.enable();
  e.run(1);
  CHECK_FALSE(e.plant.braked());
  ChainVec goal = kStart;
  goal[2] = 0.3;
  CHECK(e.servo.move(goal, &e.axis) == ServoRefusal::kOutOfRange);
  CHECK(e.axis == 2);
  goal[2] = 0.1;
  goal[3] = std::nan("");
  CHECK(e.servo.move(goal, &e.axis) == ServoRefusal::kNotFinite);
  CHECK(e.axis == 3);
  CHECK_FALSE(e.servo.is_busy());
  CHECK((e.servo.goal() - kStart).head<4>().cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("servo: hold stops and keeps the power, disable stops and brakes") {
  for (const bool power_off : {false, true}) {
    Ecm e;
    e.servo.enable();
    e.servo.move(joints(1.0, 0.1, 0.08, 0.0), &e.axis);  // before the first tick too
    e.run(1000);
    CHECK(e.plant.qd_true()[0] > 0.3);
    if (power_off) {
      e.servo.disable();
    } else {
      e.servo.hold();
    }
    e.run(1);
    CHECK_FALSE(e.plant.braked());  // it slows down under control
    e.run(800);
    CHECK(e.plant.braked() == power_off);
    CHECK(e.servo.is_enabled() == !power_off);
    CHECK_FALSE(e.servo.is_busy());
    CHECK(std::abs(e.plant.qd_true()[0]) < 1e-3);
    CHECK(e.plant.q_true()[0] < 0.9);
  }
}

TEST_CASE("servo: a new goal in mid motion, without a jump of the set-point") {
  Ecm e(1.5);
  e.servo.enable();
  e.servo.move(joints(1.0, 0.1, 0.08, 0.0), &e.axis);
  e.run(900);
  const ChainVec goal = joints(-0.2, 0.3, 0.1, -0.5);
  CHECK(e.servo.move(goal, &e.axis) == ServoRefusal::kNone);
  ChainVec v = e.servo.setpoint_qd();
  for (int n = 0; n < 6000; ++n) {
    e.run(1);
    CHECK((e.servo.setpoint_qd() - v).cwiseAbs().maxCoeff() <= 1.6e-3);  // 90 deg/s2
    v = e.servo.setpoint_qd();
  }
  CHECK((e.servo.setpoint_q() - goal).isZero(0.0));
}

TEST_CASE("servo: a joint that does not follow, and a number that is none, end in brakes") {
  Ecm e;
  e.servo.enable();
  e.servo.move(joints(0.8, 0.1, 0.08, 0.0), &e.axis);
  e.run(200);
  e.plant.faults().is_stuck[0] = true;
  e.run(1500);
  CHECK(e.servo.fault() == ServoFault::kTrackingError);
  CHECK(e.servo.fault_axis() == 0);
  CHECK(e.plant.braked());
  CHECK(e.servo.move(kStart, &e.axis) == ServoRefusal::kNotEnabled);
  e.plant.faults() = {};
  e.servo.enable();
  e.run(10);
  CHECK(e.servo.fault() == ServoFault::kNone);
  CHECK_FALSE(e.plant.braked());
  e.plant.faults().encoder_jump[1] = std::nan("");
  e.run(1);
  CHECK(e.servo.fault() == ServoFault::kNonFinite);
  CHECK(e.servo.fault_axis() == 1);
  CHECK(e.plant.braked());
}

TEST_CASE("servo: two runs are the same bits") {
  Ecm a, b;
  for (Ecm* e : {&a, &b}) {
    e->servo.enable();
    e->servo.move(joints(0.3, 0.4, 0.12, 0.7), &e->axis);
    e->run(3000);
  }
  CHECK((a.plant.q_true() - b.plant.q_true()).isZero(0.0));
}
