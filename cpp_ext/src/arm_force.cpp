// SPDX-License-Identifier: Apache-2.0
/// What the tick says of the surroundings: external effort and the wrench at the control point.
#include <algorithm>

#include "trocar/arm.hpp"
#include "trocar/elapsed.hpp"
#include "trocar/tip_wrench.hpp"

namespace trocar {

namespace {

constexpr double kLongestGapS = 0.05;  // between two states that the observer still joins

}  // namespace

/// What the surroundings do to the arm; nothing can be said while the brakes may be on.
void Arm::observe(const MeasuredState& m) {
  TipWrench tip;
  if (!state_.powered || sensors_bad_ || m.plant_reason != PlantReason::kNone) {
    forget_force();
  } else {
    const double dt = elapsed_s(m.stamp_ns, observed_ns_);
    const Vec7& external = observer_.step(to_vector(m.q), to_vector(m.qd), to_vector(m.tau),
                                          std::clamp(dt, kTickS, kLongestGapS));
    state_.tau_external = to_axes(external);
    if (observer_.is_settled()) {
      tip = tip_wrench(to_vector(m.q).head<kNumJoints>(), external.head<kNumJoints>());
    }
    if (!external.allFinite() || !tip.wrench.allFinite()) {  // speeds that overflow its products
      forget_force();
      tip = {};
    }
  }
  observed_ns_ = m.stamp_ns;
  Eigen::Map<Vec6>(state_.wrench.data()) = tip.wrench;
  state_.wrench_valid = tip.valid;
}

void Arm::forget_force() {
  observer_.reset();
  state_.tau_external.fill(0.0);
  state_.wrench.fill(0.0);
  state_.wrench_valid = 0;
}

}  // namespace trocar
