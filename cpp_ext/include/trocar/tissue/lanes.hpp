// SPDX-License-Identifier: Apache-2.0
/// Four doubles that are computed side by side (the vectors of GCC and Clang).
#pragma once

#include <vector>

#include "trocar/types.hpp"

namespace trocar::tissue {

using Lanes = double __attribute__((vector_size(32)));
using LanesInMemory = Lanes __attribute__((may_alias));  // a view on a Row

/// One node's x, y, z and a zero: read and written as one.
struct alignas(32) Row {
  double x = 0.0, y = 0.0, z = 0.0, unused = 0.0;

  Vec3 vec() const { return {x, y, z}; }
  static Row of(const Vec3& v) { return {v.x(), v.y(), v.z(), 0.0}; }
  void add(const Vec3& v) { x += v.x(), y += v.y(), z += v.z(); }
  void set(const Vec3& v) { x = v.x(), y = v.y(), z = v.z(); }
};
static_assert(sizeof(Row) == sizeof(Lanes));

using Rows = std::vector<Row>;

}  // namespace trocar::tissue
