// SPDX-License-Identifier: Apache-2.0
/// The reference alone: goes on from what was accepted, inside every limit.
#include <doctest/doctest.h>

#include "reference_rig.hpp"

using namespace rig;

TEST_CASE("reference: goes on from what was accepted, inside every limit, in every mode") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    Rig rig(seed);
    Worst worst;
    Axes7 before = rig.reference.axes();
    int bends = 0;
    for (int n = 0; n < 40000 / kShare; ++n) {
      if (rig.random() % 150 == 0) rig.random_command();
      rig.step();
      worst.add(before, rig.reference.axes(), rig.config);
      // Bends in bursts, as a surface does that the tip slides along.
      if (n / 60 % 3 == 0 && rig.random() % 2 == 0) {
        rig.reference.accept(rig.bent(before));
        ++bends;
      }
      before = rig.reference.axes();
    }
    CHECK(bends > 5000 / kShare);
    CHECK(worst.v <= 1.0 + 1e-9);
    CHECK(worst.a <= 1.0 + 1e-9);
    CHECK(worst.j <= 1.0 + 1e-5);
    CHECK(worst.jump <= 0.1);
    CHECK(worst.beyond <= 1e-9);
    CHECK(worst.j > 0.5);
  }
}

TEST_CASE("reference: what was accepted unchanged changes nothing") {
  Rig a(7), b(7);
  for (int n = 0; n < 5000; ++n) {
    if (n % 150 == 0) {
      a.random_command();
      b.random_command();
    }
    a.step();
    b.step();
    b.reference.accept(b.reference.axes());
    for (int i = 0; i < kNumAxes; ++i) REQUIRE(a.reference.axes()[i].q == b.reference.axes()[i].q);
  }
}
