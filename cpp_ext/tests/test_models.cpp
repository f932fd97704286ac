// SPDX-License-Identifier: Apache-2.0
/// The arms as data against the golden vectors of the reference, coupling and its inverse.
#include <doctest/doctest.h>

#include <string>

#include "dh_chain.hpp"
#include "trocar/chain_kinematics.hpp"
#include "trocar/models.hpp"

using namespace trocar;

namespace {

double max_abs(const Eigen::Ref<const Eigen::MatrixXd>& m) { return m.cwiseAbs().maxCoeff(); }

struct Golden {
  const char* model;
  std::array<double, kMaxJoints> q;
  std::array<double, 3> p;
  std::array<double, 4> quat_xyzw;
};

// jhu-dvrk models with exact pi/2, nine digits.
const Golden kGolden[] = {
    {"PSM_LND_400006", {0, 0, .12}, {0, 0, -0.1135}, {0.707106781, 0.707106781, 0, 0}},
    {"PSM_LND_400006",
     {.3, -.2, .15, .5, .4, -.3},
     {0.039913298, 0.025318431, -0.134777834},
     {-0.861577896, -0.501825653, 0.067652456, 0.035744755}},
    {"PSM_LND_400006",
     {-.7, .4, .2, -1.2, -.6, .8},
     {-0.118002728, -0.073018582, -0.132663881},
     {-0.372866768, -0.80618519, -0.119311537, 0.443622102}},
    {"PSM_LND_400006",
     {1.0, .6, .1, 2.5, 1.0, -1.0},
     {0.062468828, -0.045368873, -0.04555687},
     {-0.645266442, 0.334581817, -0.33366648, 0.600294017}},
    {"ECM_0", {0, 0, .1, 0}, {0, 0, -0.1007}, {1, 0, 0, 0}},
    {"ECM_0",
     {.3, .2, .1, .4},
     {0.029165688, -0.020006002, -0.094284742},
     {0.961256284, -0.210078648, 0.165338758, 0.067204266}},
    {"ECM_0",
     {-.5, .6, .2, -1.0},
     {-0.079414375, -0.113323744, -0.145367039},
     {0.777271056, 0.507936784, -0.344695623, 0.137966864}},
    {"MTMR", {}, {0, -0.3645, -0.1288}, {-0.5, -0.5, -0.5, 0.5}},
    {"MTMR",
     {.1, .2, -.1, .3, .4, -.2, .5},
     {0.040248073, -0.401138234, -0.087593694},
     {-0.674350909, -0.530191893, -0.236822817, 0.456138534}},
    {"MTMR",
     {-.4, .5, .2, 1.0, -.8, .3, -2.0},
     {-0.122946103, -0.29079488, 0.104806013},
     {0.121471027, -0.508824708, -0.8129159, 0.255949106}}};

const ArmModel& model(const std::string& name) {
  static const std::array<ArmModel, 7> models = arm_models();
  for (const ArmModel& m : models) {
    if (name == m.name) return m;
  }
  FAIL("no model ", name);
  return models[0];
}

void check_golden(const char* name, const Golden& g) {
  const Transform T = chain_fk(chain_of(model(name)), Eigen::Map<const ChainVec>(g.q.data()));
  const Eigen::Quaterniond quat(g.quat_xyzw[3], g.quat_xyzw[0], g.quat_xyzw[1], g.quat_xyzw[2]);
  CHECK(max_abs(T.p - Eigen::Map<const Vec3>(g.p.data())) < 1e-9);
  CHECK(max_abs(T.R - quat.normalized().toRotationMatrix()) < 4e-9);
}

}  // namespace

TEST_CASE("models: golden vectors of the reference") {
  for (const Golden& g : kGolden) {
    check_golden(g.model, g);
    const std::string name = g.model;
    if (name == "PSM_LND_400006") check_golden("PSM_SI_LND_420006", g);
    if (name == "MTMR") check_golden("MTML", g);  // the masters differ in range only
  }
}

TEST_CASE("models: every one is a valid chain with names, maxima and a tip") {
  for (const ArmModel& m : arm_models()) {
    CAPTURE(m.name);
    const Chain chain = chain_of(m);
    CHECK(is_valid(chain));
    CHECK(std::string(m.tips[0].name) != "");
    for (std::size_t i = 0; i < static_cast<std::size_t>(m.size); ++i) {
      CHECK(m.joint_names[i] != nullptr);
      CHECK(chain.joints[i].velocity_max > 0.0);
      CHECK(chain.joints[i].effort_max > 0.0);
      CHECK(m.acceleration_max[i] > 0.0);
      CHECK(std::isfinite(chain.joints[i].q_min));
    }
  }
}

TEST_CASE("models: a slanted scope turns the view in the plane of the arm's pitch, at one point") {
  const Chain straight = chain_of(ecm_model(ecm::Scope::kStraight));
  const Chain up = chain_of(ecm_model(ecm::Scope::kUp));
  const Chain down = chain_of(ecm_model(ecm::Scope::kDown));
  ChainVec q = ChainVec::Zero();
  q[2] = 0.1;
  const Transform T = chain_fk(straight, q), T_up = chain_fk(up, q), T_down = chain_fk(down, q);
  CHECK(T_up.p == T.p);
  CHECK(T_down.p == T.p);
  CHECK(max_abs(T_up.R - T.R * exp_so3({-ecm::kSlant, 0, 0})) < 1e-15);
  CHECK(max_abs(T_down.R - T.R * exp_so3({ecm::kSlant, 0, 0})) < 1e-15);
  // The pitch joint turns the base's x axis, and the views are spread about it too.
  const Vec3 pitch_axis = chain_jacobian(straight, q).col(1).tail<3>();
  CHECK(std::abs(T_up.R.col(2).dot(pitch_axis)) < 1e-15);
  CHECK(std::acos(T_up.R.col(2).dot(T_down.R.col(2))) == doctest::Approx(2.0 * ecm::kSlant));
  // Up is towards +y of the straight scope's frame.
  CHECK(T_up.R.col(2).dot(T.R.col(1)) == doctest::Approx(0.5));
}

TEST_CASE("models: the coupling's written-out inverse is its inverse") {
  for (const Coupling coupling : {Coupling::kNotGiven, Coupling::kNeedleDriver, Coupling::kMtm}) {
    const CouplingMatrix product = joint_from_motor(coupling) * motor_from_joint(coupling);
    CHECK(max_abs(product - CouplingMatrix::Identity()) < 1e-15);
  }
  // The reference's numbers, five digits.
  const Mat4 D = kNeedleDriverCoupling.inverse();
  CHECK(D(0, 0) == doctest::Approx(-0.63971).epsilon(1e-5));
  CHECK(D(1, 1) == doctest::Approx(0.98174).epsilon(1e-5));
  Mat4 expected;
  expected << D(0, 0), 0, 0, 0, 0, D(1, 1), 0, 0, 0, 0.6696, 0.82115, -0.41061, 0, 0.6696, 0.82115,
      0.41061;
  CHECK(max_abs(D - expected) < 1e-5);
  // The wrist's pitch alone: the yaw and jaw motors must follow it.
  const Eigen::Vector4d discs = D * Eigen::Vector4d(0, 1, 0, 0);
  CHECK(max_abs(kNeedleDriverCoupling.matrix() * discs - Eigen::Vector4d(0, 1, 0, 0)) < 1e-15);
}

TEST_CASE("models: the generations of the PSM share their kinematics, not their ranges") {
  const Chain classic = chain_of(psm_classic()), si = chain_of(psm_si_model());
  std::mt19937_64 random(24);
  for (int n = 0; n < 1000; ++n) {
    ChainVec q = ChainVec::Zero();
    q.head<6>() = oracle::random_axes(random).head<6>();
    REQUIRE(max_abs(chain_fk(classic, q).matrix() - chain_fk(si, q).matrix()) < 1e-15);
  }
  CHECK(si.joints[0].q_max == 2.964);
  CHECK(si.joints[2].q_max == 0.290);
  CHECK(psm_si_model().grip.q_min == -0.349066);
}
