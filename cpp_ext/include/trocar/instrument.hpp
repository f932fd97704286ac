// SPDX-License-Identifier: Apache-2.0
/// The instrument as two straight pieces, and how their points move: the shaft from the remote
/// centre of motion to the wrist, and the link from the wrist to the control point.
#pragma once

#include "trocar/kinematics.hpp"

namespace trocar {

enum class Piece : std::int32_t { kShaft, kLink };

struct Instrument {
  psm::ChainAxes axes;
  Vec3 wrist;  // wrist-pitch axis, base frame, m
  Vec3 tip;    // control point

  explicit Instrument(const Vec6& q) : axes(psm::chain_axes(q)) {
    wrist = axes.depth * axes.z3;
    tip = psm::control_point(axes);
  }

  Vec3 start(Piece piece) const { return piece == Piece::kShaft ? Vec3(Vec3::Zero()) : wrist; }
  Vec3 end(Piece piece) const { return piece == Piece::kShaft ? wrist : tip; }

  /// n'J of the point at a share of a piece: its speed along n is this times qd.  Of the shaft,
  /// which slides through the remote centre of motion, that of the place, not of the steel in it.
  Vec6 speed_row(Piece piece, double share, const Vec3& n) const {
    const Vec3 p = start(piece) + share * (end(piece) - start(piece));
    const auto turn = [&](const Vec3& axis, const Vec3& arm) { return n.dot(axis.cross(arm)); };
    Vec6 row = Vec6::Zero();
    row[0] = turn(-Vec3::UnitY(), p);
    row[1] = turn(axes.y3, p);
    row[2] = (piece == Piece::kShaft ? share : 1.0) * n.dot(axes.z3);
    if (piece == Piece::kLink) {
      row[3] = turn(axes.z3, p);
      row[4] = turn(axes.y4, p - wrist);
    }
    return row;
  }
};

}  // namespace trocar
