// SPDX-License-Identifier: Apache-2.0
/// A way into an arm's parts for tests: what no input can bring about, an error of the code itself.
#pragma once

#include "trocar/arm.hpp"

namespace trocar {

struct ArmProbe {
  static Reference& reference(Arm& arm) { return arm.reference_; }
};

}  // namespace trocar
