// SPDX-License-Identifier: Apache-2.0
#include "trocar/plant/joint_mechanics.hpp"

#include <algorithm>

#include "trocar/plant/ldlt.hpp"

namespace trocar {

namespace {

constexpr double kOnStop = 1e-12;  // rad or m; rounding of a position that stands on its stop

/// |v| / tanh(|v| / v0): the secant of the smooth sign; v0 at rest.
double smooth_abs(double v, double v0) {
  const double x = std::max(std::abs(v) / v0, 1e-9);
  return v0 * x / std::tanh(x);
}

/// The accelerations of the axes that are not held, the others' being given.
void solve_free(const ChainMatrix& mass, const ChainVec& effort, int size,
                const std::array<bool, kMaxJoints>& held, ChainVec* qdd) {
  std::array<int, kMaxJoints> free{};
  int n = 0;
  for (int i = 0; i < size; ++i) {
    if (!held[static_cast<std::size_t>(i)]) free[static_cast<std::size_t>(n++)] = i;
  }
  ChainMatrix M = ChainMatrix::Zero();
  ChainVec rest = ChainVec::Zero();
  for (int a = 0; a < n; ++a) {
    const int i = free[static_cast<std::size_t>(a)];
    rest[a] = effort[i];
    for (int j = 0; j < size; ++j) {
      if (held[static_cast<std::size_t>(j)]) rest[a] -= mass(i, j) * (*qdd)[j];
    }
    for (int b = 0; b <= a; ++b) M(a, b) = mass(i, free[static_cast<std::size_t>(b)]);
  }
  const ChainVec x = solve_ldlt(M, rest, n);
  for (int a = 0; a < n; ++a) (*qdd)[free[static_cast<std::size_t>(a)]] = x[a];
}

}  // namespace

JointMechanics::JointMechanics(const PlantModel& model, double dt)
    : size_(model.size()),
      dt_(dt),
      armature_(model.masses.armature),
      friction_(model.friction),
      brake_max_(model.brake_max) {
  friction_.speed = friction_.speed.cwiseQuotient(model.steeper);
}

double JointMechanics::slope(int i, double v) const {
  return friction_.viscous[i] + friction_.dry(i, v) / smooth_abs(v, friction_.speed[i]);
}

ChainVec JointMechanics::driven(const ChainMatrix& rigid, const ChainVec& h, const ChainVec& q,
                                const ChainVec& qd, const ChainVec& tau,
                                const AxisStops& stops) const {
  ChainMatrix mass = rigid;
  ChainVec effort = ChainVec::Zero(), qdd = effort, v = qd;
  for (int pass = 0; pass < 2; ++pass) {  // the second takes the slope at the speed reached
    for (int i = 0; i < size_; ++i) {
      const double s = slope(i, v[i]);
      mass(i, i) = rigid(i, i) + armature_[i] + dt_ * s;
      effort[i] = tau[i] - h[i] - s * qd[i];
    }
    qdd = solve_ldlt(mass, effort, size_);
    v = qd + dt_ * qdd;
  }
  return held_at_stops(mass, effort, q, qd, qdd, stops);
}

ChainVec JointMechanics::braked(const ChainMatrix& rigid, const ChainVec& h, const ChainVec& q,
                                const ChainVec& qd, const AxisStops& stops) const {
  ChainMatrix mass = rigid;
  for (int i = 0; i < size_; ++i) mass(i, i) += armature_[i];
  ChainVec effort = ChainVec::Zero();
  for (int i = 0; i < size_; ++i) {
    double wanted = h[i];
    for (int j = 0; j < size_; ++j) wanted -= mass(i, j) * qd[j] / dt_;
    effort[i] = std::clamp(wanted, -brake_max_[i], brake_max_[i]) - h[i];
  }
  return held_at_stops(mass, effort, q, qd, solve_ldlt(mass, effort, size_), stops);
}

ChainVec JointMechanics::held_at_stops(const ChainMatrix& mass, const ChainVec& effort,
                                       const ChainVec& q, const ChainVec& qd, ChainVec qdd,
                                       const AxisStops& stops) const {
  std::array<bool, kMaxJoints> held{};
  for (int round = 0; round < size_; ++round) {  // each holds at least one axis more
    bool more = false;
    for (int i = 0; i < size_; ++i) {
      const double reached = q[i] + dt_ * (qd[i] + dt_ * qdd[i]);
      const double allowed = std::clamp(reached, stops.low[i], stops.high[i]);
      bool& is_held = held[static_cast<std::size_t>(i)];
      if (std::abs(reached - allowed) > kOnStop && !is_held) is_held = more = true;
      if (is_held) qdd[i] = ((allowed - q[i]) / dt_ - qd[i]) / dt_;
    }
    if (!more) break;
    solve_free(mass, effort, size_, held, &qdd);
  }
  return qdd;
}

}  // namespace trocar
