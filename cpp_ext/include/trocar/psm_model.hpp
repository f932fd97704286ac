// SPDX-License-Identifier: Apache-2.0
/// Numbers of the da Vinci Classic PSM with the Large Needle Driver 400006.
///
/// Source of every row unless another is named: jhu-dvrk/sawIntuitiveResearchKit,
/// share/kinematic/PSM.json and share/tool/LARGE_NEEDLE_DRIVER_400006.json.
/// Modified (Craig) DH, T = Rx(alpha) Tx(a) Rz(theta) Tz(d); the base frame's origin is the RCM.
///
/// | # | joint       | type | alpha | a       | d            | theta     |
/// |---|-------------|------|-------|---------|--------------|-----------|
/// | 1 | yaw         | R    | +pi/2 | 0       | 0            | q1 + pi/2 |
/// | 2 | pitch       | R    | -pi/2 | 0       | 0            | q2 - pi/2 |
/// | 3 | insertion   | P    | +pi/2 | 0       | q3 - 0.4318  | 0         |
/// | 4 | roll        | R    | 0     | 0       | 0.4162       | q4        |
/// | 5 | wrist_pitch | R    | -pi/2 | 0       | 0            | q5 - pi/2 |
/// | 6 | wrist_yaw   | R    | -pi/2 | 0.0091  | 0            | q6 - pi/2 |
///
/// The tool frame (control point) is row 6 turned by the rows [0 -1 0], [0 0 1], [-1 0 0]; no
/// translation: it lies on the wrist-yaw axis.  The jaw tip is 10.2 mm further along its z.
#pragma once

#include <array>

#include "trocar/types.hpp"

namespace trocar::psm {

inline constexpr double kPi = 3.14159265358979323846;
inline constexpr double kInsertionOffset = 0.4318;  // m, row 3
inline constexpr double kShaftLength = 0.4162;      // m, row 4
inline constexpr double kWristLength = 0.0091;      // m, row 6: wrist-pitch to wrist-yaw axis
/// RCM to wrist-pitch axis along the shaft is q3 - kWristOffset.
inline constexpr double kWristOffset = kInsertionOffset - kShaftLength;  // 0.0156 m
inline constexpr double kJawTipOffset = 0.0102;  // m; dvrk_model tip family 006, not in measured_cp
/// The wrist-pitch axis stays this far beyond the RCM in Cartesian control
/// (mtsIntuitiveResearchKit.h, 45 mm rule).
inline constexpr double kRcmClearance = 0.045;  // m

using Axes = std::array<double, kNumAxes>;

/// Joint range: rad, insertion m.  -91/91, -53/53 deg, 0/0.24 m, -260/260, -80/80, -80/80,
/// jaw -40/80 deg.
inline constexpr Axes kQMin = {-1.588, -0.925025, 0.0, -4.53786, -1.39626, -1.39626, -0.698132};
inline constexpr Axes kQMax = {1.588, 0.925025, 0.240, 4.53786, 1.39626, 1.39626, 1.39626};

/// N m, insertion N.  Rows 1-3: maximum current x gear x torque constant (compute-ftmax.py);
/// wrist and jaw: tool file.
inline constexpr Axes kEffortMax = {3.316101, 3.316101, 9.877926, 0.33, 0.25, 0.20, 0.16};

/// Trajectory generator of the dVRK: 90 deg/s x 2, 0.2 m/s, 1080 deg/s x 4.
inline constexpr Axes kVelocityMax = {0.5 * kPi, 0.5 * kPi, 0.2,      6.0 * kPi,
                                      6.0 * kPi, 6.0 * kPi, 6.0 * kPi};

/// Trajectory generator of the dVRK: 90 deg/s2 x 2, 0.2 m/s2, 720 deg/s2 x 4.
inline constexpr Axes kAccelerationMax = {0.5 * kPi, 0.5 * kPi, 0.2,      4.0 * kPi,
                                          4.0 * kPi, 4.0 * kPi, 4.0 * kPi};

/// As a vector (7,).
inline Vec7 vector(const Axes& axes) { return Eigen::Map<const Vec7>(axes.data()); }

}  // namespace trocar::psm
