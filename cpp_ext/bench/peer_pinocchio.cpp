// SPDX-License-Identifier: Apache-2.0
/// Pinocchio on the same data: computeJointJacobians + getJointJacobian, RNEA, and the closed-loop
/// IK of its documentation (damped least squares on log6) with full steps.
///
/// It is compiled apart, once: its headers take minutes.
#include <Eigen/Cholesky>
// Pinocchio's headers come before ours: they ask for Boost settings of their own.
#include <pinocchio/algorithm/crba.hpp>
#include <pinocchio/algorithm/jacobian.hpp>
#include <pinocchio/algorithm/kinematics.hpp>
#include <pinocchio/algorithm/rnea.hpp>
#include <pinocchio/multibody/joint.hpp>

#include "contest.hpp"
#include "psm_rows.hpp"

namespace bench {

namespace {

constexpr int kIkIterations = 100;
constexpr double kIkTolerance = 1e-6;  // of log6: m and rad
constexpr double kIkDamping = 1e-12;

struct Robot {
  pinocchio::Model model;
  pinocchio::Data data;
  pinocchio::JointIndex wrist_yaw = 0;
};

/// `axes` joints of the PSM: 6, or 7 with the jaw.
std::shared_ptr<Robot> make_robot(const DynamicParameters& p, int axes) {
  auto robot = std::make_shared<Robot>();
  pinocchio::JointIndex parent = 0;
  for (int i = 0; i < axes; ++i) {
    const Transform T = fixed_part(kRows[i]);
    const pinocchio::SE3 placement(T.R, T.p);
    const std::string name = "joint" + std::to_string(i);
    parent = kRows[i].prismatic
                 ? robot->model.addJoint(parent, pinocchio::JointModelPZ(), placement, name)
                 : robot->model.addJoint(parent, pinocchio::JointModelRZ(), placement, name);
    const Mat3 inertia = Vec3(p.inertia.row(i)).asDiagonal();
    robot->model.appendBodyToJoint(parent,
                                   pinocchio::Inertia(p.mass[i], Vec3(p.com.row(i)), inertia),
                                   pinocchio::SE3::Identity());
    robot->model.armature[i] = p.armature[i];
    if (i == kNumJoints - 1) robot->wrist_yaw = parent;
  }
  robot->model.gravity.linear() = p.gravity_base;
  robot->data = pinocchio::Data(robot->model);
  return robot;
}

/// dq = -J^T (J J^T + damping)^-1 log6, until the error is below the tolerance.
bool clik(Robot& r, const pinocchio::SE3& T_base_goal, const Vec6& seed, Vec6* q_out) {
  Vec6 q = seed;
  Eigen::Matrix<double, 6, Eigen::Dynamic> J(6, kNumJoints);
  for (int n = 0; n < kIkIterations; ++n) {
    pinocchio::computeJointJacobians(r.model, r.data, q);
    const pinocchio::SE3 T_joint_goal = r.data.oMi[r.wrist_yaw].actInv(T_base_goal);
    const Vec6 error = pinocchio::log6(T_joint_goal).toVector();
    if (error.norm() < kIkTolerance) {
      *q_out = q;
      return true;
    }
    J.setZero();
    pinocchio::getJointJacobian(r.model, r.data, r.wrist_yaw, pinocchio::LOCAL, J);
    Mat6 JJt;
    JJt.noalias() = J * J.transpose();
    JJt.diagonal().array() += kIkDamping;
    const Vec6 weights = JJt.ldlt().solve(error);
    q.noalias() += J.transpose() * weights;
  }
  *q_out = q;
  return false;
}

Contestant ik_contestant(const Data& data, const char* operation, const std::vector<Vec6>& seeds) {
  auto robot = make_robot(data.parameters, kNumJoints);
  auto answers = std::make_shared<IkAnswers>(data.q.size());
  std::vector<pinocchio::SE3> goals;  // of the wrist-yaw frame
  for (const Transform& T : data.T_base_cp) {
    goals.emplace_back(Mat3(T.R * tool_rotation().transpose()), T.p);
  }
  const auto call = [robot, answers, goals, &seeds](std::size_t i) {
    answers->claimed[i] = clik(*robot, goals[i], seeds[i], &answers->q[i]);
  };
  return {operation, "Pinocchio CLIK", batch(call), nullptr, answers};
}

}  // namespace

void add_pinocchio(const Data& data, std::vector<Contestant>* all) {
  auto arm = make_robot(data.parameters, kNumJoints);
  auto whole = make_robot(data.parameters, kNumAxes);

  const auto fk = [arm, &data](std::size_t i) {
    pinocchio::forwardKinematics(arm->model, arm->data, data.q[i]);
    use(arm->data.oMi[arm->wrist_yaw]);
  };
  const auto position = [arm, fk](std::size_t i) mutable {
    fk(i);
    return Eigen::VectorXd(arm->data.oMi[arm->wrist_yaw].translation());
  };
  all->push_back({"fk", "Pinocchio", batch(fk), position, nullptr});

  auto J = std::make_shared<Eigen::Matrix<double, 6, Eigen::Dynamic>>(6, kNumJoints);
  J->setZero();
  const auto jacobian = [arm, J, &data](std::size_t i) {
    pinocchio::computeJointJacobians(arm->model, arm->data, data.q[i]);
    pinocchio::getJointJacobian(arm->model, arm->data, arm->wrist_yaw,
                                pinocchio::LOCAL_WORLD_ALIGNED, *J);
    use(*J);
  };
  const auto columns = [J, jacobian](std::size_t i) mutable {
    jacobian(i);
    return Eigen::VectorXd(J->reshaped());
  };
  all->push_back({"jacobian", "Pinocchio", batch(jacobian), columns, nullptr});

  const auto rnea = [whole, &data](std::size_t i) {
    use(pinocchio::rnea(whole->model, whole->data, data.q7[i], data.qd[i], data.qdd[i]));
  };
  const auto torque = [whole, rnea](std::size_t i) mutable {
    rnea(i);
    return Eigen::VectorXd(whole->data.tau);
  };
  all->push_back({"rnea", "Pinocchio", batch(rnea), torque, nullptr});

  const auto gravity = [whole, &data](std::size_t i) {
    use(pinocchio::computeGeneralizedGravity(whole->model, whole->data, data.q7[i]));
  };
  const auto weight = [whole, gravity](std::size_t i) mutable {
    gravity(i);
    return Eigen::VectorXd(whole->data.g);
  };
  all->push_back({"gravity", "Pinocchio", batch(gravity), weight, nullptr});

  const auto crba = [whole, &data](std::size_t i) {
    use(pinocchio::crba(whole->model, whole->data, data.q7[i], pinocchio::Convention::LOCAL));
  };
  all->push_back({"mass_matrix", "Pinocchio", batch(crba), nullptr, nullptr});

  all->push_back(ik_contestant(data, "ik.near", data.seed_near));
  all->push_back(ik_contestant(data, "ik.mid", data.seed_mid));
}

}  // namespace bench
