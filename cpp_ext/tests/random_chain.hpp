// SPDX-License-Identifier: Apache-2.0
/// Test input: chains of random links, of both joint types, the same on every platform.
#pragma once

#include "dh_chain.hpp"
#include "trocar/chain.hpp"

namespace oracle {

inline Transform random_transform(std::mt19937_64& random, double reach) {
  const auto vector = [&](double size) {
    return Vec3(uniform(random, -size, size), uniform(random, -size, size),
                uniform(random, -size, size));
  };
  const Mat3 R = exp_so3(vector(2.0));
  return {R, vector(reach)};
}

/// Links up to 0.4 m in each axis, about every third joint prismatic, no stops.
inline Chain random_chain(std::mt19937_64& random, int size) {
  Chain chain;
  chain.size = size;
  for (int i = 0; i < size; ++i) {
    ChainJoint& joint = chain.joints[static_cast<std::size_t>(i)];
    joint.type = random() % 3 == 0 ? JointType::kPrismatic : JointType::kRevolute;
    joint.T_parent_joint = random_transform(random, 0.4);
  }
  chain.T_last_tip = random_transform(random, 0.1);
  return chain;
}

}  // namespace oracle
