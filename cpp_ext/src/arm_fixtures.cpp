// SPDX-License-Identifier: Apache-2.0
/// What an arm does with virtual fixtures: posting them, obeying them, saying so.
#include <algorithm>

#include "trocar/arm.hpp"

namespace trocar {

namespace {

constexpr int kBlockedTicks = 250;      // at rest before a fixture: the move is given up
constexpr double kBlockedSpeed = 1e-4;  // rad/s, m/s

}  // namespace

const char* Arm::set_fixtures(const std::vector<FixturePost>& fixtures, int* index) {
  if (fixtures.size() > kMaxFixtures) {
    *index = kMaxFixtures;
    return "one too many: allowed up to 8";
  }
  FixtureSet set;
  set.count = static_cast<std::int32_t>(fixtures.size());
  for (int k = 0; k < set.count; ++k) {
    set.fixtures[k] = fixtures[k].fixture;
    set.fixtures[k].grid = fixtures[k].grid.get();
    *index = k;
    if (const char* fault = fault_of(set.fixtures[k])) return fault;
  }
  const std::lock_guard<std::mutex> lock(client_mutex_);
  set.generation = ++posted_fixtures_;
  FixtureSet lost;
  const bool replaced = fixture_box_.put(set, &lost);
  // The tick never frees: what it has left behind, or never got, is let go of here.
  const std::int64_t in_use = fixtures_in_use_.load(std::memory_order_acquire);
  const auto is_over = [&](const auto& g) {
    return g.first < in_use || (replaced && g.first == lost.generation);
  };
  grids_.erase(std::remove_if(grids_.begin(), grids_.end(), is_over), grids_.end());
  for (const FixturePost& f : fixtures) {
    if (f.grid) grids_.emplace_back(set.generation, f.grid);
  }
  return nullptr;
}

void Arm::take_fixtures() {
  if (!fixture_box_.has_news()) return;
  FixtureSet fixtures;
  if (!fixture_box_.take(&fixtures)) return;
  const double before = state_.constraint.measured_breach();
  constraints_.set(fixtures);
  fixtures_in_use_.store(fixtures.generation, std::memory_order_release);
  ConstraintReport now;
  constraints_.measure(to_vector(measured_.q).head<kNumJoints>(), now_ns_, &now);
  safety_.geometry.change_regions(before, now.measured_breach());
}

void Arm::constrain(const std::array<AxisState, kNumAxes>& before) {
  if (!state_.powered || !constraints_.has_regions()) return;
  std::array<AxisState, kNumAxes> axes = reference_.axes();
  ConstraintReport report =
      constraints_.apply(before, reference_.goal().head<kNumJoints>(), &axes, now_ns_,
                         stopping_ ? Retreat::kNone : Retreat::kAllowed);
  report.measured_distance = state_.constraint.measured_distance;
  report.measured_index = state_.constraint.measured_index;
  state_.constraint = report;
  if (state_.constraint.bent == 0) {
    blocked_ticks_ = 0;
    return;
  }
  reference_.accept(axes);
  give_up_blocked_move();
}

/// A move that a fixture has stopped would be busy for ever: it ends here, and that is answered.
void Arm::give_up_blocked_move() {
  bool still = reference_.is_busy();
  for (int i = 0; i < kNumJoints; ++i) {
    still = still && std::abs(reference_.axes()[i].v) < kBlockedSpeed;
  }
  blocked_ticks_ = still ? blocked_ticks_ + 1 : 0;
  if (blocked_ticks_ < kBlockedTicks) return;
  blocked_ticks_ = 0;
  reference_.hold(false);
  if (!homing_ && !fixture_told_) {
    answer(state_.command_seq, reference_.source(), Verdict::kAltered, Reason::kFixture);
  }
  homing_ = false;
}

void Arm::check_regions() {
  if (!constraints_.has_regions()) return;
  constraints_.measure(to_vector(measured_.q).head<kNumJoints>(), now_ns_, &state_.constraint);
  if (!state_.powered) return;
  const Finding found = safety_.geometry.check_regions(state_.constraint.measured_breach());
  if (found) raise(found.fault, found.axis);
}

void Arm::guide(MotionCommand* motion, bool* guided) const {
  if (motion->kind != MotionKind::kServoCp && motion->kind != MotionKind::kMoveCp) return;
  Vec3 position = Eigen::Map<const Vec3>(motion->position.data());
  Vec3 velocity = Eigen::Map<const Vec3>(motion->velocity.data());
  *guided = constraints_.guide(now_ns_, &position, &velocity);
  if (!*guided) return;
  Eigen::Map<Vec3>(motion->position.data()) = position;
  Eigen::Map<Vec3>(motion->velocity.data()) = velocity;
}

/// A goal that a guide moved, or that lies in a forbidden region, is an altered one.
Outcome Arm::judge_goal(const MotionCommand& motion, bool guided, Outcome outcome) const {
  if (outcome.verdict != Verdict::kAccepted || motion.kind == MotionKind::kHold) return outcome;
  const Vec6 goal = reference_.goal().head<kNumJoints>();
  if (!guided && constraints_.distance(goal, now_ns_) >= 0.0) return outcome;
  return {Verdict::kAltered, Reason::kFixture};
}

}  // namespace trocar
