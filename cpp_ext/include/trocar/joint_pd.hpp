// SPDX-License-Identifier: Apache-2.0
/// Joint PD with feed-forward: tau = Kp (q_ref - q) + Kd (qd_ref - qd) + feed-forward.
#pragma once

#include "trocar/controller_settings.hpp"

namespace trocar {

/// The feedback part (7,) N m, insertion N.
inline Vec7 joint_pd(const ControllerSettings& settings, const Vec7& error, const Vec7& rate) {
  const Eigen::Map<const Vec7> kp(settings.kp.data()), kd(settings.kd.data());
  return kp.cwiseProduct(error) + kd.cwiseProduct(rate);
}

}  // namespace trocar
