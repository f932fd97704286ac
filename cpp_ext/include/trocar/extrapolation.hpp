// SPDX-License-Identifier: Apache-2.0
/// How far ahead a moving target is carried: fully up to `extrapolate_s`, then slowed linearly to
/// a hold at `hold_s` (design.md, section 2, "Losing a command source").
#pragma once

#include <algorithm>

namespace trocar {

struct Horizon {
  double extrapolate_s;
  double hold_s;

  /// Share of the velocity that still counts at `age` (s): 1, then a ramp to 0.
  double scale(double age) const {
    if (age <= extrapolate_s) return 1.0;
    if (!(age < hold_s)) return 0.0;  // also where the age is no number
    return (hold_s - age) / (hold_s - extrapolate_s);
  }

  /// Integral of scale from 0 to `age`, s: what the velocity is multiplied with.
  double reach(double age) const {
    if (!(age > 0.0)) return 0.0;
    if (age <= extrapolate_s) return age;
    const double x = std::min(age, hold_s) - extrapolate_s;
    const double width = hold_s - extrapolate_s;
    if (width <= 0.0) return extrapolate_s;
    return extrapolate_s + x - 0.5 * x * x / width;
  }
};

}  // namespace trocar
