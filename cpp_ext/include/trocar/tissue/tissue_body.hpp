// SPDX-License-Identifier: Apache-2.0
/// A volume of soft tissue: elastic, anchored, touched by tools, held by jaws, cut, bleeding.
///
/// One step is one frame of `substeps` explicit steps h (symplectic Euler) of
///     M dv/dt = f(x + viscosity v) + m g - damping M v + contacts.
/// What stands still is the exact finite-element equilibrium of the mesh, whatever M is; so M may
/// be made larger than the lumped mass m at nodes where h would else be too long (mass scaling):
///     M_i = max(m_i, safety k_i h (h + 2 viscosity) / 4),   k_i of `stiffness_bound`.
/// `inertia_factor` = M / m says how much slower than real such a node answers.
/// Allocation: construction, add_tool, grasp and cut; never in step.  One thread at a time.
#pragma once

#include <memory>
#include <vector>

#include "trocar/se3.hpp"
#include "trocar/tissue/contact.hpp"
#include "trocar/tissue/elastic.hpp"
#include "trocar/tissue/tissue_status.hpp"

namespace trocar::tissue {

struct BodyConfig {
  Vec3 gravity{0.0, 0.0, -9.81};  // m/s2, world
  double frame_s = 1.0 / 60.0;
  int substeps = 40;
  int contact_sweeps = 4;
  /// What a fresh cut bleeds, m3/s per m2 of it; 2e-4 is 1.2 ml/min from 1 cm2 (assumed).
  double bleeding_flux = 2e-4;
  double clotting_s = 60.0;  // it falls to 37 % in this time (assumed)
};

/// Null where usable, else what is wrong and what is allowed.
const char* fault_of(const BodyConfig& config);

/// Nodes that jaws hold: they move as the jaws do.
struct Grasp {
  bool active = true;
  Transform T_world_jaw0, T_world_jaw1;  // when the frame begins and ends
  std::vector<int> nodes;
  std::vector<Vec3> p_jaw;  // m, of each node
  Vec3 impulse = Vec3::Zero(), angular_impulse = Vec3::Zero();
};

/// What a cut has opened.
struct CutReport {
  int faces = 0;      // faces between tetrahedra that came apart
  int new_nodes = 0;  // appended at the end
  double area = 0.0;  // m2, of one side, as seen along the blade's normal
};

/// A bleeding part of a cut.
struct BleedSource {
  Vec3 position;      // m, world
  double rate = 0.0;  // m3/s
};

class TissueBody {
 public:
  /// `mesh`, `materials` and `config` have passed their checks; material_of has one entry a
  /// tetrahedron, anchors are nodes that do not move by themselves.
  TissueBody(const TetMesh& mesh, const std::vector<Material>& materials,
             const std::vector<int>& material_of, const std::vector<int>& anchors,
             const BodyConfig& config);

  /// One frame.  kDiverged: something is not finite or farther than 100 m; the body is then as it
  /// was before the frame, at rest.
  TissueStatus step();
  /// Nodes as at rest, without motion; tools and anchors stand where they are, jaws let go.
  void reset();

  /// Where the anchors (n) are when the next frame ends: breathing, a moving bed.
  TissueStatus move_anchors(const std::vector<Vec3>& p_world);

  int add_tool(double radius, double friction);  // the tool's number
  /// Put a tool somewhere without moving through what is between.
  TissueStatus place_tool(int tool, const Vec3& a, const Vec3& b);
  /// Where its axis a-b is when the next frame ends; b is the tip.  At most kMaxToolStep away.
  TissueStatus move_tool(int tool, const Vec3& a, const Vec3& b);
  void set_tool_active(int tool, bool active) { tools_[tool].active = active; }
  /// Mean of the last frame, on the tool; torque about its tip b.
  Wrench tool_wrench(int tool) const;

  /// Hold what is in the box +- half_extents (m) of the jaw frame: the corners of every surface
  /// triangle that reaches into it and has no anchor.  Returns the grasp's number, or -1.
  int grasp(const Transform& T_world_jaw, const Vec3& half_extents);
  TissueStatus move_grasp(int grasp, const Transform& T_world_jaw);
  TissueStatus release(int grasp);
  /// Mean of the last frame, on the jaws: elastic force and weight; torque about the jaw frame.
  Wrench grasp_wrench(int grasp) const;
  /// Mean of the last frame, on what the anchors are fixed to; torque about the world's origin.
  Wrench anchor_wrench() const;

  /// Part the tissue where the blade, the parallelogram from a-b to depth beyond it, passes:
  /// along the faces of the tetrahedra nearest to it.  No volume is lost.  Nothing is cut by a
  /// blade without an area, or with a coordinate that is not finite or beyond kMaxCoordinate.
  CutReport cut(const Vec3& a, const Vec3& b, const Vec3& depth);
  std::vector<BleedSource> bleeding() const;  // one entry a cut that opened something

  const Rows& positions() const { return x_; }
  const Rows& velocities() const { return v_; }
  const std::vector<Vec3>& rest() const { return mesh_.nodes; }
  const std::vector<Tet>& tets() const { return mesh_.tets; }
  const std::vector<Triangle>& surface() const { return surface_; }
  const std::vector<int>& parents() const { return parent_; }  // node of the mesh it came from
  const std::vector<int>& anchors() const { return anchors_; }
  const std::vector<double>& masses() const { return mass_; }  // kg
  double inertia_factor(int node) const { return inertia_[node] / mass_[node]; }
  const std::vector<Tool>& tools() const { return tools_; }
  const std::vector<Grasp>& grasps() const { return grasps_; }
  int limited() const { return limited_; }  // elements at kAreaLimit in the last substep
  double time() const { return frames_ * config_.frame_s; }
  const BodyConfig& config() const { return config_; }

 private:
  struct OpenFace {
    int tet, corner;  // the face opposite that corner
    int other;        // the tetrahedron behind it
    double area;      // m2, seen along the blade's normal
  };
  struct Wound {
    std::vector<OpenFace> faces;
    double time;
  };

  void rebuild();  // everything that follows from mesh_, materials and who holds what
  void begin_frame();
  void substep(int k);
  void lead(int k);  // velocities of anchors and held nodes
  void end_frame();
  bool is_sound() const;
  std::vector<OpenFace> faces_under(const Vec3& a, const Vec3& b, const Vec3& depth) const;
  void hold_copy(int copy);
  int split_nodes(const std::vector<OpenFace>& faces);

  BodyConfig config_;
  double h_;
  TetMesh mesh_;  // at rest
  std::vector<Material> materials_;
  std::vector<int> material_of_;
  std::vector<std::array<int, 4>> neighbours_;
  std::vector<Triangle> surface_;
  std::vector<ElasticBlock> blocks_;
  std::vector<int> parent_;
  std::vector<char> held_;  // 0 free, 1 anchor, 2 in jaws

  Rows x_, v_, ahead_, force_, x_before_;  // ahead = x + viscosity v
  std::vector<double> mass_, inertia_, inverse_inertia_, decay_, viscosity_;

  std::vector<int> anchors_;
  std::vector<Vec3> anchor0_, anchor1_;
  Vec3 anchor_impulse_ = Vec3::Zero(), anchor_angular_impulse_ = Vec3::Zero();
  std::vector<Tool> tools_;
  std::vector<Contact> contacts_;
  std::vector<Grasp> grasps_;
  std::vector<Wound> wounds_;
  int limited_ = 0;
  std::int64_t frames_ = 0;
};

}  // namespace trocar::tissue
