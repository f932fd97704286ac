// SPDX-License-Identifier: Apache-2.0
/// Regressor times parameters is what the recursions say.
#include <doctest/doctest.h>

#include "dh_chain.hpp"
#include "trocar/regressor.hpp"

using namespace trocar;

TEST_CASE("regressor: times the standard parameters it is momentum, C^T qd and gravity") {
  std::mt19937_64 random(91);
  for (int n = 0; n < 300; ++n) {
    DynamicParameters p;
    for (int i = 0; i < kNumAxes; ++i) {
      p.mass[i] = oracle::uniform(random, 0.1, 2.0);
      for (int j = 0; j < 3; ++j) {
        p.com(i, j) = oracle::uniform(random, -0.1, 0.1);
        p.inertia(i, j) = oracle::uniform(random, 0.010, 0.019);
        p.products(i, j) = oracle::uniform(random, -0.003, 0.003);
      }
    }
    p.armature.setZero();
    p.gravity_base = Vec3(3.0, -5.0, -7.0);
    const Vec7 q = oracle::random_axes(random);
    Vec7 qd;
    for (int i = 0; i < kNumAxes; ++i) qd[i] = oracle::uniform(random, -2.0, 2.0);
    const DynamicFrames T = dynamic_frames(q);
    const Momentum m = momentum(p, T, qd);
    const MomentumRegressor Y = momentum_regressor(T, qd, p.gravity_base);
    const StandardParameters x = standard_parameters(p);
    CHECK((Y.momentum * x - m.p).cwiseAbs().maxCoeff() < 1e-11);
    CHECK((Y.coriolis_transpose * x - m.coriolis_transpose).cwiseAbs().maxCoeff() < 1e-11);
    CHECK((Y.gravity * x - gravity_effort(p, q)).cwiseAbs().maxCoeff() < 1e-11);
  }
}
