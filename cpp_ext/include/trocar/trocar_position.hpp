// SPDX-License-Identifier: Apache-2.0
/// Where the port is that the shaft goes through.
#pragma once

#include <array>
#include <type_traits>

namespace trocar {

/// Base frame, m.  The origin, where the arm's own remote centre of motion is, by default.
struct TrocarPosition {
  std::array<double, 3> p_base{};
};

static_assert(std::is_trivially_copyable_v<TrocarPosition>);

}  // namespace trocar
