// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "trocar/tissue/capsule.hpp"
#include "trocar/tissue/contact.hpp"

namespace trocar::tissue {

namespace {

struct Box {
  Vec3 low, high;
  explicit Box(const Vec3& x) : low(x), high(x) {}
  void add(const Vec3& x) {
    low = low.cwiseMin(x);
    high = high.cwiseMax(x);
  }
  bool apart(const Box& other, double margin) const {
    return ((low.array() - margin) > other.high.array()).any() ||
           ((high.array() + margin) < other.low.array()).any();
  }
};

Vec3 velocity_at(const Contact& c, const Rows& v) {
  return c.weights[0] * v[c.node[0]].vec() + c.weights[1] * v[c.node[1]].vec() +
         c.weights[2] * v[c.node[2]].vec();
}

void push(const Contact& c, const Vec3& impulse, const std::vector<double>& inverse_mass,
          Rows* velocity) {
  for (int i = 0; i < 3; ++i) {
    (*velocity)[c.node[i]].add(c.weights[i] * inverse_mass[c.node[i]] * impulse);
  }
}

/// Gap (m, negative inside) and normal of a nearest pair; false where another triangle decides.
bool gap_of(const NearestPair& pair, const Vec3* corner, double radius, double* gap, Vec3* normal) {
  const Vec3 face = (corner[1] - corner[0]).cross(corner[2] - corner[0]);
  const double area = face.norm();
  if (!(area > 0.0)) return false;
  const Vec3 out = pair.on_segment - pair.on_triangle;
  constexpr double kTouching = 1e-9;  // m
  const bool outside = out.dot(face) >= 0.0 && pair.distance > kTouching;
  if (outside) {
    *normal = out / pair.distance;
    *gap = pair.distance - radius;
    return true;
  }
  // The axis has gone through this face: it comes out the way it went in.  Farther in than a
  // diameter, it is some other side of the body that is near.
  if (!pair.interior || pair.distance > 2.0 * radius) return false;
  *normal = face / area;
  *gap = -pair.distance - radius;
  return true;
}

bool contact_of(const Tool& tool, const Triangle& triangle, const Rows& position,
                const std::vector<double>& inverse_mass, double fraction, double frame_s, double h,
                Contact* c) {
  const Vec3 corner[3] = {position[triangle[0]].vec(), position[triangle[1]].vec(),
                          position[triangle[2]].vec()};
  const Vec3 a = tool.a0 + fraction * (tool.a1 - tool.a0);
  const Vec3 b = tool.b0 + fraction * (tool.b1 - tool.b0);
  Box axis(a), face(corner[0]);
  axis.add(b);
  face.add(corner[1]);
  face.add(corner[2]);
  if (axis.apart(face, tool.radius + kContactMargin)) return false;
  const NearestPair pair = nearest_pair(a, b, corner);
  double gap = 0.0;
  if (!gap_of(pair, corner, tool.radius, &gap, &c->normal) || gap > kContactMargin) return false;
  c->node = triangle;
  c->weights = pair.weights;
  c->point = pair.on_triangle;
  const Vec3 va = (tool.a1 - tool.a0) / frame_s, vb = (tool.b1 - tool.b0) / frame_s;
  c->velocity = va + pair.along * (vb - va);
  c->inverse_mass = 0.0;
  double free_share = 0.0;
  for (int i = 0; i < 3; ++i) {
    if (inverse_mass[triangle[i]] > 0.0) free_share += c->weights[i];
    c->inverse_mass += c->weights[i] * c->weights[i] * inverse_mass[triangle[i]];
  }
  if (free_share < kFreeShare) return false;
  const double deep = std::max(0.0, -gap - kAllowedPenetration);
  c->target = gap > 0.0 ? -gap / h : std::min(kCorrection * deep / h, kCorrectionSpeed);
  c->pressed = 0.0;
  c->rubbed.setZero();
  return true;
}

}  // namespace

void find_candidates(const std::vector<Triangle>& surface, const Rows& position, double margin,
                     Tool* tool) {
  Box path(tool->a0);
  path.add(tool->a1);
  path.add(tool->b0);
  path.add(tool->b1);
  tool->candidates.clear();
  for (std::size_t i = 0; i < surface.size(); ++i) {
    Box face(position[surface[i][0]].vec());
    face.add(position[surface[i][1]].vec());
    face.add(position[surface[i][2]].vec());
    if (!path.apart(face, tool->radius + margin)) tool->candidates.push_back(static_cast<int>(i));
  }
}

void find_contacts(const std::vector<Tool>& tools, const std::vector<Triangle>& surface,
                   const Rows& position, const std::vector<double>& inverse_mass, double fraction,
                   double frame_s, double h, std::vector<Contact>* contacts) {
  contacts->clear();
  for (std::size_t t = 0; t < tools.size(); ++t) {
    if (!tools[t].placed || !tools[t].active) continue;
    for (const int i : tools[t].candidates) {
      if (contacts->size() == contacts->capacity()) return;  // never: it holds all triangles
      Contact c;
      c.tool = static_cast<int>(t);
      if (contact_of(tools[t], surface[i], position, inverse_mass, fraction, frame_s, h, &c)) {
        contacts->push_back(c);
      }
    }
  }
}

void solve_contacts(const std::vector<Tool>& tools, const std::vector<double>& inverse_mass,
                    int sweeps, std::vector<Contact>* contacts, Rows* velocity) {
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    for (Contact& c : *contacts) {
      const double apart = c.normal.dot(c.velocity - velocity_at(c, *velocity));
      const double before = c.pressed;
      c.pressed = std::max(0.0, before + (c.target - apart) / c.inverse_mass);
      if (c.pressed != before) push(c, (before - c.pressed) * c.normal, inverse_mass, velocity);
      const double friction = tools[c.tool].friction;
      if (friction <= 0.0 || c.pressed <= 0.0) continue;
      Vec3 slip = c.velocity - velocity_at(c, *velocity);
      slip -= c.normal.dot(slip) * c.normal;
      const Vec3 rubbed = c.rubbed;
      c.rubbed += slip / c.inverse_mass;
      const double size = c.rubbed.norm(), most = friction * c.pressed;
      if (size > most) c.rubbed *= most / size;
      push(c, c.rubbed - rubbed, inverse_mass, velocity);
    }
  }
}

void collect_impulses(const std::vector<Contact>& contacts, std::vector<Tool>* tools) {
  for (const Contact& c : contacts) {
    const Vec3 on_tool = c.pressed * c.normal - c.rubbed;
    Tool& tool = (*tools)[c.tool];
    tool.impulse += on_tool;
    tool.angular_impulse += (c.point - tool.b1).cross(on_tool);
  }
}

}  // namespace trocar::tissue
