// SPDX-License-Identifier: Apache-2.0
/// A number as a message shows it: six digits, whatever its size.
#pragma once

#include <array>
#include <cstdio>
#include <string>

namespace trocar::bindings {

inline std::string number_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

}  // namespace trocar::bindings
