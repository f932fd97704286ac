// SPDX-License-Identifier: Apache-2.0
/// A simulated PSM under its controller, as the tests want it.
#pragma once

#include <memory>

#include "trocar/plant/lockstep_arm.hpp"
#include "trocar/plant/psm_plant.hpp"

namespace plant_rig {

using namespace trocar;

/// Joints inside every range, the jaw last.
inline ChainVec pose() {
  ChainVec q;
  q << 0.1, -0.1, 0.13, 0.2, 0.3, -0.2, 0.3, 0.0;
  return q;
}

/// The base stands 0.2 m up, turned.
inline Transform base() { return {exp_so3(Vec3(0.3, -0.2, 0.5)), Vec3(0.1, 0.0, 0.2)}; }

inline DynamicParameters parameters() {
  DynamicParameters p;
  p.gravity_base = gravity_in_base(base());
  return p;
}

/// An arm with the right model, and its plant.
struct Rig {
  explicit Rig(const DriveSettings& drive = {}, const LinkSettings& link = {},
               const EncoderSettings& encoders = {}, std::uint64_t seed = 1)
      : arm(std::make_unique<Arm>(config())),
        plant(psm_plant(parameters()), base(), pose(), encoders, drive, seed),
        cell(*arm, plant, link, seed) {}

  static ArmConfig config() {
    ArmConfig c;
    c.dynamics = parameters();
    return c;
  }

  /// Ticks; false where the plant diverged.
  bool run(int ticks) {
    for (int i = 0; i < ticks; ++i) {
      if (!cell.tick()) return false;
    }
    return true;
  }

  /// Enabled and holding still.
  ArmState enabled() {
    run(100);
    arm->post(StateCommand::kEnable);
    run(300);
    return arm->state();
  }

  std::unique_ptr<Arm> arm;
  ArmPlant plant;
  LockstepArm cell;
};

}  // namespace plant_rig
