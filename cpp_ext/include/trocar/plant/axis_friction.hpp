// SPDX-License-Identifier: Apache-2.0
/// Friction of a chain's joints: the law of friction.hpp for up to eight axes.
#pragma once

#include <cmath>

#include "trocar/chain.hpp"

namespace trocar {

/// One value an axis: N m, prismatic N, over rad/s, m/s.
struct AxisFriction {
  ChainVec viscous = ChainVec::Zero();   // N m s/rad, N s/m
  ChainVec coulomb = ChainVec::Zero();   // N m, N
  ChainVec speed = ChainVec::Ones();     // rad/s, m/s: Coulomb friction is at 76 % (tanh 1); > 0
  ChainVec stribeck = ChainVec::Zero();  // N m, N: what breaking loose takes beyond it
  ChainVec stribeck_speed = ChainVec::Ones();  // rad/s, m/s: 37 % of that is left; > 0

  /// Dry friction of axis i sliding at v, without its sign.
  double dry(int i, double v) const {
    if (stribeck[i] == 0.0) return coulomb[i];
    const double x = v / stribeck_speed[i];
    return coulomb[i] + stribeck[i] * std::exp(-x * x);
  }

  /// Effort that axis i takes at v.
  double effort(int i, double v) const {
    return viscous[i] * v + dry(i, v) * std::tanh(v / speed[i]);
  }
};

}  // namespace trocar
