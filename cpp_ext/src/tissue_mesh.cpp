// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "trocar/tissue/tet_mesh.hpp"

namespace trocar::tissue {

namespace {

struct Face {
  std::array<int, 3> key;  // sorted nodes
  int tet;
  int corner;  // the one opposite
  bool operator<(const Face& other) const {
    if (key != other.key) return key < other.key;
    return tet < other.tet;
  }
};

std::vector<Face> sorted_faces(const std::vector<Tet>& tets) {
  std::vector<Face> faces;
  faces.reserve(4 * tets.size());
  for (std::size_t t = 0; t < tets.size(); ++t) {
    for (int f = 0; f < 4; ++f) {
      const int* c = kFaceCorners[f];
      Face face{{tets[t][c[0]], tets[t][c[1]], tets[t][c[2]]}, static_cast<int>(t), f};
      std::sort(face.key.begin(), face.key.end());
      faces.push_back(face);
    }
  }
  std::sort(faces.begin(), faces.end());
  return faces;
}

MeshFault shape_fault(const TetMesh& mesh, const Tet& tet) {
  double longest = 0.0;
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < i; ++j) {
      longest = std::max(longest, (mesh.nodes[tet[i]] - mesh.nodes[tet[j]]).norm());
    }
  }
  const double six_v =
      determinant(mesh.nodes[tet[0]], mesh.nodes[tet[1]], mesh.nodes[tet[2]], mesh.nodes[tet[3]]);
  if (!(std::abs(six_v) > kMinShape * longest * longest * longest)) return MeshFault::kFlat;
  return six_v < 0.0 ? MeshFault::kInverted : MeshFault::kNone;
}

MeshCheck check_nodes(const TetMesh& mesh) {
  for (std::size_t i = 0; i < mesh.nodes.size(); ++i) {
    if (!mesh.nodes[i].allFinite()) return {MeshFault::kNotFinite, static_cast<int>(i)};
    if (mesh.nodes[i].cwiseAbs().maxCoeff() > kMaxCoordinate) {
      return {MeshFault::kFarAway, static_cast<int>(i)};
    }
  }
  return {};
}

}  // namespace

MeshCheck check(const TetMesh& mesh) {
  if (mesh.nodes.empty() || mesh.tets.empty()) return {MeshFault::kEmpty, -1};
  if (mesh.nodes.size() > kMaxNodes || mesh.tets.size() > kMaxTets) {
    return {MeshFault::kTooLarge, -1};
  }
  const MeshCheck nodes = check_nodes(mesh);
  if (nodes.fault != MeshFault::kNone) return nodes;
  const int n = static_cast<int>(mesh.nodes.size());
  std::vector<char> used(mesh.nodes.size(), 0);
  for (std::size_t t = 0; t < mesh.tets.size(); ++t) {
    for (const int i : mesh.tets[t]) {
      if (i < 0 || i >= n) return {MeshFault::kBadIndex, static_cast<int>(t)};
      used[i] = 1;
    }
    const MeshFault shape = shape_fault(mesh, mesh.tets[t]);
    if (shape != MeshFault::kNone) return {shape, static_cast<int>(t)};
  }
  const auto unused = std::find(used.begin(), used.end(), 0);
  if (unused != used.end()) {
    return {MeshFault::kUnusedNode, static_cast<int>(unused - used.begin())};
  }
  const std::vector<Face> faces = sorted_faces(mesh.tets);
  for (std::size_t i = 2; i < faces.size(); ++i) {
    if (faces[i].key == faces[i - 2].key) return {MeshFault::kOverfullFace, faces[i].tet};
  }
  return {};
}

const char* describe(MeshFault fault) {
  switch (fault) {
    case MeshFault::kNone:
      return "the mesh is usable";
    case MeshFault::kEmpty:
      return "the mesh is empty; give at least 4 nodes and 1 tetrahedron";
    case MeshFault::kTooLarge:
      return "the mesh is too large, allowed 200000 nodes and 1000000 tetrahedra";
    case MeshFault::kNotFinite:
      return "node has a coordinate that is not finite";
    case MeshFault::kFarAway:
      return "node is more than 10 m from the origin; nodes are in metres";
    case MeshFault::kBadIndex:
      return "tetrahedron names a node that does not exist";
    case MeshFault::kFlat:
      return "tetrahedron is flat (6 V / longest edge^3 below 1e-3); mesh it again";
    case MeshFault::kInverted:
      return "tetrahedron is left-handed; exchange two of its corners";
    case MeshFault::kUnusedNode:
      return "node belongs to no tetrahedron; leave it out";
    case MeshFault::kOverfullFace:
      return "tetrahedron shares a face with two others; leave the double one out";
  }
  return "unknown fault";
}

std::vector<std::array<int, 4>> neighbours_of(const std::vector<Tet>& tets) {
  std::vector<std::array<int, 4>> neighbours(tets.size(), {-1, -1, -1, -1});
  const std::vector<Face> faces = sorted_faces(tets);
  for (std::size_t i = 1; i < faces.size(); ++i) {
    const Face &a = faces[i - 1], &b = faces[i];
    if (a.key != b.key) continue;
    neighbours[a.tet][a.corner] = b.tet;
    neighbours[b.tet][b.corner] = a.tet;
  }
  return neighbours;
}

std::vector<Triangle> surface_of(const std::vector<Tet>& tets,
                                 const std::vector<std::array<int, 4>>& neighbours) {
  std::vector<Triangle> surface;
  for (std::size_t t = 0; t < tets.size(); ++t) {
    for (int f = 0; f < 4; ++f) {
      if (neighbours[t][f] >= 0) continue;
      const int* c = kFaceCorners[f];
      surface.push_back({tets[t][c[0]], tets[t][c[1]], tets[t][c[2]]});
    }
  }
  return surface;
}

}  // namespace trocar::tissue
