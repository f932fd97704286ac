// SPDX-License-Identifier: Apache-2.0
/// Anchors, tools and jaws of a tissue body.
#include <algorithm>
#include <cmath>

#include "trocar/tissue/capsule.hpp"
#include "trocar/tissue/tissue_body.hpp"

namespace trocar::tissue {

namespace {

bool is_near(const Vec3& p) { return p.allFinite() && p.cwiseAbs().maxCoeff() <= kMaxCoordinate; }

bool is_rigid(const Transform& T) {
  return is_near(T.p) && T.R.allFinite() &&
         (T.R * T.R.transpose() - Mat3::Identity()).cwiseAbs().maxCoeff() < 1e-6 &&
         T.R.determinant() > 0.0;
}

bool is_number_of(int i, std::size_t size) { return i >= 0 && static_cast<std::size_t>(i) < size; }

Wrench mean(const Vec3& impulse, const Vec3& angular, double duration) {
  return {impulse / duration, angular / duration};
}

}  // namespace

TissueStatus TissueBody::move_anchors(const std::vector<Vec3>& p_world) {
  if (p_world.size() != anchors_.size()) return TissueStatus::kWrongCount;
  for (std::size_t i = 0; i < p_world.size(); ++i) {
    if (!is_near(p_world[i])) return TissueStatus::kNotFinite;
    if ((p_world[i] - anchor0_[i]).norm() > kMaxToolStep) return TissueStatus::kTooFast;
  }
  std::copy(p_world.begin(), p_world.end(), anchor1_.begin());
  return TissueStatus::kOk;
}

int TissueBody::add_tool(double radius, double friction) {
  Tool tool;
  tool.radius = radius;
  tool.friction = friction;
  tools_.push_back(tool);
  contacts_.reserve(surface_.size() * tools_.size());
  for (Tool& t : tools_) t.candidates.reserve(surface_.size());
  return static_cast<int>(tools_.size()) - 1;
}

TissueStatus TissueBody::place_tool(int tool, const Vec3& a, const Vec3& b) {
  if (!is_number_of(tool, tools_.size())) return TissueStatus::kUnknown;
  if (!is_near(a) || !is_near(b)) return TissueStatus::kNotFinite;
  Tool& t = tools_[tool];
  t.a0 = t.a1 = a;
  t.b0 = t.b1 = b;
  t.placed = true;
  return TissueStatus::kOk;
}

TissueStatus TissueBody::move_tool(int tool, const Vec3& a, const Vec3& b) {
  if (!is_number_of(tool, tools_.size())) return TissueStatus::kUnknown;
  Tool& t = tools_[tool];
  if (!t.placed) return place_tool(tool, a, b);
  if (!is_near(a) || !is_near(b)) return TissueStatus::kNotFinite;
  if (std::max((a - t.a0).norm(), (b - t.b0).norm()) > kMaxToolStep) return TissueStatus::kTooFast;
  t.a1 = a;
  t.b1 = b;
  return TissueStatus::kOk;
}

Wrench TissueBody::tool_wrench(int tool) const {
  if (!is_number_of(tool, tools_.size())) return {};
  return mean(tools_[tool].impulse, tools_[tool].angular_impulse, config_.frame_s);
}

namespace {

/// Whether a triangle has a point in the box, as seen from five points of the box's long middle
/// line (z, between the jaws): its nearest point to one of them lies inside.
bool reaches_into(const Transform& T_world_box, const Vec3& half, const Vec3& p, const Vec3& q,
                  const Vec3& r) {
  for (int k = -2; k <= 2; ++k) {
    const Vec3 from = T_world_box.p + 0.5 * k * half.z() * T_world_box.R.col(2);
    const Vec3 w = nearest_in_triangle(from, p, q, r);
    const Vec3 nearest = w[0] * p + w[1] * q + w[2] * r - T_world_box.p;
    const Vec3 inside = T_world_box.R.transpose() * nearest;
    if ((inside.cwiseAbs().array() <= half.array()).all()) return true;
  }
  return false;
}

}  // namespace

int TissueBody::grasp(const Transform& T_world_jaw, const Vec3& half_extents) {
  if (!is_rigid(T_world_jaw) || !is_near(half_extents)) return -1;
  Grasp grasp;
  grasp.T_world_jaw0 = grasp.T_world_jaw1 = T_world_jaw;
  for (const Triangle& t : surface_) {
    const Vec3 p = x_[t[0]].vec(), q = x_[t[1]].vec(), r = x_[t[2]].vec();
    if (!reaches_into(T_world_jaw, half_extents, p, q, r)) continue;
    for (const int i : t) {
      if (held_[i]) continue;
      held_[i] = 2;
      inverse_inertia_[i] = 0.0;
      grasp.nodes.push_back(i);
      grasp.p_jaw.push_back(T_world_jaw.R.transpose() * (x_[i].vec() - T_world_jaw.p));
    }
  }
  if (grasp.nodes.empty()) return -1;
  grasps_.push_back(grasp);
  return static_cast<int>(grasps_.size()) - 1;
}

TissueStatus TissueBody::move_grasp(int grasp, const Transform& T_world_jaw) {
  if (!is_number_of(grasp, grasps_.size()) || !grasps_[grasp].active) return TissueStatus::kUnknown;
  if (!is_rigid(T_world_jaw)) return TissueStatus::kNotFinite;
  Grasp& g = grasps_[grasp];
  if ((T_world_jaw.p - g.T_world_jaw0.p).norm() > kMaxToolStep) return TissueStatus::kTooFast;
  g.T_world_jaw1 = T_world_jaw;
  return TissueStatus::kOk;
}

TissueStatus TissueBody::release(int grasp) {
  if (!is_number_of(grasp, grasps_.size()) || !grasps_[grasp].active) return TissueStatus::kUnknown;
  grasps_[grasp].active = false;
  for (const int i : grasps_[grasp].nodes) {
    held_[i] = 0;
    inverse_inertia_[i] = 1.0 / inertia_[i];
  }
  return TissueStatus::kOk;
}

Wrench TissueBody::grasp_wrench(int grasp) const {
  if (!is_number_of(grasp, grasps_.size())) return {};
  return mean(grasps_[grasp].impulse, grasps_[grasp].angular_impulse, config_.frame_s);
}

Wrench TissueBody::anchor_wrench() const {
  return mean(anchor_impulse_, anchor_angular_impulse_, config_.frame_s);
}

}  // namespace trocar::tissue
