// SPDX-License-Identifier: Apache-2.0
/// The reference alone: goes on from what was accepted; straight lines that blend and stop.
#include <doctest/doctest.h>

#include <random>

#include "trocar/config_check.hpp"
#include "trocar/reference.hpp"

using namespace trocar;

namespace {

using Axes7 = std::array<AxisState, kNumAxes>;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kShare = 10;
#else
constexpr int kShare = 1;
#endif

struct Rig {
  explicit Rig(std::uint64_t seed) : random(seed) {
    Vec7 q = config.home_q;
    reference.reset(q);
  }

  double uniform(double lo, double hi) {
    return lo + (hi - lo) * static_cast<double>(random() >> 11) * 0x1p-53;
  }

  Vec6 joints() {
    Vec6 q;
    for (int i = 0; i < 6; ++i) q[i] = uniform(0.6 * config.q_min[i], 0.6 * config.q_max[i]);
    q[2] = uniform(0.08, 0.22);
    return q;
  }

  Transform tip() const {
    Vec6 q;
    for (int i = 0; i < 6; ++i) q[i] = reference.axes()[i].q;
    return psm::forward_kinematics(q);
  }

  void step() {
    now_ns += kTickNs;
    reference.step(now_ns);
  }

  /// At rest at these joints.
  void place(const Vec6& q) {
    Vec7 whole = config.home_q;
    whole.head<6>() = q;
    reference.reset(whole);
  }

  Outcome move_cp(const Transform& T) {
    MotionCommand c;
    c.kind = MotionKind::kMoveCp;
    Eigen::Map<Vec3>(c.position.data()) = T.p;
    Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(c.rotation.data()) = T.R;
    return reference.command(c, now_ns);
  }

  void random_command() {
    const double kind = uniform(0.0, 1.0);
    MotionCommand c;
    const Vec6 q = joints();
    const Transform T = psm::forward_kinematics(q);
    c.kind = kind < 0.2   ? MotionKind::kServoJp
             : kind < 0.4 ? MotionKind::kServoCp
             : kind < 0.6 ? MotionKind::kMoveJp
             : kind < 0.9 ? MotionKind::kMoveCp
                          : MotionKind::kHold;
    Eigen::Map<Vec6>(c.joints.data()) = q;
    Eigen::Map<Vec3>(c.position.data()) = T.p;
    Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(c.rotation.data()) = T.R;
    c.has_velocity = uniform(0.0, 1.0) < 0.5;
    for (double& v : c.velocity) v = uniform(-0.2, 0.2);
    reference.command(c, now_ns);
    JawCommand jaw;
    jaw.angle = uniform(-0.5, 1.2);
    jaw.is_move = kind < 0.5;
    reference.jaw(jaw, now_ns);
  }

  /// This tick's set-points bent by some later stage, in reach of the last ones.
  Axes7 bent(const Axes7& before) {
    Axes7 out;
    for (int i = 0; i < kNumAxes; ++i) {
      AxisLimits l = motion_limits(config, i);
      if (i == 2) l.q_min = 0.0607;
      out[i] = step_guarded(before[i], uniform(-1.0, 1.0) * l.a_max, l);
    }
    return out;
  }

  ArmConfig config;
  Reference reference{config};
  std::mt19937_64 random;
  std::int64_t now_ns = 1'000'000'000;
};

/// Largest shares of the limits of stops (the widest there are) in one tick, and of the range.
struct Worst {
  double v = 0.0, a = 0.0, j = 0.0, jump = 0.0, beyond = -1.0;

  void add(const Axes7& before, const Axes7& after, const ArmConfig& config) {
    for (int i = 0; i < kNumAxes; ++i) {
      const AxisLimits l = stop_limits(config, i);
      v = std::max(v, std::abs(after[i].v) / l.v_max);
      a = std::max(a, std::abs(after[i].a) / l.a_max);
      j = std::max(j, std::abs(after[i].a - before[i].a) / (l.j_max * kTickS));
      const double mean = 0.5 * (before[i].v + after[i].v) * kTickS;
      jump = std::max(
          jump, std::abs(after[i].q - before[i].q - mean) / (l.j_max * kTickS * kTickS * kTickS));
      beyond = std::max({beyond, l.q_min - after[i].q, after[i].q - l.q_max});
    }
  }
};

}  // namespace

TEST_CASE("reference: goes on from what was accepted, inside every limit, in every mode") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    Rig rig(seed);
    Worst worst;
    Axes7 before = rig.reference.axes();
    int bends = 0;
    for (int n = 0; n < 40000 / kShare; ++n) {
      if (rig.random() % 150 == 0) rig.random_command();
      rig.step();
      worst.add(before, rig.reference.axes(), rig.config);
      // Bends in bursts, as a surface does that the tip slides along.
      if (n / 60 % 3 == 0 && rig.random() % 2 == 0) {
        rig.reference.accept(rig.bent(before));
        ++bends;
      }
      before = rig.reference.axes();
    }
    CHECK(bends > 5000 / kShare);
    CHECK(worst.v <= 1.0 + 1e-9);
    CHECK(worst.a <= 1.0 + 1e-9);
    CHECK(worst.j <= 1.0 + 1e-5);
    CHECK(worst.jump <= 0.1);
    CHECK(worst.beyond <= 1e-9);
    CHECK(worst.j > 0.5);
  }
}

TEST_CASE("reference: what was accepted unchanged changes nothing") {
  Rig a(7), b(7);
  for (int n = 0; n < 5000; ++n) {
    if (n % 150 == 0) {
      a.random_command();
      b.random_command();
    }
    a.step();
    b.step();
    b.reference.accept(b.reference.axes());
    for (int i = 0; i < kNumAxes; ++i) REQUIRE(a.reference.axes()[i].q == b.reference.axes()[i].q);
  }
}

TEST_CASE("move_cp: from rest straight to 1e-6 m, about one axis, inside every joint's limits") {
  Rig rig(11);
  int moves = 0;
  double off = 0.0, skew_angle = 0.0;
  Worst worst;
  for (int n = 0; n < 200 / kShare; ++n) {
    rig.place(rig.joints());
    const Transform start = rig.tip(), goal = psm::forward_kinematics(rig.joints());
    if (rig.move_cp(goal).verdict != Verdict::kAccepted) continue;
    ++moves;
    const Vec3 along = (goal.p - start.p).normalized();
    const Vec3 turn = log_so3(goal.R * start.R.transpose());
    const Vec3 axis = turn.normalized();
    Axes7 before = rig.reference.axes();
    for (int k = 0; k < 20000 && rig.reference.is_busy(); ++k) {
      rig.step();
      worst.add(before, rig.reference.axes(), rig.config);
      before = rig.reference.axes();
      const Transform T = rig.tip();
      const Vec3 moved = T.p - start.p;
      off = std::max(off, (moved - moved.dot(along) * along).norm());
      const Vec3 w = log_so3(T.R * start.R.transpose());
      skew_angle = std::max(skew_angle, (w - w.dot(axis) * axis).norm());
    }
    CHECK_FALSE(rig.reference.is_busy());
    CHECK((rig.tip().p - goal.p).norm() < 1e-9);
  }
  CHECK(moves > 50 / kShare);
  CHECK(off <= 1e-6);
  CHECK(skew_angle <= 1e-5);
  const AxisLimits m = motion_limits(rig.config, 0), s = stop_limits(rig.config, 0);
  CHECK(worst.v <= 1.0);
  CHECK(worst.a <= m.a_max / s.a_max + 1e-9);
  CHECK(worst.beyond <= 1e-12);
}

TEST_CASE("move_cp: a line that would wind the roll beyond its range is refused by name") {
  Rig rig(1);
  const Vec6 q = (Vec6() << 0.0, 0.0, 0.14, rig.config.q_max[3] - 0.1, 0.0, 0.0).finished();
  rig.place(q);
  const Transform start = rig.tip();
  // About the shaft, by 2 rad either way: one is free, the other only a turn away.
  const Vec3 shaft = start.p.normalized();
  int refused = 0;
  for (const double angle : {2.0, -2.0}) {
    const Outcome outcome = rig.move_cp({exp_so3(angle * shaft) * start.R, start.p});
    if (outcome.verdict == Verdict::kRefused) {
      CHECK(outcome.reason == Reason::kJointLimit);
      ++refused;
    }
    rig.place(q);
  }
  CHECK(refused == 1);
}

TEST_CASE("move_cp: a new goal in motion is blended, without a stop on the way") {
  Rig rig(13);
  for (const double angle : {0.4, 0.8, 1.2, 1.57}) {
    rig.place((Vec6() << 0.0, 0.0, 0.14, 0.0, 0.2, 0.1).finished());
    const Transform start = rig.tip();
    Transform first = start, second = start;
    first.p += Vec3(0.06, 0.0, 0.0);
    REQUIRE(rig.move_cp(first).verdict == Verdict::kAccepted);
    Vec3 p = rig.tip().p;
    double cruise = 0.0;
    for (int k = 0; k < 450; ++k) {
      rig.step();
      cruise = (rig.tip().p - p).norm() / kTickS;
      p = rig.tip().p;
    }
    second.p = p + 0.05 * Vec3(std::cos(angle), std::sin(angle), 0.0);
    REQUIRE(rig.move_cp(second).verdict == Verdict::kAccepted);
    double slowest = cruise;
    while (rig.reference.is_busy()) {
      rig.step();
      const Vec3 now = rig.tip().p;
      if ((second.p - now).norm() > 0.015) slowest = std::min(slowest, (now - p).norm() / kTickS);
      p = now;
    }
    CHECK((p - second.p).norm() < 1e-9);
    CHECK(slowest > 0.3 * cruise);
  }
}

TEST_CASE("move_cp: a hold at any time stops on the line") {
  Rig rig(17);
  int stops = 0, beside = 0;
  double off = 0.0, longest = 0.0;
  for (int n = 0; n < 300 / kShare; ++n) {
    rig.place(rig.joints());
    const Transform start = rig.tip(), goal = psm::forward_kinematics(rig.joints());
    if (rig.move_cp(goal).verdict != Verdict::kAccepted) continue;
    const Vec3 along = (goal.p - start.p).normalized();
    const int ticks = static_cast<int>(rig.uniform(1.0, 1500.0));
    for (int k = 0; k < ticks && rig.reference.is_busy(); ++k) rig.step();
    if (!rig.reference.is_busy()) continue;
    ++stops;
    rig.reference.hold();
    double worst = 0.0;
    int k = 0;
    for (; k < 1000 && !rig.reference.is_at_rest(); ++k) {
      rig.step();
      const Vec3 moved = rig.tip().p - start.p;
      worst = std::max(worst, (moved - moved.dot(along) * along).norm());
    }
    longest = std::max(longest, k * kTickS);
    if (worst > 1e-6) ++beside;
    off = std::max(off, worst);
  }
  CHECK(stops > 50 / kShare);
  CHECK(beside == 0);
  CHECK(off < 1e-9);
  CHECK(longest <= rig.config.stop_time_s);
}

TEST_CASE("config: what the reference cannot work with is named") {
  ArmConfig good;
  CHECK(config_fault(good) == nullptr);
  for (const double bad : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    ArmConfig c;
    c.jerk_max[3] = bad;
    REQUIRE(config_fault(c) != nullptr);
    CHECK(std::string(config_fault(c)) == "jerk_max: allowed finite and above 0");
    c = good;
    c.acceleration_max[6] = bad;
    CHECK(config_fault(c) != nullptr);
    c = good;
    c.velocity_max[0] = bad;
    CHECK(config_fault(c) != nullptr);
    c = good;
    c.stop_time_s = bad;
    CHECK(config_fault(c) != nullptr);
    c = good;
    c.turn_velocity = bad;
    CHECK(config_fault(c) != nullptr);
    c = good;
    c.approach_rate = bad;
    CHECK(config_fault(c) != nullptr);
  }
  good.q_min[1] = good.q_max[1] + 1.0;
  CHECK(config_fault(good) != nullptr);
}
