// SPDX-License-Identifier: Apache-2.0
/// Motion commands: answers, ages of their sources, paths, and limits on random sweeps.
#include <doctest/doctest.h>

#include <limits>

#include "bench.hpp"

using namespace bench;

TEST_CASE("commands: what is not finite or no rotation is answered invalid, and nothing moves") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Bench b;
  b.home();
  const Vec6 before = setpoint(b.state);
  Vec6 q = before;
  q[2] = nan;
  CHECK(b.answer_to(b.arm->post(joints(MotionKind::kServoJp, q))).reason == Reason::kInvalid);
  CHECK(b.answer_to(b.arm->post(joints(MotionKind::kMoveJp, q))).reason == Reason::kInvalid);
  Transform T = psm::forward_kinematics(before);
  T.R *= 1.01;
  CHECK(b.answer_to(b.arm->post(pose(MotionKind::kServoCp, T))).reason == Reason::kInvalid);
  T = psm::forward_kinematics(before);
  T.p.x() = std::numeric_limits<double>::infinity();
  CHECK(b.answer_to(b.arm->post(pose(MotionKind::kMoveCp, T))).reason == Reason::kInvalid);
  MotionCommand c = joints(MotionKind::kServoJp, before);
  c.has_velocity = 1;
  c.velocity[0] = nan;
  CHECK(b.answer_to(b.arm->post(c)).reason == Reason::kInvalid);
  JawCommand jaw;
  jaw.angle = nan;
  CHECK(b.answer_to(b.arm->post(jaw)).reason == Reason::kInvalid);
  b.run(10);
  CHECK(setpoint(b.state) == before);
  CHECK(b.state.commands_refused == 6);
}

TEST_CASE("commands: a rotation within 1e-3 is normalised and accepted") {
  Bench b;
  b.home();
  Transform T = psm::forward_kinematics(setpoint(b.state));
  T.R *= 1.0004;
  CHECK(b.answer_to(b.arm->post(pose(MotionKind::kServoCp, T))).verdict == Verdict::kAccepted);
}

TEST_CASE("commands: limits, near RCM, reach and distance are named") {
  Bench b;
  b.home();
  Vec6 q = setpoint(b.state);
  q[0] = 2.0;
  CHECK(b.answer_to(b.arm->post(joints(MotionKind::kMoveJp, q))).reason == Reason::kJointLimit);
  CHECK(b.state.goal_q[0] == psm::kQMax[0]);
  b.run(4000);
  CHECK(std::abs(b.state.q[0] - psm::kQMax[0]) < 1e-5);
  q = setpoint(b.state);
  q[2] = 0.02;
  CHECK(b.answer_to(b.arm->post(joints(MotionKind::kServoJp, q))).reason == Reason::kNearRcm);
  CHECK(b.state.goal_q[2] == doctest::Approx(0.0606));
  q[2] = 0.2;
  const Result far = b.answer_to(b.arm->post(joints(MotionKind::kServoJp, q)));
  CHECK(far.verdict == Verdict::kAltered);
  CHECK(far.reason == Reason::kVelocityLimit);
  Transform T = psm::forward_kinematics(setpoint(b.state));
  T.p = Vec3(0.0, 5e-10, 0.0);
  const Result rcm = b.answer_to(b.arm->post(pose(MotionKind::kMoveCp, T)));
  CHECK(rcm.verdict != Verdict::kAccepted);
  CHECK((rcm.reason == Reason::kNearRcm || rcm.reason == Reason::kOutOfReach));
  T.p = Vec3(1e5, 0.0, 0.0);
  const Result reach = b.answer_to(b.arm->post(pose(MotionKind::kServoCp, T)));
  CHECK(reach.verdict == Verdict::kRefused);
  CHECK(reach.reason == Reason::kOutOfReach);
  JawCommand jaw;
  jaw.angle = 3.0;
  CHECK(b.answer_to(b.arm->post(jaw)).reason == Reason::kJointLimit);
}

TEST_CASE("commands: every one is answered, also what a newer one replaced within a tick") {
  Bench b;
  b.home();
  std::vector<std::int64_t> posted;
  std::mt19937_64 random(5);
  std::vector<Result> answers;
  for (int i = 0; i < 2000; ++i) {
    if (uniform(random, 0.0, 1.0) < 0.7) {
      posted.push_back(b.arm->post(joints(MotionKind::kServoJp, random_joints(random))));
    }
    if (uniform(random, 0.0, 1.0) < 0.3) posted.push_back(b.arm->post(JawCommand{}));
    if (uniform(random, 0.0, 1.0) < 0.05) posted.push_back(b.arm->post(StateCommand::kPause));
    if (uniform(random, 0.0, 1.0) < 0.05) posted.push_back(b.arm->post(StateCommand::kResume));
    if (i % 2) b.tick();
    for (const Result& r : b.arm->take_results()) answers.push_back(r);
  }
  b.tick();
  for (const Result& r : b.arm->take_results()) answers.push_back(r);
  REQUIRE(answers.size() == posted.size());
  std::sort(answers.begin(), answers.end(), [](auto& x, auto& y) { return x.seq < y.seq; });
  for (std::size_t i = 0; i < posted.size(); ++i) CHECK(answers[i].seq == posted[i]);
}

TEST_CASE("commands: a CRTK stream that ends is held, stale, and the arm stays ENABLED") {
  Bench b;
  b.home();
  Vec6 q = setpoint(b.state);
  for (int i = 0; i < 200; ++i) {
    q[0] += 0.0002;
    b.arm->post(joints(MotionKind::kServoJp, q));
    b.run(5);
    CHECK_FALSE(b.state.stale);
  }
  int ticks = 0;
  while (!b.tick().stale && ticks < 500) ++ticks;
  CHECK(ticks >= 95);
  CHECK(ticks <= 101);
  b.run(500);
  CHECK(b.state.operating_state == OperatingState::kEnabled);
  CHECK(b.state.stale);
  CHECK(b.state.setpoint_q[0] == doctest::Approx(q[0]).epsilon(1e-9));
  CHECK(std::abs(b.state.setpoint_qd[0]) < 1e-6);
}

TEST_CASE("commands: an operator's silence of 100 ms stops the arm where it is") {
  Bench b;
  b.home();
  Vec6 far = setpoint(b.state);
  far[0] += 0.1;
  b.arm->post(joints(MotionKind::kServoJp, far, Source::kTeleop));
  b.run(100);
  const double moving = b.state.setpoint_q[0];
  CHECK_FALSE(b.state.stale);
  CHECK(b.run(3).stale);
  b.run(100);
  CHECK(b.state.setpoint_qd[0] == 0.0);
  CHECK(b.state.setpoint_q[0] < moving + 0.03);
  CHECK(b.state.setpoint_q[0] < far[0]);
}

TEST_CASE("commands: follow extrapolates 2.5 periods, is slowed to a hold by 4") {
  Bench b;
  b.home();
  const Transform start = psm::forward_kinematics(setpoint(b.state));
  const double speed = 0.01;
  Transform T = start;
  for (int k = 0; k < 10; ++k) {  // images of 15 Hz, each 50 ms old when it is used
    MotionCommand c = pose(MotionKind::kServoCp, T, Source::kFollow);
    c.has_velocity = 1;
    c.velocity[0] = speed;
    c.stamp_ns = b.now_ns() + kTickNs - 50'000'000;
    T.p = start.p + Vec3(speed * (k * 0.067 + 0.067), 0.0, 0.0);
    REQUIRE(b.answer_to(b.arm->post(c)).verdict == Verdict::kAccepted);
    if (k < 9) b.run(66);
  }
  const auto x_speed = [&] {
    const Vec6 qd = Eigen::Map<const Vec6>(b.state.setpoint_qd.data());
    return (psm::jacobian(setpoint(b.state)) * qd)[0];
  };
  b.run(110);  // age 160 ms: still extrapolated
  CHECK(x_speed() == doctest::Approx(speed).epsilon(0.05));
  b.run(70);  // age 230 ms: slowing
  CHECK(x_speed() < 0.7 * speed);
  CHECK(x_speed() > 0.1 * speed);
  b.run(60);  // age 290 ms: held
  CHECK(b.state.stale);
  CHECK(std::abs(x_speed()) < 1e-6);
  MotionCommand late = pose(MotionKind::kServoCp, T, Source::kFollow);
  late.stamp_ns = b.now_ns() - 300'000'000;
  CHECK(b.answer_to(b.arm->post(late)).reason == Reason::kStale);
}

TEST_CASE("commands: hold stops 30 mm/s in less than 150 ms, jaw included") {
  Bench b;
  b.home();
  Vec6 goal = setpoint(b.state);
  goal[2] = 0.22;
  b.arm->post(joints(MotionKind::kMoveJp, goal));
  JawCommand jaw;
  jaw.angle = 1.0;
  jaw.is_move = 1;
  b.arm->post(jaw);
  while (b.tick().setpoint_qd[2] < 0.03) REQUIRE(b.ticks < 10000);
  b.arm->post(MotionCommand{});
  b.run(150);
  for (const double v : b.state.setpoint_qd) CHECK(v == 0.0);
  CHECK_FALSE(b.state.is_busy);
}

TEST_CASE("commands: move_jp arrives with all joints together, on a straight joint line") {
  Bench b;
  b.home();
  const Vec6 start = setpoint(b.state);
  const Vec6 goal = (Vec6() << 0.4, -0.3, 0.2, 1.0, -0.5, 0.7).finished();
  b.arm->post(joints(MotionKind::kMoveJp, goal));
  double off = 0.0;
  int ticks = 0;
  do {
    b.tick();
    const double share = (setpoint(b.state)[0] - start[0]) / (goal[0] - start[0]);
    off = std::max(off, (setpoint(b.state) - start - share * (goal - start)).cwiseAbs().maxCoeff());
    ++ticks;
  } while (b.state.is_busy && ticks < 5000);
  CHECK(off < 1e-9);
  CHECK(ticks < 5000);
  CHECK((setpoint(b.state) - goal).cwiseAbs().maxCoeff() < 1e-5);
}

TEST_CASE("commands: move_cp goes along a straight line and turns about one axis") {
  Bench b;
  b.home();
  const Transform start = psm::forward_kinematics(setpoint(b.state));
  Transform goal = start;
  goal.p += Vec3(0.03, -0.02, -0.015);
  goal.R = exp_so3(Vec3(0.2, 0.3, -0.5)) * start.R;
  const Vec3 along = (goal.p - start.p).normalized();
  REQUIRE(b.answer_to(b.arm->post(pose(MotionKind::kMoveCp, goal))).verdict == Verdict::kAccepted);
  double off = 0.0;
  int ticks = 0;
  while (b.tick().is_busy && ticks < 8000) {
    const Vec3 moved = psm::forward_kinematics(setpoint(b.state)).p - start.p;
    off = std::max(off, (moved - moved.dot(along) * along).norm());
    ++ticks;
  }
  CHECK(ticks < 8000);
  CHECK(off < 1e-5);
  const Transform end = psm::forward_kinematics(setpoint(b.state));
  CHECK((end.p - goal.p).norm() < 5e-6);
  CHECK(log_so3(end.R * goal.R.transpose()).norm() < 5e-5);
}

TEST_CASE("commands: move_cp retargeted at every tick still gets there") {
  Bench b;
  b.home();
  Transform goal = psm::forward_kinematics(setpoint(b.state));
  goal.p += Vec3(0.02, 0.01, -0.02);
  for (int i = 0; i < 3000; ++i) {
    b.arm->post(pose(MotionKind::kMoveCp, goal));
    b.tick();
  }
  CHECK((psm::forward_kinematics(setpoint(b.state)).p - goal.p).norm() < 1e-4);
}
