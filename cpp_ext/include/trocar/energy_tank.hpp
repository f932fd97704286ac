// SPDX-License-Identifier: Apache-2.0
/// A stiffness that changes without making the arm active: an energy tank.
///
/// With V = x' K x / 2, a change of K alone injects x' dK x / 2.  Here every such injection is paid
/// from a tank that only damping fills; an empty tank lets K fall but not rise.  So over any time
///   energy given out by stiffness changes <= initial content + energy damped away.
/// Ferraguti, Secchi, Fantuzzi, ICRA 2013, eq. 13-20, for a diagonal K and in discrete time.
#pragma once

#include <algorithm>

#include "trocar/types.hpp"

namespace trocar {

class EnergyTank {
 public:
  static constexpr double kInitial = 0.02;   // J; a 5 N push of 4 mm
  static constexpr double kCapacity = 0.05;  // J; more would be spent at once, which is felt
  static constexpr double kRate = 2000.0;    // N/m a second
  static constexpr double kTurnRate = 2.0;   // N m/rad a second

  /// Full stiffness at once where the tank can pay for it at the present deflection, else a part.
  void start(const Vec6& wanted, const Vec6& deflection) {
    level_ = kInitial;
    stiffness_.setZero();
    move_to(wanted, deflection);
  }

  /// One tick: bank the power (W) that damping takes now, then move towards `wanted` (6,).
  const Vec6& step(const Vec6& wanted, const Vec6& deflection, double damped_power) {
    level_ = std::min(kCapacity, level_ + std::max(0.0, damped_power) * kTickS);
    Vec6 bounded;
    for (int i = 0; i < 6; ++i) {
      const double most = (i < 3 ? kRate : kTurnRate) * kTickS;
      bounded[i] = stiffness_[i] + std::clamp(wanted[i] - stiffness_[i], -most, most);
    }
    move_to(bounded, deflection);
    return stiffness_;
  }

  const Vec6& stiffness() const { return stiffness_; }
  double level() const { return level_; }

 private:
  void move_to(const Vec6& wanted, const Vec6& deflection) {
    const Vec6 half_square = 0.5 * deflection.cwiseProduct(deflection);
    double price = 0.0;  // J, of what rises
    for (int i = 0; i < 6; ++i) {
      const double change = wanted[i] - stiffness_[i];
      if (change > 0.0) price += change * half_square[i];
    }
    const double share = price > level_ ? level_ / price : 1.0;
    for (int i = 0; i < 6; ++i) {
      const double change = wanted[i] - stiffness_[i];
      stiffness_[i] += change > 0.0 ? share * change : change;
    }
    level_ -= share * price;  // what a falling stiffness gives back is not banked
    level_ = std::max(0.0, level_);
  }

  Vec6 stiffness_ = Vec6::Zero();
  double level_ = kInitial;
};

}  // namespace trocar
