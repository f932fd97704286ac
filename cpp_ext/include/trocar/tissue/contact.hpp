// SPDX-License-Identifier: Apache-2.0
/// Contact of tools with surface triangles: impulses on the triangle's corners, equal and opposite
/// on the tool.
#pragma once

#include <vector>

#include "trocar/tissue/lanes.hpp"
#include "trocar/tissue/tet_mesh.hpp"
#include "trocar/tissue/tool.hpp"

namespace trocar::tissue {

inline constexpr double kContactMargin = 1e-3;       // m: contacts are prepared this far ahead
inline constexpr double kCorrection = 0.1;           // of a penetration, each substep
inline constexpr double kCorrectionSpeed = 0.2;      // m/s at most: a deep one is not shot out
inline constexpr double kAllowedPenetration = 1e-5;  // m
/// A point that anchors or jaws hold is no contact, and one is held where less than this share of
/// it is free.  To move the point by v, its free corners must move by up to v / share: a tool in
/// the bed, a hair beside an anchor, would throw the next node away.
inline constexpr double kFreeShare = 0.25;

struct Contact {
  int tool;
  Triangle node;
  Vec3 weights;                // of the corners
  Vec3 normal;                 // from the tissue to the tool
  Vec3 point;                  // on the tissue
  Vec3 velocity;               // of the tool's axis there
  double inverse_mass;         // sum w_i^2 / m_i, 1/kg
  double target;               // least separating speed, m/s
  double pressed = 0.0;        // impulse along the normal so far, N s
  Vec3 rubbed = Vec3::Zero();  // tangential impulse on the tissue so far, N s
};

/// Triangles near a tool's path in this frame; `margin` (m) covers the motion of the tissue.
void find_candidates(const std::vector<Triangle>& surface, const Rows& position, double margin,
                     Tool* tool);

/// Contacts of all tools at `fraction` of the frame, into `contacts` (capacity is kept).
void find_contacts(const std::vector<Tool>& tools, const std::vector<Triangle>& surface,
                   const Rows& position, const std::vector<double>& inverse_mass, double fraction,
                   double frame_s, double h, std::vector<Contact>* contacts);

/// Sequential impulses (Catto, "Iterative Dynamics with Temporal Coherence", GDC 2005) on the
/// velocities of the nodes: no approach beyond the gap, Coulomb friction.
void solve_contacts(const std::vector<Tool>& tools, const std::vector<double>& inverse_mass,
                    int sweeps, std::vector<Contact>* contacts, Rows* velocity);

/// Add what the contacts gave to their tools.
void collect_impulses(const std::vector<Contact>& contacts, std::vector<Tool>* tools);

}  // namespace trocar::tissue
