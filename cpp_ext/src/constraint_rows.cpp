// SPDX-License-Identifier: Apache-2.0
/// Where the instrument is near a region, and the rows that follow from it.
#include "trocar/approach_limit.hpp"
#include "trocar/constraint_stage.hpp"

namespace trocar {

namespace {

constexpr double kRetreat = 0.02;       // m/s: from a region that does not move
constexpr double kBrakingShare = 0.5;   // of what all joints together could brake
constexpr double kLeastBraking = 0.05;  // m/s2
constexpr double kPlainBraking = 0.2;   // m/s2: for how far to look ahead
constexpr double kFarthestLook = 0.01;  // m
constexpr double kFacing = 0.9;         // cosine: surfaces turned more alike are one wall
constexpr double kLeverage = 1e-4;      // m/s: a point that full speed moves slower stays anyway

/// A region to stay in keeps the control point in, unless the shaft counts.
bool tip_only(const Fixture& f) { return f.keep_in != 0 && f.shaft == 0; }

/// Clearance within which a second wall may bind: braking from the fastest speed of any point.
double look(const Instrument& arm, const Vec6& qd, const FixturePose& pose) {
  const double lever = arm.tip.norm(), link = (arm.tip - arm.wrist).norm();
  const double own = lever * (std::abs(qd[0]) + std::abs(qd[1])) + std::abs(qd[2]) +
                     link * (std::abs(qd[3]) + std::abs(qd[4]));
  const double region = pose.velocity.norm() + pose.turning.norm() * lever;
  return std::min(kFarthestLook, 1e-3 + braking_distance(own + region, kPlainBraking));
}

}  // namespace

void ConstraintStage::add_row(const Instrument& arm, const Contact& c) {
  const Vec6 row = arm.speed_row(c.piece, c.share, c.n);
  const double braking = std::max(kLeastBraking, kBrakingShare * row.cwiseAbs().dot(acceleration_));
  // A shaft's point near the remote centre has a short lever: the tip would be thrown.
  const double share = c.piece == Piece::kShaft ? c.share : 1.0;
  double bound = c.obstacle - approach_limit(c.d, braking, kRetreat * share);
  if (retreat_ == Retreat::kNone) bound = std::min(bound, 0.0);
  const double most = row.cwiseAbs().dot(speed_);
  if (-most >= bound || most < kLeverage) return;  // full speed of every joint at once keeps it
  int at = problem_.rows;
  if (at == kMaxQpRows) {  // the farthest makes room
    for (int r = at = 0; r < kMaxQpRows; ++r) {
      if (contacts_[r].d > contacts_[at].d) at = r;
    }
    if (!(c.d < contacts_[at].d)) return;
  } else {
    ++problem_.rows;
  }
  problem_.A.row(at) = row.transpose();
  problem_.b[at] = bound;
  contacts_[at] = c;
}

/// A second wall, which the nearest one hides: what lies ahead of the ends of the link (the control
/// point and the wrist) on their way, if it is in front of the nearest wall and that in front of it
/// (in a hollow, not round an edge).
void ConstraintStage::add_ahead(const Fixture& f, const FixturePose& pose, const Instrument& arm,
                                const Vec6& qd) {
  const Transform T_fixture_base = inverse(pose.T_base_fixture);
  for (const double end : {1.0, 0.0}) {
    const Vec3 p = end == 1.0 ? arm.tip : arm.wrist;
    const double radius = end == 0.0 && f.shaft != 0 ? shaft_radius_ : 0.0;
    Vec3 v = -pose.velocity_at(p);
    for (int i = 0; i < 3; ++i) v[i] += arm.speed_row(Piece::kLink, end, Vec3::Unit(i)).dot(qd);
    const double speed = v.norm();
    if (!(speed > 1e-6)) continue;
    const Vec3 x = T_fixture_base * p;
    const Clearance here = clearance(f, x);
    const Vec3 wall = x - here.distance * here.gradient;
    const double reach = radius + braking_distance(speed, kPlainBraking) + 2.0 * f.grid->spacing();
    for (const double share : {0.4, 1.0}) {
      const Vec3 ahead = x + share * reach / speed * (T_fixture_base.R * v);
      const Clearance there = clearance(f, ahead);
      const Vec3 other = ahead - there.distance * there.gradient;
      const double d = there.gradient.dot(x - other);
      if (there.gradient.dot(here.gradient) > kFacing || d < -1e-3) continue;
      if (here.gradient.dot(other - wall) < -1e-4 || there.gradient.dot(wall - other) < -1e-4)
        continue;
      const Vec3 n = pose.T_base_fixture.R * there.gradient;
      add_row(arm, {Piece::kLink, end, n, d - radius - f.margin, n.dot(pose.velocity_at(p))});
    }
  }
}

void ConstraintStage::add_region(const Fixture& f, const Instrument& arm, const Vec6& qd,
                                 std::int64_t now_ns, int index, ConstraintReport* report) {
  const FixturePose pose = pose_at(f, now_ns);
  if (pose.expired) report->expired |= 1 << index;
  const Transform T_fixture_base = inverse(pose.T_base_fixture);
  const bool is_mesh = f.kind == FixtureKind::kMesh;
  const double near = is_mesh ? look(arm, qd, pose) : 0.0;
  for (const Piece piece : {Piece::kLink, Piece::kShaft}) {
    if (piece == Piece::kShaft && f.shaft == 0) continue;
    const double radius = piece == Piece::kShaft ? shaft_radius_ : 0.0;
    const Vec3 start = tip_only(f) ? arm.tip : arm.start(piece), end = arm.end(piece);
    const SegmentMinima minima =
        nearest_on_segment(f, T_fixture_base * start, T_fixture_base * end, near);
    for (int k = 0; k < minima.count; ++k) {
      const SegmentPoint& s = minima.points[k];
      const Vec3 n = pose.T_base_fixture.R * s.clearance.gradient;
      const double obstacle = n.dot(pose.velocity_at(start + s.share * (end - start)));
      // Where it was at the last set-points: the region has moved since.
      const double d = s.clearance.distance - radius - f.margin + kTickS * obstacle;
      add_row(arm, {piece, tip_only(f) ? 1.0 : s.share, n, d, obstacle});
    }
  }
  if (is_mesh && f.keep_in == 0) add_ahead(f, pose, arm, qd);
}

/// Clearance of the instrument from one region; infinite where it is not below `most`.
double ConstraintStage::nearest(const Fixture& f, const FixturePose& pose, const Instrument& arm,
                                double most) const {
  const Transform T_fixture_base = inverse(pose.T_base_fixture);
  const Vec3 wrist = T_fixture_base * arm.wrist, tip = T_fixture_base * arm.tip;
  const Vec3 from = tip_only(f) ? tip : wrist;
  const double link = least_clearance(f, from, tip, most + f.margin) - f.margin;
  if (f.shaft == 0) return link;
  const Vec3 start = T_fixture_base.p;  // the remote centre of motion
  const double off = shaft_radius_ + f.margin;
  return std::min(link, least_clearance(f, start, wrist, std::min(most, link) + off) - off);
}

double ConstraintStage::distance(const Vec6& q, std::int64_t now_ns, std::int32_t* index) const {
  double least = ConstraintReport::kClear;
  if (!has_regions_) return least;
  const Instrument arm(q);
  for (const bool meshes : {false, true}) {  // the dearest last: what is nearer shortens its walk
    for (int k = 0; k < set_.count; ++k) {
      const Fixture& f = set_.fixtures[k];
      if (f.is_guide() || (f.kind == FixtureKind::kMesh) != meshes) continue;
      const double d = nearest(f, pose_at(f, now_ns), arm, least);
      if (!(d < least)) continue;
      least = d;
      if (index != nullptr) *index = k;
    }
  }
  return least;
}

void ConstraintStage::measure(const Vec6& q, std::int64_t now_ns, ConstraintReport* report) const {
  if (has_regions_) report->measured_distance = distance(q, now_ns, &report->measured_index);
}

}  // namespace trocar
