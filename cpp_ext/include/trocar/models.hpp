// SPDX-License-Identifier: Apache-2.0
/// Every arm that is known by name.
#pragma once

#include "trocar/ecm_models.hpp"
#include "trocar/mtm_models.hpp"
#include "trocar/psm_models.hpp"

namespace trocar {

inline std::array<ArmModel, 7> arm_models() {
  return {psm_classic(),
          psm_si_model(),
          ecm_model(ecm::Scope::kStraight),
          ecm_model(ecm::Scope::kUp),
          ecm_model(ecm::Scope::kDown),
          mtm_model(true),
          mtm_model(false)};
}

}  // namespace trocar
