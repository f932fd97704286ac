// SPDX-License-Identifier: Apache-2.0
/// Cables between motors and links: they stretch under load, and have play.
///
///   q = play(theta) + stretch + slip,   T d(stretch)/dt = -load / stiffness - stretch
///
/// theta is the motor's side, which has the dynamics and the encoder (as on a dVRK, whose encoders
/// sit on the motors and see neither stretch nor play); q is the link's side, which has the
/// kinematics.  Quasi-static: a link of the wrist weighs 1e-8 kg m2, so its own oscillation on the
/// cable (kHz) is left out, and what is left is the load over the stiffness, reached within T.  T
/// is the cable's damping over its stiffness; without it a stiff contact and the stretch would
/// chase each other from one tick to the next.
///
/// play() is the hysteresis operator (Krasnosel'skii & Pokrovskii 1989): the link rests until the
/// motor has crossed the gap.  Simplified: within the gap the load stays on the motor, and a push
/// on the link does not move it through the gap.
#pragma once

#include <algorithm>
#include <cmath>

#include "trocar/chain.hpp"

namespace trocar {

/// One value an axis.
struct DriveSettings {
  ChainVec stiffness = ChainVec::Zero();  // N m/rad, prismatic N/m; 0 or infinite: rigid
  ChainVec backlash = ChainVec::Zero();   // rad, m: whole width of the gap
  double settling_s = 0.005;              // T above [assumed]; > 0
};

class DriveTrain {
 public:
  DriveTrain(const DriveSettings& settings, double dt)
      : backlash_(settings.backlash), share_(dt / (settings.settling_s + dt)), dt_(dt) {
    for (int i = 0; i < kMaxJoints; ++i) {
      const double k = settings.stiffness[i];
      compliance_[i] = k > 0.0 && std::isfinite(k) ? 1.0 / k : 0.0;
    }
  }

  /// Whether link and motor are one.
  bool is_rigid(int i) const { return compliance_[i] == 0.0 && backlash_[i] == 0.0; }

  /// Links at rest at q under `load`, in the middle of their gaps; answers the motors' positions.
  ChainVec rest(const ChainVec& q, const ChainVec& load) {
    stretch_ = -load.cwiseProduct(compliance_);
    played_ = q - stretch_;
    q_ = q;
    speed_.setZero();
    return played_;
  }

  /// A step: motors at theta with speed theta_dot, `load` the effort that the cable carries to the
  /// link, `slip` (rad, m) by which the link has slipped against the motor.
  void step(const ChainVec& theta, const ChainVec& theta_dot, const ChainVec& load,
            const ChainVec& slip) {
    for (int i = 0; i < kMaxJoints; ++i) {
      if (is_rigid(i)) {
        q_[i] = theta[i] + slip[i];
        speed_[i] = theta_dot[i];
        continue;
      }
      const double before = played_[i] + stretch_[i], half = 0.5 * backlash_[i];
      played_[i] = std::clamp(played_[i], theta[i] - half, theta[i] + half);
      stretch_[i] += share_ * (-load[i] * compliance_[i] - stretch_[i]);
      const double link = played_[i] + stretch_[i];
      speed_[i] = (link - before) / dt_;
      q_[i] = link + slip[i];
    }
  }

  const ChainVec& q() const { return q_; }          // of the links
  const ChainVec& speed() const { return speed_; }  // of the links; a slip is no speed

 private:
  ChainVec compliance_ = ChainVec::Zero();  // rad/(N m), m/N
  ChainVec backlash_;
  double share_, dt_;
  ChainVec stretch_ = ChainVec::Zero();
  ChainVec played_ = ChainVec::Zero();
  ChainVec q_ = ChainVec::Zero();
  ChainVec speed_ = ChainVec::Zero();
};

}  // namespace trocar
