// SPDX-License-Identifier: Apache-2.0
/// A thin rigid tool in the tissue: a capsule that is led, and what the tissue does to it.
#pragma once

#include <vector>

#include "trocar/types.hpp"

namespace trocar::tissue {

struct Tool {
  double radius = 0.0;                        // m
  double friction = 0.0;                      // Coulomb, 1
  Vec3 a0 = Vec3::Zero(), b0 = Vec3::Zero();  // ends of the axis when the frame begins, m, world
  Vec3 a1 = Vec3::Zero(), b1 = Vec3::Zero();  // and when it ends; b is the tip
  bool placed = false;                        // it takes part after its first pose
  bool active = true;

  Vec3 impulse = Vec3::Zero();          // N s in this frame, on the tool
  Vec3 angular_impulse = Vec3::Zero();  // N m s, about b1
  std::vector<int> candidates;          // surface triangles that it can meet in this frame
};

/// Force (N) and torque (N m) that tissue exerts; torque about a named point, world axes.
struct Wrench {
  Vec3 force = Vec3::Zero();
  Vec3 torque = Vec3::Zero();
};

}  // namespace trocar::tissue
