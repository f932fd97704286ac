// SPDX-License-Identifier: Apache-2.0
/// What callgrind counts: each hot function behind a name of its own, 1000 calls on seeded joints.
///
///   valgrind --tool=callgrind --callgrind-out-file=counts.out trocar_core_instructions
///   callgrind_annotate --inclusive=yes --threshold=100 counts.out | grep count_
///
/// A figure divided by 1000 is the instructions of one call; it is the same on every run.
#include <random>
#include <vector>

#include "trocar/dynamics.hpp"
#include "trocar/ik.hpp"
#include "trocar/kinematics.hpp"

using namespace trocar;

// Not inlined, and the result counts as used, so that every call is made and seen by name.
#define TROCAR_COUNTED extern "C" __attribute__((noinline)) void
#define TROCAR_USED asm volatile("" ::: "memory")

TROCAR_COUNTED count_fk(const Vec6& q, Transform& T_base_cp) {
  T_base_cp = psm::forward_kinematics(q);
  TROCAR_USED;
}

TROCAR_COUNTED count_fk_jacobian(const Vec6& q, Transform& T_base_cp, Mat6& J) {
  const psm::ChainAxes axes = psm::chain_axes(q);
  T_base_cp = psm::tool_frame(axes);
  J = psm::jacobian(axes);
  TROCAR_USED;
}

TROCAR_COUNTED count_ik(const Transform& T_base_cp, const Vec6& seed, psm::IkResult& result) {
  result = psm::inverse_kinematics(T_base_cp, seed);
  TROCAR_USED;
}

TROCAR_COUNTED count_gravity(const DynamicParameters& p, const Vec7& q, Vec7& tau) {
  tau = gravity_effort(p, q);
  TROCAR_USED;
}

TROCAR_COUNTED count_inverse_dynamics(const DynamicParameters& p, const Vec7& q, Vec7& tau) {
  tau = inverse_dynamics(p, q, q, q);
  TROCAR_USED;
}

TROCAR_COUNTED count_mass_matrix(const DynamicParameters& p, const Vec7& q, Mat7& M) {
  M = mass_matrix(p, q);
  TROCAR_USED;
}

TROCAR_COUNTED count_momentum(const DynamicParameters& p, const Vec7& q, Momentum& m) {
  m = momentum(p, dynamic_frames(q), q);
  TROCAR_USED;
}

int main() {
  std::mt19937_64 random(1);
  const DynamicParameters parameters;
  for (int n = 0; n < 1000; ++n) {
    Vec7 q;
    for (int i = 0; i < kNumAxes; ++i) {
      const double lo = i == 2 ? 0.07 : psm::kQMin[i];  // wrist clear of the RCM
      q[i] = lo + (psm::kQMax[i] - lo) * static_cast<double>(random() >> 11) * 0x1.0p-53;
    }
    const Vec6 joints = q.head<kNumJoints>();
    Transform T_base_cp;
    Mat6 J;
    psm::IkResult result;
    Vec7 tau;
    Mat7 M;
    Momentum m;
    count_fk(joints, T_base_cp);
    count_fk_jacobian(joints, T_base_cp, J);
    count_ik(T_base_cp, joints, result);
    count_gravity(parameters, q, tau);
    count_inverse_dynamics(parameters, q, tau);
    count_mass_matrix(parameters, q, M);
    count_momentum(parameters, q, m);
    if (result.status != psm::IkStatus::kOk) return 1;
  }
  return 0;
}
