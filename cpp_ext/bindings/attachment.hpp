// SPDX-License-Identifier: Apache-2.0
/// Exclusive right to tick an arm.
#pragma once

#include <memory>
#include <utility>

#include "raise.hpp"
#include "trocar/arm.hpp"

namespace trocar::bindings {

/// For as long as it lives; ConfigurationError where another loop or port drives the arm.
class Attachment {
 public:
  explicit Attachment(std::shared_ptr<Arm> arm) : arm_(std::move(arm)) {
    if (!arm_->attach()) {
      raise_error("ConfigurationError",
                  "this Arm is already driven by a loop or another port; use a new Arm, or "
                  "stop the loop first");
    }
  }
  ~Attachment() { arm_->detach(); }
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

 private:
  std::shared_ptr<Arm> arm_;
};

}  // namespace trocar::bindings
