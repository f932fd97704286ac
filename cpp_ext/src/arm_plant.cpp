// SPDX-License-Identifier: Apache-2.0
#include "trocar/plant/arm_plant.hpp"

namespace trocar {

ArmPlant::ArmPlant(const PlantModel& model, const Transform& T_world_base, const ChainVec& q,
                   const EncoderSettings& encoders, const DriveSettings& drive, std::uint64_t seed)
    : model_(model),
      links_(model.masses),
      size_(model.size()),
      T_world_base_(T_world_base),
      mechanics_(model, kTickS),
      encoders_(encoders, size_, seed),
      drive_(drive, kTickS) {
  links_.armature.setZero();
  links_.gravity_base = gravity_in_base(T_world_base);
  reset(q);
}

void ArmPlant::reset(const ChainVec& q) {
  theta_dot_.setZero();
  tau_.setZero();
  braked_ = true;
  load_ = {};
  faults_ = {};
  was_stuck_.fill(false);
  ChainVec joints = ChainVec::Zero();
  joints.head(size_) = q.head(size_);
  theta_ = drive_.rest(joints, chain_gravity(model_.chain, links_, joints));
  take_frames();
}

MeasuredJoints ArmPlant::measure() {
  MeasuredJoints m;
  encoders_.read(theta_, theta_dot_, faults_.encoder_jump, &m.q, &m.qd);
  m.tau = tau_;
  return m;
}

bool ArmPlant::step(const PlantOutput& output) {
  ChainVec torque = ChainVec::Zero();
  torque.head<kNumAxes>() = to_vector(output.torque);
  return step(torque, output.brake);
}

bool ArmPlant::step(const ChainVec& torque, bool brake) {
  braked_ = brake;
  for (int i = 0; i < size_; ++i) {
    const double most = model_.effort_max[i] * faults_.effort_share[i];
    tau_[i] = brake ? 0.0 : std::clamp(torque[i], -most, most);
  }
  const ChainMatrix rigid = rigid_mass_matrix();
  // What motors and brakes have to overcome.
  const ChainVec h = bias_effort() - external_effort();
  const AxisStops limits = stops();
  const ChainVec qdd = brake ? mechanics_.braked(rigid, h, theta_, theta_dot_, limits)
                             : mechanics_.driven(rigid, h, theta_, theta_dot_, tau_, limits);
  theta_dot_.head(size_) += kTickS * qdd.head(size_);
  theta_.head(size_) += kTickS * theta_dot_.head(size_);
  ChainVec carried = h;  // by the cables: what moves the links
  for (int i = 0; i < size_; ++i) {
    if (!drive_.is_rigid(i)) carried[i] += rigid.row(i).head(size_).dot(qdd.head(size_));
  }
  drive_.step(theta_, theta_dot_, carried, faults_.cable_slip);
  take_frames();
  return unstable_axis() < 0;
}

int ArmPlant::unstable_axis() const {
  int fastest = 0;
  for (int i = 0; i < size_; ++i) {
    if (!std::isfinite(theta_dot_[i]) || !std::isfinite(q_true()[i])) return i;
    if (std::abs(theta_dot_[i]) > std::abs(theta_dot_[fastest])) fastest = i;
  }
  return std::abs(theta_dot_[fastest]) < kSpeedMax ? -1 : fastest;
}

AxisStops ArmPlant::stops() {
  // Under a stretched cable a motor may stand beyond its stop: it goes no farther, nothing throws
  // it back.
  AxisStops s{model_.stop_low.cwiseMin(theta_), model_.stop_high.cwiseMax(theta_)};
  for (std::size_t n = 0; n < static_cast<std::size_t>(size_); ++n) {
    const auto i = static_cast<int>(n);
    if (faults_.is_stuck[n] && !was_stuck_[n]) jammed_at_[i] = theta_[i];
    was_stuck_[n] = faults_.is_stuck[n];
    if (faults_.is_stuck[n]) s.low[i] = s.high[i] = jammed_at_[i];
  }
  return s;
}

void ArmPlant::take_frames() { frames_ = chain_frames(model_.chain, q_true()); }

ChainVec ArmPlant::external_effort() const {
  ChainVec effort = ChainVec::Zero();
  if (model_.grip_axis >= 0) effort[model_.grip_axis] = load_.grip;
  if (load_.force.isZero(0.0) && load_.torque.isZero(0.0)) return effort;
  const Mat3 R_base_world = T_world_base_.R.transpose();
  const Vec3 force = R_base_world * load_.force;
  const auto cp = static_cast<std::size_t>(model_.control_axis);
  const Vec3 point = frames_.T_base_joint[cp] * model_.T_axis_cp.p;
  const Vec3 moment = R_base_world * load_.torque + point.cross(force);  // about the base origin
  for (int i = 0; i <= model_.control_axis; ++i) {
    const auto n = static_cast<std::size_t>(i);
    const bool slides = model_.chain.joints[n].type == JointType::kPrismatic;
    effort[i] += axis_effort(slides, frames_.T_base_joint[n], force, moment);
  }
  return effort;
}

Vec6 ArmPlant::twist_world_cp() const {
  const auto cp = static_cast<std::size_t>(model_.control_axis);
  const Vec3 point = frames_.T_base_joint[cp] * model_.T_axis_cp.p;
  Vec3 linear = Vec3::Zero(), angular = Vec3::Zero();
  for (std::size_t n = 0; n <= cp; ++n) {
    const Vec3 z = frames_.T_base_joint[n].R.col(2);
    const double speed = qd_true()[static_cast<int>(n)];
    if (model_.chain.joints[n].type == JointType::kPrismatic) {
      linear += speed * z;
    } else {
      linear += speed * z.cross(point - frames_.T_base_joint[n].p);
      angular += speed * z;
    }
  }
  Vec6 twist;
  twist << T_world_base_.R * linear, T_world_base_.R * angular;
  return twist;
}

ChainMatrix ArmPlant::rigid_mass_matrix() const {
  ChainMatrix M = ChainMatrix::Zero();
  mass_matrix(ChainBodies(model_.chain, links_), frames_.T_base_joint, &M);
  return M;
}

ChainVec ArmPlant::bias_effort() const {
  ChainVec tau = ChainVec::Zero();
  newton_euler(ChainBodies(model_.chain, links_), frames_.T_base_joint, links_.gravity_base,
               theta_dot_, ChainVec(ChainVec::Zero()), &tau);
  return tau;
}

}  // namespace trocar
