// SPDX-License-Identifier: Apache-2.0
/// Joint ranges as the inverse kinematics wants them, and its statuses as reasons.
#pragma once

#include <array>

#include "trocar/ik.hpp"
#include "trocar/status.hpp"

namespace trocar {

/// Insertion starts at the 45 mm rule.
struct JointRange {
  std::array<double, kNumAxes> q_min;
  std::array<double, kNumAxes> q_max;
};

inline Reason reason_of(psm::IkStatus status) {
  switch (status) {
    case psm::IkStatus::kOk:
      return Reason::kNone;
    case psm::IkStatus::kNearRcm:
      return Reason::kNearRcm;
    case psm::IkStatus::kOutsideLimits:
      return Reason::kJointLimit;
    case psm::IkStatus::kOutOfReach:
      break;
  }
  return Reason::kOutOfReach;
}

}  // namespace trocar
