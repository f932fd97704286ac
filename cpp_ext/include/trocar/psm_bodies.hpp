// SPDX-License-Identifier: Apache-2.0
/// The PSM as newton_euler.hpp wants it.
#pragma once

#include "trocar/dynamic_parameters.hpp"

namespace trocar {

class PsmBodies {
 public:
  static constexpr int kMost = kNumAxes;
  static constexpr int kInsertion = 2;  // the only axis that slides

  explicit PsmBodies(const DynamicParameters& p) : p_(p) {}

  static constexpr int size() { return kNumAxes; }
  static constexpr bool slides(int i) { return i == kInsertion; }
  double mass(int i) const { return p_.mass[i]; }
  Vec3 com(int i) const { return p_.com.row(i).transpose(); }
  double armature(int i) const { return p_.armature[i]; }
  Vec3 spin(int i, const Vec3& w) const {
    const double xy = p_.products(i, 0), xz = p_.products(i, 1), yz = p_.products(i, 2);
    return {p_.inertia(i, 0) * w.x() + xy * w.y() + xz * w.z(),
            xy * w.x() + p_.inertia(i, 1) * w.y() + yz * w.z(),
            xz * w.x() + yz * w.y() + p_.inertia(i, 2) * w.z()};
  }
  Mat3 inertia(int i) const { return p_.inertia_matrix(i); }

 private:
  const DynamicParameters& p_;
};

}  // namespace trocar
