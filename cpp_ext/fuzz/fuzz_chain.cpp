// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"
#include "trocar/chain_dynamics.hpp"
#include "trocar/chain_ik.hpp"
#include "trocar/dynamics.hpp"
#include "trocar/force_observer.hpp"
#include "trocar/friction.hpp"
#include "trocar/regressor.hpp"

namespace fuzz {

namespace {

Chain chain_of(Bytes& in) {
  Chain chain;
  chain.size = in.is_wild() && in.byte() < 8 ? in.raw<std::int32_t>() : 1 + in.below(kMaxJoints);
  for (ChainJoint& joint : chain.joints) {
    joint.type = in.is_wild() ? in.word<JointType>(2) : static_cast<JointType>(in.below(2));
    joint.T_parent_joint = in.transform(0.3);
    if (in.coin()) {
      joint.q_min = in.real(3.0);
      joint.q_max = in.is_wild() ? in.real(3.0) : joint.q_min + 2.0 + in.real(1.0);
    }
    joint.velocity_max = std::abs(in.real(3.0));
    joint.effort_max = in.is_wild() ? in.real(3.0) : 1.0;
  }
  chain.T_last_tip = in.transform(0.2);
  return chain;
}

}  // namespace

void fuzz_chain(Bytes& in) {
  in.choose_wildness();
  const Chain chain = chain_of(in);
  const ChainVec q = in.vector<kMaxJoints>(3.0), qd = in.vector<kMaxJoints>(5.0);
  const ChainFrames frames = chain_frames(chain, q);
  const ChainJacobian J = chain_jacobian(chain, q);
  const ChainJacobian rate = chain_jacobian_rate(chain, q, qd);
  ChainInertia masses;
  for (LinkInertia& link : masses.links) {
    link.mass = std::abs(in.real(2.0));
    link.com = in.vector<3>(0.1);
    link.inertia = Vec3(in.vector<3>(0.01).cwiseAbs()).asDiagonal();
  }
  const ChainVec tau =
      chain_inverse_dynamics(chain, masses, q, qd, ChainVec(in.vector<kMaxJoints>(10.0)));
  const ChainVec gravity = chain_gravity(chain, masses, q);
  const ChainMatrix M = chain_mass_matrix(chain, masses, q);
  const ChainMomentum momentum = chain_momentum(chain, masses, q, qd);
  const int n = joint_count(chain);
  FUZZ_REQUIRE(J.rightCols(kMaxJoints - n).isZero(0.0));
  FUZZ_REQUIRE(tau.tail(kMaxJoints - n).isZero(0.0));
  if (in.is_wild()) return;
  FUZZ_REQUIRE(is_valid(chain));
  FUZZ_REQUIRE(is_rotation(frames.T_base_tip.R, 1e-11));
  FUZZ_REQUIRE(J.allFinite() && rate.allFinite() && tau.allFinite() && gravity.allFinite());
  FUZZ_REQUIRE((M - M.transpose()).cwiseAbs().maxCoeff() < 1e-9);
  FUZZ_REQUIRE((momentum.p - M * qd).cwiseAbs().maxCoeff() < 1e-9 * (1.0 + momentum.p.norm()));
}

void fuzz_chain_ik(Bytes& in) {
  in.choose_wildness();
  const Chain chain = chain_of(in);
  ChainIkOptions options;
  options.iterations = in.is_wild() ? in.raw<std::int8_t>() : 20;
  options.restarts = in.below(3) - (in.is_wild() ? 1 : 0);
  if (in.is_wild()) {
    options.position_tolerance = in.real(1e-6);
    options.rotation_tolerance = in.real(1e-6);
    options.length = in.real(1.0);
    options.sigma_threshold = in.real(0.1);
    options.damping_max = in.real(0.1);
  }
  const Transform goal = in.transform(0.5);
  const ChainIkResult found = chain_ik_solve(chain, goal, in.vector<kMaxJoints>(3.0), options);
  FUZZ_REQUIRE(found.status <= ChainIkStatus::kIterationCap);
  FUZZ_REQUIRE(found.iterations >= 0);
  if (!is_valid(chain)) {
    FUZZ_REQUIRE(found.status == ChainIkStatus::kInvalid);
    return;
  }
  for (int i = 0; i < chain.size; ++i) {
    const ChainJoint& joint = chain.joints[static_cast<std::size_t>(i)];
    FUZZ_REQUIRE(found.q[i] >= joint.q_min && found.q[i] <= joint.q_max);
  }
  if (found.status != ChainIkStatus::kOk) return;
  const Transform T = chain_fk(chain, found.q);
  FUZZ_REQUIRE((T.p - goal.p).norm() <= options.position_tolerance + 1e-12);
}

void fuzz_dynamics(Bytes& in) {
  in.choose_wildness();
  DynamicParameters p;
  if (in.coin()) {
    p.mass = in.vector<7>(1.0).cwiseAbs();
    p.viscous = in.vector<7>(0.1).cwiseAbs();
    p.coulomb = in.vector<7>(0.1).cwiseAbs();
    p.gravity_base = in.vector<3>(10.0);
  }
  const Vec7 q = in.vector<7>(2.0), qd = in.vector<7>(10.0), qdd = in.vector<7>(50.0);
  const DynamicFrames T = dynamic_frames(q);
  const Vec7 tau = inverse_dynamics(p, q, qd, qdd), gravity = gravity_effort(p, q);
  const Vec7 friction = friction_effort(p, qd);
  const Mat7 M = mass_matrix(p, q);
  const Momentum m = momentum(p, T, qd);
  const MomentumRegressor Y = momentum_regressor(T, qd, p.gravity_base);
  const StandardParameters standard = standard_parameters(p);
  ForceObserver observer(p, in.vector<7>(100.0));
  for (int n = 0; n < 3; ++n) {
    observer.step(in.vector<7>(2.0), in.vector<7>(10.0), in.vector<7>(3.0), in.real(0.001));
  }
  observer.reset();
  if (in.is_wild()) return;
  FUZZ_REQUIRE(tau.allFinite() && gravity.allFinite() && friction.allFinite());
  FUZZ_REQUIRE((M - M.transpose()).cwiseAbs().maxCoeff() < 1e-12);
  FUZZ_REQUIRE((m.p - M * qd).cwiseAbs().maxCoeff() < 1e-9 * (1.0 + m.p.norm()));
  FUZZ_REQUIRE((Y.gravity * standard - gravity).cwiseAbs().maxCoeff() < 1e-9);
}

}  // namespace fuzz
