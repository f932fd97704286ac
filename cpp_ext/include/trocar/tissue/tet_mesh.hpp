// SPDX-License-Identifier: Apache-2.0
/// A tetrahedral mesh, what can be wrong with it, and its surface.
#pragma once

#include <array>
#include <vector>

#include "trocar/types.hpp"

namespace trocar::tissue {

using Tet = std::array<int, 4>;       // right-handed: (x1 - x0) x (x2 - x0) . (x3 - x0) > 0
using Triangle = std::array<int, 3>;  // counter-clockwise from outside

struct TetMesh {
  std::vector<Vec3> nodes;  // m
  std::vector<Tet> tets;
};

inline constexpr int kMaxNodes = 200'000;
inline constexpr int kMaxTets = 1'000'000;
inline constexpr double kMaxCoordinate = 10.0;  // m: tissue in millimetres is caught by this
/// A tetrahedron flatter than this has no usable shape: 6 V / (longest edge)^3; regular: 0.71.
inline constexpr double kMinShape = 1e-3;

enum class MeshFault : std::int32_t {
  kNone,
  kEmpty,
  kTooLarge,      // more than kMaxNodes or kMaxTets
  kNotFinite,     // node
  kFarAway,       // node beyond kMaxCoordinate: metres?
  kBadIndex,      // tetrahedron
  kFlat,          // tetrahedron
  kInverted,      // tetrahedron
  kUnusedNode,    // node
  kOverfullFace,  // tetrahedron: a face of it belongs to three or more
};

struct MeshCheck {
  MeshFault fault = MeshFault::kNone;
  int where = -1;  // node or tetrahedron, as the fault says
};

MeshCheck check(const TetMesh& mesh);
const char* describe(MeshFault fault);

/// Corners of the face opposite each corner, counter-clockwise from outside.
inline constexpr int kFaceCorners[4][3] = {{1, 2, 3}, {0, 3, 2}, {0, 1, 3}, {0, 2, 1}};

/// neighbours[t][f]: the tetrahedron behind face f (opposite corner f) of t, or -1 at the surface.
std::vector<std::array<int, 4>> neighbours_of(const std::vector<Tet>& tets);

/// Faces without a neighbour, in order of tetrahedron and corner.
std::vector<Triangle> surface_of(const std::vector<Tet>& tets,
                                 const std::vector<std::array<int, 4>>& neighbours);

/// Six times the signed volume.
inline double determinant(const Vec3& x0, const Vec3& x1, const Vec3& x2, const Vec3& x3) {
  return (x1 - x0).cross(x2 - x0).dot(x3 - x0);
}

}  // namespace trocar::tissue
