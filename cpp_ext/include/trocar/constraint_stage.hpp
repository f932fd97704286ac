// SPDX-License-Identifier: Apache-2.0
/// Between reference and controller: bends a tick's set-points so that they keep out of forbidden
/// regions, slide along them, and retreat from those that come nearer.
///
/// For every piece of the instrument near a region, with clearance d, normal n and Jacobian J of
/// its nearest point, and the region's own speed v there (Marinho, Adorno et al., T-RO 2019):
///
///   n'J qd >= n'v - approach_limit(d)
///
/// Where every row holds the set-points pass bit by bit.  A bent tick goes for the goal's pose by
/// the shortest way that is free (the reference's own wishes, each joint at its limit, point
/// elsewhere), keeps velocity and acceleration limits and ends where each joint's stop stays inside
/// its range; jerk it does not keep.
#pragma once

#include "trocar/arm_config.hpp"
#include "trocar/axis_state.hpp"
#include "trocar/constraint_report.hpp"
#include "trocar/diff_ik.hpp"
#include "trocar/fixture_guide.hpp"
#include "trocar/fixture_segment.hpp"
#include "trocar/instrument.hpp"

namespace trocar {

/// A fixture as a client posts it: with its grid, where it has one.
struct FixturePost {
  Fixture fixture;
  std::shared_ptr<const SignedDistanceGrid> grid;
};

/// Whether an arm makes way for a region that is over it or comes nearer.  In a controlled stop it
/// does not: a stop comes to rest.
enum class Retreat { kNone, kAllowed };

class ConstraintStage {
 public:
  explicit ConstraintStage(const ArmConfig& config);

  /// What to obey from now on; valid (fault_of), grids alive until another set is in.
  void set(const FixtureSet& set);
  bool has_regions() const { return has_regions_; }

  /// The set-points of this tick are `after`, from those of the last, `before`, on the way to
  /// `goal`; bent where needed.
  ConstraintReport apply(const std::array<AxisState, kNumAxes>& before, const Vec6& goal,
                         std::array<AxisState, kNumAxes>* after, std::int64_t now_ns,
                         Retreat retreat = Retreat::kAllowed);

  /// Add to the report how near the measured joints q are.
  void measure(const Vec6& q, std::int64_t now_ns, ConstraintReport* report) const;

  /// Clearance of joints q from everything forbidden, m.
  double distance(const Vec6& q, std::int64_t now_ns, std::int32_t* index = nullptr) const;

  /// Guides shape a commanded position and velocity of the control point; true where they moved it
  /// by more than a micrometre.
  bool guide(std::int64_t now_ns, Vec3* position, Vec3* velocity) const;

 private:
  /// A point of the instrument that a region is near to.
  struct Contact {
    Piece piece;
    double share;
    Vec3 n;           // away from the region, base frame
    double d;         // m
    double obstacle;  // speed of the region along n, m/s
  };

  void add_region(const Fixture& f, const Instrument& arm, const Vec6& qd, std::int64_t now_ns,
                  int index, ConstraintReport* report);
  void add_ahead(const Fixture& f, const FixturePose& pose, const Instrument& arm, const Vec6& qd);
  void add_row(const Instrument& arm, const Contact& contact);
  bool breaks(int row, const Vec6& qd) const;
  double nearest(const Fixture& f, const FixturePose& pose, const Instrument& arm,
                 double most) const;
  Vec3 free_part(const Vec3& error, const Vec6& qd) const;
  Vec6 toward(const Vec6& goal, const Instrument& arm, const Vec6& qd) const;
  void bend(const std::array<AxisState, kNumAxes>& before, const Vec6& goal,
            std::array<AxisState, kNumAxes>* after, const Instrument& arm, const Vec6& qd,
            ConstraintReport* report);

  FixtureSet set_;
  bool has_regions_ = false;
  std::array<AxisLimits, kNumJoints> limits_;
  Vec6 speed_, acceleration_;
  double shaft_radius_;
  double line_velocity_, line_acceleration_, turn_velocity_, turn_acceleration_, rate_;
  Retreat retreat_ = Retreat::kAllowed;
  DiffIk<kNumJoints> ik_;
  DiffIkProblem<kNumJoints> problem_;
  std::array<Contact, kMaxQpRows> contacts_;  // of the problem's rows
  QpActiveSet warm_ = 0;
};

}  // namespace trocar
