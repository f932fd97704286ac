// SPDX-License-Identifier: Apache-2.0
/// Relative mapping of a master's hand to an instrument: offsets latched at engagement.
///
/// p = p_slave0 + scale (p_master - p_master0),  R = R_master (R_master0^T R_slave0): position
/// relative and scaled, orientation absolute with a latched offset and never scaled, all in the
/// camera's axes, so that turning the hand about the picture's x axis turns the instrument about it
/// whatever either's orientation was (dVRK teleoperation, teleop-psm.rst).  At engagement the
/// result is the slave's own pose, for any scale and any orientation.
#pragma once

#include "trocar/shaping_status.hpp"

namespace trocar {

class Clutch {
 public:
  /// From here on `map` is relative to these two poses (in the camera).
  ShapingStatus engage(const Transform& T_camera_master, const Transform& T_camera_slave,
                       double scale) {
    if (!(scale > 0.0 && scale <= kLargestScale)) return ShapingStatus::kScale;
    const ShapingStatus status = latch(T_camera_master, T_camera_slave);
    if (status != ShapingStatus::kOk) return status;
    scale_ = scale;
    engaged_ = true;
    return status;
  }

  /// The hand may go back: nothing is mapped until the next engagement.
  void release() { engaged_ = false; }

  /// Pose of the slave in the camera for this pose of the master.
  ShapingStatus map(const Transform& T_camera_master, Transform* T_camera_slave) const {
    if (!engaged_) return ShapingStatus::kNotEngaged;
    const ShapingStatus status = check_pose(T_camera_master);
    if (status != ShapingStatus::kOk) return status;
    *T_camera_slave = mapped(T_camera_master);
    return status;
  }

  /// Change the scale without moving the slave.
  ShapingStatus rescale(const Transform& T_camera_master, double scale) {
    if (!engaged_) return ShapingStatus::kNotEngaged;
    if (scale == scale_) return ShapingStatus::kOk;
    return engage(T_camera_master, mapped(T_camera_master), scale);
  }

  /// Latch again where the slave could not follow: no wind-up, the way back starts at once.
  ShapingStatus pull_to(const Transform& T_camera_master, const Transform& T_camera_slave) {
    if (!engaged_) return ShapingStatus::kNotEngaged;
    return latch(T_camera_master, T_camera_slave);
  }

  bool is_engaged() const { return engaged_; }
  double scale() const { return scale_; }

 private:
  ShapingStatus latch(const Transform& T_camera_master, const Transform& T_camera_slave) {
    for (const Transform* T : {&T_camera_master, &T_camera_slave}) {
      const ShapingStatus status = check_pose(*T);
      if (status != ShapingStatus::kOk) return status;
    }
    master0_ = T_camera_master.p;
    slave0_ = T_camera_slave.p;
    R_offset_ = polished(T_camera_master.R).transpose() * polished(T_camera_slave.R);
    return ShapingStatus::kOk;
  }

  Transform mapped(const Transform& T_camera_master) const {
    return {polished(T_camera_master.R) * R_offset_,
            slave0_ + scale_ * (T_camera_master.p - master0_)};
  }

  Vec3 master0_ = Vec3::Zero();
  Vec3 slave0_ = Vec3::Zero();
  Mat3 R_offset_ = Mat3::Identity();  // R_master0^T R_slave0
  double scale_ = 1.0;
  bool engaged_ = false;
};

}  // namespace trocar
