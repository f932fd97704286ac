// SPDX-License-Identifier: Apache-2.0
/// What became of a request to a tissue body.
#pragma once

#include <cstdint>

namespace trocar::tissue {

inline constexpr double kMaxToolStep = 0.1;  // m in one frame

enum class TissueStatus : std::int32_t {
  kOk,
  kNotFinite,   // a value is not finite or farther than 10 m; nothing was changed
  kUnknown,     // no such tool or grasp, or it has been let go
  kTooFast,     // more than kMaxToolStep in one frame; nothing was changed
  kWrongCount,  // not one position an anchor
  kDiverged,    // the frame was taken back
};

inline const char* describe(TissueStatus status) {
  switch (status) {
    case TissueStatus::kOk:
      return "done";
    case TissueStatus::kNotFinite:
      return "a position is not finite, farther than 10 m from the origin, or no rotation";
    case TissueStatus::kUnknown:
      return "there is no such tool or grasp, or it has been released";
    case TissueStatus::kTooFast:
      return "more than 0.1 m in one frame; place the tool, or move it in smaller steps";
    case TissueStatus::kWrongCount:
      return "give one position for each anchor";
    case TissueStatus::kDiverged:
      return "the frame diverged and was taken back; use more substeps or softer moves";
  }
  return "unknown status";
}

}  // namespace trocar::tissue
