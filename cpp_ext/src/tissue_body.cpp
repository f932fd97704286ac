// SPDX-License-Identifier: Apache-2.0
#include "trocar/tissue/tissue_body.hpp"

#include <algorithm>
#include <cmath>

namespace trocar::tissue {

namespace {

/// The bound of `stiffness_bound` is about twice the largest real stiffness; with this it leaves
/// room for elements that stiffen up to kAreaLimit.
constexpr double kSafety = 1.5;

}  // namespace

const char* fault_of(const BodyConfig& c) {
  const auto within = [](double x, double low, double high) { return x >= low && x <= high; };
  if (!c.gravity.allFinite() || c.gravity.norm() > 100.0) return "gravity, allowed up to 100 m/s2";
  if (!within(c.frame_s, 1e-4, 0.1)) return "frame_s, allowed 0.0001 to 0.1 s";
  if (c.substeps < 1 || c.substeps > 1000) return "substeps, allowed 1 to 1000";
  if (c.contact_sweeps < 1 || c.contact_sweeps > 100) return "contact_sweeps, allowed 1 to 100";
  if (!within(c.bleeding_flux, 0.0, 1.0)) return "bleeding_flux, allowed 0 to 1 m/s";
  if (!within(c.clotting_s, 1e-3, 1e6)) return "clotting_s, allowed 0.001 to 1e6 s";
  return nullptr;
}

TissueBody::TissueBody(const TetMesh& mesh, const std::vector<Material>& materials,
                       const std::vector<int>& material_of, const std::vector<int>& anchors,
                       const BodyConfig& config)
    : config_(config),
      h_(config.frame_s / config.substeps),
      mesh_(mesh),
      materials_(materials),
      material_of_(material_of),
      parent_(mesh.nodes.size()),
      held_(mesh.nodes.size(), 0),
      anchors_(anchors) {
  for (std::size_t i = 0; i < parent_.size(); ++i) parent_[i] = static_cast<int>(i);
  std::sort(anchors_.begin(), anchors_.end());
  anchors_.erase(std::unique(anchors_.begin(), anchors_.end()), anchors_.end());
  for (const int i : anchors_) {
    held_[i] = 1;
    anchor0_.push_back(mesh.nodes[i]);
  }
  anchor1_ = anchor0_;
  for (const Vec3& p : mesh.nodes) x_.push_back(Row::of(p));
  v_.resize(x_.size());
  rebuild();
}

void TissueBody::rebuild() {
  const std::size_t n = mesh_.nodes.size();
  neighbours_ = neighbours_of(mesh_.tets);
  surface_ = surface_of(mesh_.tets, neighbours_);
  blocks_ = elastic_blocks(mesh_.nodes, mesh_.tets, materials_, material_of_);
  mass_.assign(n, 0.0);
  decay_.assign(n, 0.0);
  viscosity_.assign(n, 0.0);
  for (std::size_t t = 0; t < mesh_.tets.size(); ++t) {
    const Tet& k = mesh_.tets[t];
    const Material& material = materials_[material_of_[t]];
    const double quarter =
        material.density / 24.0 *
        determinant(mesh_.nodes[k[0]], mesh_.nodes[k[1]], mesh_.nodes[k[2]], mesh_.nodes[k[3]]);
    for (const int i : k) {
      mass_[i] += quarter;
      decay_[i] += quarter * material.damping;
      viscosity_[i] += quarter * material.viscosity;
    }
  }
  const std::vector<double> stiffness = stiffness_bound(blocks_, n);
  inertia_.resize(n);
  inverse_inertia_.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    decay_[i] = std::exp(-h_ * decay_[i] / mass_[i]);
    viscosity_[i] /= mass_[i];
    // Symplectic Euler on x'' = -w^2 (x + viscosity v): stable while w^2 h (h + 2 viscosity) < 4.
    inertia_[i] =
        std::max(mass_[i], kSafety * stiffness[i] * h_ * (h_ + 2.0 * viscosity_[i]) / 4.0);
    inverse_inertia_[i] = held_[i] ? 0.0 : 1.0 / inertia_[i];
  }
  ahead_.resize(n);
  force_.resize(n);
  x_before_.resize(n);
  contacts_.reserve(surface_.size() * tools_.size());
  for (Tool& tool : tools_) tool.candidates.reserve(surface_.size());
}

void TissueBody::reset() {
  for (std::size_t i = 0; i < x_.size(); ++i) {
    x_[i] = Row::of(mesh_.nodes[i]);
    v_[i] = Row{};
    if (held_[i] == 2) held_[i] = 0;
    inverse_inertia_[i] = held_[i] ? 0.0 : 1.0 / inertia_[i];
  }
  for (std::size_t k = 0; k < anchors_.size(); ++k) x_[anchors_[k]].set(anchor1_[k]);
  anchor0_ = anchor1_;
  for (Grasp& grasp : grasps_) grasp.active = false;
}

void TissueBody::begin_frame() {
  std::copy(x_.begin(), x_.end(), x_before_.begin());
  anchor_impulse_.setZero();
  anchor_angular_impulse_.setZero();
  for (Grasp& grasp : grasps_) {
    grasp.impulse.setZero();
    grasp.angular_impulse.setZero();
  }
  double fastest = 0.0;
  for (const Row& v : v_) fastest = std::max(fastest, v.vec().norm());
  // Triangles may come as far as their nodes go in this frame, twice as fast as they do now.
  const double margin = kContactMargin + 2e-3 + 2.0 * fastest * config_.frame_s;
  for (Tool& tool : tools_) {
    tool.impulse.setZero();
    tool.angular_impulse.setZero();
    if (tool.placed && tool.active) find_candidates(surface_, x_, margin, &tool);
  }
}

void TissueBody::lead(int k) {
  const double s = static_cast<double>(k + 1) / config_.substeps;
  for (std::size_t i = 0; i < anchors_.size(); ++i) {
    const int n = anchors_[i];
    const Vec3 goal = anchor0_[i] + s * (anchor1_[i] - anchor0_[i]);
    v_[n].set((goal - x_[n].vec()) / h_);
    const Vec3 impulse = h_ * (force_[n].vec() + mass_[n] * config_.gravity);
    anchor_impulse_ += impulse;
    anchor_angular_impulse_ += x_[n].vec().cross(impulse);
  }
  for (Grasp& grasp : grasps_) {
    if (!grasp.active) continue;
    for (std::size_t i = 0; i < grasp.nodes.size(); ++i) {
      const int n = grasp.nodes[i];
      const Vec3 p0 = grasp.T_world_jaw0 * grasp.p_jaw[i], p1 = grasp.T_world_jaw1 * grasp.p_jaw[i];
      v_[n].set((p0 + s * (p1 - p0) - x_[n].vec()) / h_);
      const Vec3 impulse = h_ * (force_[n].vec() + mass_[n] * config_.gravity);
      grasp.impulse += impulse;
      grasp.angular_impulse += (x_[n].vec() - grasp.T_world_jaw1.p).cross(impulse);
    }
  }
}

void TissueBody::substep(int k) {
  const std::size_t n = x_.size();
  for (std::size_t i = 0; i < n; ++i) {
    const double tau = viscosity_[i];
    ahead_[i] = {x_[i].x + tau * v_[i].x, x_[i].y + tau * v_[i].y, x_[i].z + tau * v_[i].z, 0.0};
    force_[i] = Row{};
  }
  limited_ = add_elastic_forces(blocks_, ahead_, &force_);
  const Vec3 g = config_.gravity;
  for (std::size_t i = 0; i < n; ++i) {
    const double w = h_ * inverse_inertia_[i], m = mass_[i], keep = decay_[i];
    v_[i].x = keep * (v_[i].x + w * (force_[i].x + m * g.x()));
    v_[i].y = keep * (v_[i].y + w * (force_[i].y + m * g.y()));
    v_[i].z = keep * (v_[i].z + w * (force_[i].z + m * g.z()));
  }
  lead(k);
  if (!tools_.empty()) {
    find_contacts(tools_, surface_, x_, inverse_inertia_, static_cast<double>(k) / config_.substeps,
                  config_.frame_s, h_, &contacts_);
    solve_contacts(tools_, inverse_inertia_, config_.contact_sweeps, &contacts_, &v_);
    collect_impulses(contacts_, &tools_);
  }
  for (std::size_t i = 0; i < n; ++i) {
    x_[i].x += h_ * v_[i].x;
    x_[i].y += h_ * v_[i].y;
    x_[i].z += h_ * v_[i].z;
  }
}

void TissueBody::end_frame() {
  for (Tool& tool : tools_) {
    tool.a0 = tool.a1;
    tool.b0 = tool.b1;
  }
  anchor0_ = anchor1_;
  for (Grasp& grasp : grasps_) grasp.T_world_jaw0 = grasp.T_world_jaw1;
  ++frames_;
}

bool TissueBody::is_sound() const {
  for (const Row& p : x_) {
    // A comparison with NaN is false.
    if (!(std::abs(p.x) < 100.0 && std::abs(p.y) < 100.0 && std::abs(p.z) < 100.0)) return false;
  }
  return true;
}

TissueStatus TissueBody::step() {
  begin_frame();
  for (int k = 0; k < config_.substeps; ++k) substep(k);
  end_frame();
  if (is_sound()) return TissueStatus::kOk;
  std::copy(x_before_.begin(), x_before_.end(), x_.begin());
  std::fill(v_.begin(), v_.end(), Row{});
  return TissueStatus::kDiverged;
}

}  // namespace trocar::tissue
