// SPDX-License-Identifier: Apache-2.0
/// Orocos KDL on the same data: its recursive FK, its Jacobian solver, RNE, and the two position
/// IKs that converge on this arm: LMA (ignores limits) and Newton-Raphson with joint limits.
#include <kdl/chain.hpp>
#include <kdl/chainfksolverpos_recursive.hpp>
#include <kdl/chainidsolver_recursive_newton_euler.hpp>
#include <kdl/chainiksolverpos_lma.hpp>
#include <kdl/chainiksolverpos_nr_jl.hpp>
#include <kdl/chainiksolvervel_pinv.hpp>
#include <kdl/chainjnttojacsolver.hpp>

#include "contest.hpp"
#include "psm_rows.hpp"

namespace bench {

namespace {

constexpr int kIkIterations = 100;
constexpr double kIkTolerance = 1e-6;

KDL::Frame frame(const Mat3& R, const Vec3& p) {
  return {KDL::Rotation(R(0, 0), R(0, 1), R(0, 2), R(1, 0), R(1, 1), R(1, 2), R(2, 0), R(2, 1),
                        R(2, 2)),
          KDL::Vector(p.x(), p.y(), p.z())};
}

/// A segment is a joint, then a fixed frame: the fixed part of row i+1 belongs to segment i.
KDL::Chain make_chain(const DynamicParameters& p, int axes) {
  KDL::Chain chain;
  const Transform first = fixed_part(kRows[0]);
  chain.addSegment(KDL::Segment(KDL::Joint(KDL::Joint::None), frame(first.R, first.p)));
  for (int i = 0; i < axes; ++i) {
    Transform next;
    if (i + 1 < axes) {
      next = fixed_part(kRows[i + 1]);
    } else if (axes == kNumJoints) {
      next.R = tool_rotation();
    }
    const Vec3 com = p.com.row(i), I = p.inertia.row(i);
    const KDL::RigidBodyInertia body(p.mass[i], KDL::Vector(com.x(), com.y(), com.z()),
                                     KDL::RotationalInertia(I.x(), I.y(), I.z()));
    const auto type = kRows[i].prismatic ? KDL::Joint::TransZ : KDL::Joint::RotZ;
    // The inertia is of the link at the joint; KDL wants it at the segment's tip.
    const KDL::Frame tip = frame(next.R, next.p);
    chain.addSegment(
        KDL::Segment(KDL::Joint(type, 1, 0, p.armature[i]), tip, tip.Inverse() * body));
  }
  return chain;
}

void set(KDL::JntArray* to, const Eigen::VectorXd& from) { to->data = from; }

struct Solvers {
  KDL::Chain chain;
  KDL::ChainFkSolverPos_recursive fk;
  KDL::ChainJntToJacSolver jacobian;
  KDL::JntArray q;
  KDL::Frame T;
  KDL::Jacobian J;
  explicit Solvers(const KDL::Chain& c)
      : chain(c), fk(chain), jacobian(chain), q(chain.getNrOfJoints()), J(chain.getNrOfJoints()) {}
};

struct Ik {
  KDL::Chain chain;
  KDL::JntArray q_min, q_max, seed, q;
  KDL::ChainFkSolverPos_recursive fk;
  KDL::ChainIkSolverVel_pinv velocity;
  KDL::ChainIkSolverPos_NR_JL nr_jl;
  KDL::ChainIkSolverPos_LMA lma;
  static KDL::JntArray limits(const psm::Axes& axes) {
    KDL::JntArray a(kNumJoints);
    for (int i = 0; i < kNumJoints; ++i) a(i) = axes[i];
    return a;
  }
  explicit Ik(const KDL::Chain& c)
      : chain(c),
        q_min(limits(psm::kQMin)),
        q_max(limits(psm::kQMax)),
        seed(kNumJoints),
        q(kNumJoints),
        fk(chain),
        velocity(chain),
        nr_jl(chain, q_min, q_max, fk, velocity, kIkIterations, kIkTolerance),
        lma(chain, kIkTolerance, kIkIterations) {}
};

Contestant ik_contestant(const Data& data, const char* operation, bool lma,
                         const std::vector<Vec6>& seeds) {
  auto ik = std::make_shared<Ik>(make_chain(data.parameters, kNumJoints));
  auto answers = std::make_shared<IkAnswers>(data.q.size());
  std::vector<KDL::Frame> goals;
  for (const Transform& T : data.T_base_cp) goals.push_back(frame(T.R, T.p));
  const auto call = [ik, answers, goals, lma, &seeds](std::size_t i) {
    set(&ik->seed, seeds[i]);
    const int code = lma ? ik->lma.CartToJnt(ik->seed, goals[i], ik->q)
                         : ik->nr_jl.CartToJnt(ik->seed, goals[i], ik->q);
    answers->claimed[i] = code >= 0;
    answers->q[i] = ik->q.data;
  };
  return {operation, lma ? "KDL LMA" : "KDL NR_JL", batch(call), nullptr, answers};
}

}  // namespace

void add_kdl(const Data& data, std::vector<Contestant>* all) {
  auto s = std::make_shared<Solvers>(make_chain(data.parameters, kNumJoints));

  const auto fk = [s, &data](std::size_t i) {
    set(&s->q, data.q[i]);
    s->fk.JntToCart(s->q, s->T);
    use(s->T);
  };
  const auto position = [s, fk](std::size_t i) mutable {
    fk(i);
    return Eigen::VectorXd(Vec3(s->T.p.x(), s->T.p.y(), s->T.p.z()));
  };
  all->push_back({"fk", "KDL", batch(fk), position, nullptr});

  const auto jacobian = [s, &data](std::size_t i) {  // of the tip, in base axes
    set(&s->q, data.q[i]);
    s->fk.JntToCart(s->q, s->T);
    s->jacobian.JntToJac(s->q, s->J);
    use(s->J);
  };
  const auto columns = [s, jacobian](std::size_t i) mutable {
    jacobian(i);
    return Eigen::VectorXd(s->J.data.reshaped());
  };
  all->push_back({"jacobian", "KDL", batch(jacobian), columns, nullptr});

  struct Rne {
    KDL::Chain chain;
    KDL::ChainIdSolver_RNE solver;
    KDL::JntArray q{kNumAxes}, qd{kNumAxes}, qdd{kNumAxes}, tau{kNumAxes};
    KDL::Wrenches forces;
    Rne(const KDL::Chain& c, const Vec3& g)
        : chain(c),
          solver(chain, KDL::Vector(g.x(), g.y(), g.z())),
          forces(chain.getNrOfSegments(), KDL::Wrench::Zero()) {}
  };
  auto r = std::make_shared<Rne>(make_chain(data.parameters, kNumAxes),
                                 Vec3(data.parameters.gravity_base));
  const auto rnea = [r, &data](std::size_t i) {
    set(&r->q, data.q7[i]);
    set(&r->qd, data.qd[i]);
    set(&r->qdd, data.qdd[i]);
    r->solver.CartToJnt(r->q, r->qd, r->qdd, r->forces, r->tau);
    use(r->tau);
  };
  const auto torque = [r, rnea](std::size_t i) mutable {
    rnea(i);
    return Eigen::VectorXd(r->tau.data);
  };
  all->push_back({"rnea", "KDL", batch(rnea), torque, nullptr});

  for (const bool lma : {false, true}) {
    all->push_back(ik_contestant(data, "ik.near", lma, data.seed_near));
    all->push_back(ik_contestant(data, "ik.mid", lma, data.seed_mid));
  }
}

}  // namespace bench
