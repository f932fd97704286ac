// SPDX-License-Identifier: Apache-2.0
/// Cutting along faces, and the bleeding of the cut.
#include <algorithm>
#include <cmath>

#include "trocar/tissue/tissue_body.hpp"

namespace trocar::tissue {

namespace {

/// Twice the area times the normal.
Vec3 face_normal(const Rows& x, const Tet& tet, int corner) {
  const int* c = kFaceCorners[corner];
  const Vec3 p = x[tet[c[0]]].vec();
  return (x[tet[c[1]]].vec() - p).cross(x[tet[c[2]]].vec() - p);
}

Vec3 face_centre(const Rows& x, const Tet& tet, int corner) {
  const int* c = kFaceCorners[corner];
  return (x[tet[c[0]]].vec() + x[tet[c[1]]].vec() + x[tet[c[2]]].vec()) / 3.0;
}

int corner_of(const Tet& tet, int node) {
  int c = 0;
  while (c < 3 && tet[c] != node) ++c;
  return c;
}

}  // namespace

std::vector<TissueBody::OpenFace> TissueBody::faces_under(const Vec3& a, const Vec3& b,
                                                          const Vec3& depth) const {
  std::vector<OpenFace> faces;
  const Vec3 along = b - a, normal = along.cross(depth);
  const double area = normal.squaredNorm();
  for (const Vec3& v : {a, b, depth}) {  // beyond, the products below overflow
    if (!(v.cwiseAbs().maxCoeff() <= kMaxCoordinate)) return faces;
  }
  if (!(area > 1e-18)) return faces;  // less than a mm2 / 1e3
  std::vector<char> side(mesh_.tets.size());
  for (std::size_t t = 0; t < mesh_.tets.size(); ++t) {
    const Tet& k = mesh_.tets[t];
    const Vec3 centre = 0.25 * (x_[k[0]].vec() + x_[k[1]].vec() + x_[k[2]].vec() + x_[k[3]].vec());
    side[t] = normal.dot(centre - a) >= 0.0;
  }
  for (std::size_t t = 0; t < mesh_.tets.size(); ++t) {
    for (int f = 0; f < 4; ++f) {
      const int other = neighbours_[t][f];
      if (other < 0 || !side[t] || side[other]) continue;
      // Where the face is in the blade: p - a = u along + w depth + (something) normal.
      const Vec3 p = face_centre(x_, mesh_.tets[t], f) - a;
      const double u = p.cross(depth).dot(normal) / area, w = along.cross(p).dot(normal) / area;
      if (u < 0.0 || u > 1.0 || w < 0.0 || w > 1.0) continue;
      const int tet = static_cast<int>(t);
      const Vec3 face = face_normal(x_, mesh_.tets[t], f);
      faces.push_back({tet, f, other, 0.5 * std::abs(face.dot(normal)) / std::sqrt(area)});
    }
  }
  return faces;
}

/// Around each node of a cut face, tetrahedra that are still joined by a face keep one node;
/// each further group gets a copy.  Returns how many copies were made.
int TissueBody::split_nodes(const std::vector<OpenFace>& faces) {
  std::vector<int> nodes;
  for (const OpenFace& face : faces) {
    for (const int c : kFaceCorners[face.corner]) nodes.push_back(mesh_.tets[face.tet][c]);
    for (int f = 0; f < 4; ++f) {
      if (neighbours_[face.other][f] == face.tet) neighbours_[face.other][f] = -1;
    }
    neighbours_[face.tet][face.corner] = -1;
  }
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  std::vector<std::vector<int>> around(mesh_.nodes.size());
  for (std::size_t t = 0; t < mesh_.tets.size(); ++t) {
    for (const int i : mesh_.tets[t]) around[i].push_back(static_cast<int>(t));
  }
  const std::vector<Tet> before = mesh_.tets;
  int copies = 0;
  std::vector<int> group(mesh_.tets.size(), -1), front;
  for (const int node : nodes) {
    for (const int t : around[node]) group[t] = -1;
    int groups = 0;
    for (const int seed : around[node]) {
      if (group[seed] >= 0) continue;
      int name = node;
      if (groups++ > 0) {
        name = static_cast<int>(mesh_.nodes.size());
        mesh_.nodes.push_back(Vec3(mesh_.nodes[node]));
        x_.push_back(Row(x_[node]));
        v_.push_back(Row(v_[node]));
        held_.push_back(char(held_[node]));
        parent_.push_back(int(parent_[node]));
        ++copies;
      }
      group[seed] = groups;
      front.assign(1, seed);
      while (!front.empty()) {
        const int t = front.back();
        front.pop_back();
        const int own = corner_of(before[t], node);
        mesh_.tets[t][own] = name;
        for (int f = 0; f < 4; ++f) {  // the face opposite the node itself does not contain it
          const int next = f == own ? -1 : neighbours_[t][f];
          if (next >= 0 && group[next] < 0) {
            group[next] = groups;
            front.push_back(next);
          }
        }
      }
    }
    for (const int t : around[node]) group[t] = -1;
  }
  return copies;
}

/// A copy of a held node is held at the same place, by the same anchor or jaws.
void TissueBody::hold_copy(int copy) {
  const auto is_twin = [&](int node) { return node != copy && parent_[node] == parent_[copy]; };
  const auto anchor = std::find_if(anchors_.begin(), anchors_.end(), is_twin);
  if (held_[copy] == 1 && anchor != anchors_.end()) {
    const std::size_t at = static_cast<std::size_t>(anchor - anchors_.begin());
    anchors_.push_back(copy);
    anchor0_.push_back(Vec3(anchor0_[at]));
    anchor1_.push_back(Vec3(anchor1_[at]));
  }
  for (Grasp& grasp : grasps_) {
    const auto twin = std::find_if(grasp.nodes.begin(), grasp.nodes.end(), is_twin);
    if (held_[copy] != 2 || !grasp.active || twin == grasp.nodes.end()) continue;
    grasp.p_jaw.push_back(Vec3(grasp.p_jaw[static_cast<std::size_t>(twin - grasp.nodes.begin())]));
    grasp.nodes.push_back(copy);
    return;
  }
}

CutReport TissueBody::cut(const Vec3& a, const Vec3& b, const Vec3& depth) {
  CutReport report;
  Wound wound{faces_under(a, b, depth), time()};
  if (wound.faces.empty()) return report;
  const std::size_t nodes = mesh_.nodes.size();
  report.new_nodes = split_nodes(wound.faces);
  const auto is_shut = [&](const OpenFace& face) {  // at the cut's end its nodes are still joined
    for (const int c : kFaceCorners[face.corner]) {
      const Tet& other = mesh_.tets[face.other];
      const int node = mesh_.tets[face.tet][c];
      if (std::find(other.begin(), other.end(), node) == other.end()) return false;
    }
    return true;
  };
  wound.faces.erase(std::remove_if(wound.faces.begin(), wound.faces.end(), is_shut),
                    wound.faces.end());
  report.faces = static_cast<int>(wound.faces.size());
  for (const OpenFace& face : wound.faces) report.area += face.area;
  for (std::size_t i = nodes; i < mesh_.nodes.size(); ++i) hold_copy(static_cast<int>(i));
  if (report.faces > 0) wounds_.push_back(std::move(wound));
  rebuild();
  return report;
}

std::vector<BleedSource> TissueBody::bleeding() const {
  std::vector<BleedSource> sources;
  for (const Wound& wound : wounds_) {
    BleedSource source{Vec3::Zero(), 0.0};
    double area = 0.0;
    for (const OpenFace& face : wound.faces) {
      source.position += face.area * face_centre(x_, mesh_.tets[face.tet], face.corner);
      area += face.area;
    }
    if (!(area > 0.0)) continue;  // only faces edge-on to the blade
    source.position /= area;
    source.rate =
        config_.bleeding_flux * area * std::exp((wound.time - time()) / config_.clotting_s);
    sources.push_back(source);
  }
  return sources;
}

}  // namespace trocar::tissue
