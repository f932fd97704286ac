// SPDX-License-Identifier: Apache-2.0
/// What the constraint stage found in one tick.
#pragma once

#include <cstdint>

#include "trocar/qp.hpp"

namespace trocar {

/// Clearances are to the edge of a region, its margin included, below 0 inside; kClear without any.
struct ConstraintReport {
  static constexpr double kClear = 1e9;

  double distance = kClear;           // m, of the set-points
  double measured_distance = kClear;  // m, of the measured arm
  std::int32_t index = -1;            // the fixture nearest to the set-points
  std::int32_t measured_index = -1;   // and to the measured arm
  std::int32_t bent = 0;              // the set-points were altered
  std::int32_t yielding = 0;          // rows could not all be met (diff_ik.hpp, Yielding)
  std::int32_t expired = 0;           // bit n: fixture n is beyond its horizon
  std::int32_t qp_iterations = 0;
  QpStatus qp_status = QpStatus::kOptimal;

  double breach() const { return distance < 0.0 ? -distance : 0.0; }
  double measured_breach() const { return measured_distance < 0.0 ? -measured_distance : 0.0; }
};

}  // namespace trocar
