// SPDX-License-Identifier: Apache-2.0
/// What an operator-shaping class says of its input.  Anything but kOk and kGap changed nothing.
#pragma once

#include <cmath>
#include <cstdint>

#include "trocar/se3.hpp"

namespace trocar {

enum class ShapingStatus : std::int32_t {
  kOk,
  kNotFinite,    // NaN or infinity
  kNotRotation,  // not orthonormal and right-handed to 1e-6
  kTooFar,       // farther out than kFarthest, or an angle beyond kLargestAngle
  kNotLater,     // a stamp that is not later than the last one, or a negative time step
  kGap,          // a long time since the last sample; taken, see each class
  kScale,        // outside (0, kLargestScale]
  kNotEngaged,   // asked before it was engaged or started
};

inline constexpr double kFarthest = 1e6;       // m: beyond it a double resolves no nanometre
inline constexpr double kLargestAngle = 10.0;  // rad, of a jaw
inline constexpr double kLargestScale = 10.0;

inline const char* describe(ShapingStatus status) {
  switch (status) {
    case ShapingStatus::kOk:
      return "ok";
    case ShapingStatus::kNotFinite:
      return "is not finite";
    case ShapingStatus::kNotRotation:
      return "has no rotation in it: allowed orthonormal and right-handed to 1e-6";
    case ShapingStatus::kTooFar:
      return "is too far: allowed 1e6 m, 10 rad of a jaw";
    case ShapingStatus::kNotLater:
      return "is not later than the last one";
    case ShapingStatus::kGap:
      return "comes long after the last one";
    case ShapingStatus::kScale:
      return "is out of range: allowed above 0, up to 10";
    case ShapingStatus::kNotEngaged:
      return "comes before engage or start";
  }
  return "unknown";
}

/// Whether a pose can be used at all.
inline ShapingStatus check_pose(const Transform& T) {
  if (!T.R.allFinite() || !T.p.allFinite()) return ShapingStatus::kNotFinite;
  if (!is_rotation(T.R)) return ShapingStatus::kNotRotation;
  return T.p.cwiseAbs().maxCoeff() <= kFarthest ? ShapingStatus::kOk : ShapingStatus::kTooFar;
}

/// A rotation that is off by 1e-6 at most made right to rounding: one Newton-Schulz step towards
/// the polar factor (Higham 1986, "Computing the polar decomposition", section 3).
inline Mat3 polished(const Mat3& R) {
  return R * (1.5 * Mat3::Identity() - 0.5 * R.transpose() * R);
}

}  // namespace trocar
