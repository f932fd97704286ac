// SPDX-License-Identifier: Apache-2.0
/// Where the arm is, seen from the patient: the port, the remote centre of motion, forbidden
/// regions.
#pragma once

#include "trocar/arm_config.hpp"
#include "trocar/safety_finding.hpp"
#include "trocar/trocar_position.hpp"

namespace trocar {

/// Distance (m) of point `p` from the line through `o` along unit `z`: |(p - o) x z|.
inline double line_distance(const Vec3& p, const Vec3& o, const Vec3& z) {
  return (p - o).cross(z).norm();
}

/// Distance (m) of the PSM's shaft line at measured q from the trocar, base frame.  For this arm
/// the line goes through the origin whatever q: what drifts is the trocar.
inline double shaft_drift(const Axes& q, const TrocarPosition& trocar) {
  const double c2 = std::cos(q[1]);
  const Vec3 z3(std::sin(q[0]) * c2, -std::sin(q[1]), -std::cos(q[0]) * c2);  // kinematics.hpp
  const Vec3 wrist = (q[2] - psm::kWristOffset) * z3;
  return line_distance(Eigen::Map<const Vec3>(trocar.p_base.data()), wrist, z3);
}

class GeometryWatch {
 public:
  explicit GeometryWatch(const ArmConfig& config)
      : drift_max_(config.safety.rcm_drift_max), breach_max_(config.safety.fixture_breach_max) {}

  /// An arm that is enabled inside a forbidden place may leave it: rules hold once it has been out.
  void reset() {
    was_beyond_rcm_ = was_outside_regions_ = false;
    drifted_.reset();
    breached_.reset();
  }

  void set_trocar(const TrocarPosition& trocar) { trocar_ = trocar; }

  /// Every tick: the shaft against the trocar.
  void look(const Axes& q, std::int64_t* causes) {
    drift_ = shaft_drift(q, trocar_);
    if (drift_ > drift_max_) *causes |= bit(Fault::kRcmDrift);
  }

  /// While powered.
  Finding check(const Axes& q, bool homed) {
    if (drifted_.add(0, drift_ > drift_max_)) return {Fault::kRcmDrift, -1};
    // mtsIntuitiveResearchKitPSM.cpp: 45 mm, with a buffer of 2 mm for going in and out.
    const double depth = q[2] - psm::kWristOffset;
    if (homed && depth >= psm::kRcmClearance) was_beyond_rcm_ = true;
    if (was_beyond_rcm_ && depth < psm::kRcmClearance - kRcmBuffer) return {Fault::kNearRcm, 2};
    return {};
  }

  /// While powered, after the constraint stage: how deep (m, > 0 inside) the measured arm is.
  Finding check_regions(double measured_breach) {
    const bool deep = measured_breach > breach_max_;
    if (!deep) was_outside_regions_ = true;
    if (breached_.add(0, deep && was_outside_regions_)) return {Fault::kFixtureBreach, -1};
    return {};
  }

  /// Other regions from now on: where they were put over the arm, which jumps its depth (m), that
  /// is no breach of its own.
  void change_regions(double breach_before, double breach_now) {
    constexpr double kJump = 0.001;  // m: news of a region that moves change less
    if (breach_now > breach_max_ && breach_now - breach_before > kJump)
      was_outside_regions_ = false;
  }

  double drift() const { return drift_; }

 private:
  static constexpr double kRcmBuffer = 0.002;  // m
  double drift_max_, breach_max_;
  TrocarPosition trocar_;
  double drift_ = 0.0;
  Debounce drifted_{kRcmDriftTicks};
  Debounce breached_{kFixtureBreachTicks};
  bool was_beyond_rcm_ = false;
  bool was_outside_regions_ = false;
};

}  // namespace trocar
