// SPDX-License-Identifier: Apache-2.0
/// An arm from a configuration that can be used.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include "trocar/arm.hpp"
#include "trocar/config_check.hpp"

namespace trocar::bindings {

/// The arm, or ValueError naming the field of the configuration and what it may be.
inline std::shared_ptr<Arm> arm_in(const ArmConfig& config) {
  if (const char* fault = config_fault(config)) {
    throw pybind11::value_error(std::string("config.") + fault);
  }
  return std::make_shared<Arm>(config);
}

}  // namespace trocar::bindings
