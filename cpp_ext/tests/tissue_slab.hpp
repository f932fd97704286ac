// SPDX-License-Identifier: Apache-2.0
/// A block of tetrahedra for the tests of soft tissue.
#pragma once

#include <cmath>
#include <utility>

#include "trocar/tissue/tissue_body.hpp"

namespace trocar::tissue {

/// Block about x = y = 0 with its top at z = 0; nodes x-first, from the bottom up.
inline TetMesh block(int nx, int ny, int nz, const Vec3& size) {
  TetMesh mesh;
  for (int k = 0; k <= nz; ++k) {
    for (int j = 0; j <= ny; ++j) {
      for (int i = 0; i <= nx; ++i) {
        mesh.nodes.push_back({size.x() * (1.0 * i / nx - 0.5), size.y() * (1.0 * j / ny - 0.5),
                              size.z() * (1.0 * k / nz - 1.0)});
      }
    }
  }
  static const int kEven[5][4] = {
      {0, 3, 5, 6}, {1, 0, 3, 5}, {2, 0, 6, 3}, {4, 0, 5, 6}, {7, 3, 6, 5}};
  static const int kOdd[5][4] = {
      {1, 2, 4, 7}, {0, 1, 2, 4}, {3, 1, 7, 2}, {5, 1, 4, 7}, {6, 2, 7, 4}};
  for (int k = 0; k < nz; ++k) {
    for (int j = 0; j < ny; ++j) {
      for (int i = 0; i < nx; ++i) {
        for (const auto& e : (i + j + k) % 2 ? kOdd : kEven) {
          Tet tet;
          for (int c = 0; c < 4; ++c) {
            const int x = i + (e[c] & 1), y = j + (e[c] >> 1 & 1), z = k + (e[c] >> 2);
            tet[c] = (z * (ny + 1) + y) * (nx + 1) + x;
          }
          const auto& n = mesh.nodes;
          if (determinant(n[tet[0]], n[tet[1]], n[tet[2]], n[tet[3]]) < 0.0) {
            std::swap(tet[1], tet[2]);
          }
          mesh.tets.push_back(tet);
        }
      }
    }
  }
  return mesh;
}

/// Body of one material; anchors are the nodes at height z.
inline TissueBody body_of(const TetMesh& mesh, const Material& material, double anchor_z,
                          const BodyConfig& config = {}) {
  std::vector<int> anchors;
  for (std::size_t i = 0; i < mesh.nodes.size(); ++i) {
    if (std::abs(mesh.nodes[i].z() - anchor_z) < 1e-9) anchors.push_back(static_cast<int>(i));
  }
  return TissueBody(mesh, {material}, std::vector<int>(mesh.tets.size(), 0), anchors, config);
}

}  // namespace trocar::tissue
