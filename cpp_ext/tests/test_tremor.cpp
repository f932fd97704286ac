// SPDX-License-Identifier: Apache-2.0
/// The tremor filter: what it removes, its delay, irregular samples, start, gaps, bad input.
#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "trocar/tremor_filter.hpp"

using namespace trocar;

namespace {

constexpr double kPi = 3.14159265358979323846;

std::int64_t ns(double t) { return static_cast<std::int64_t>(std::llround(1e9 * t)); }

/// Share of a tone's RMS that is left in x and in a rotation about y, sampled at `rate` +- jitter.
struct Left {
  double position;
  double rotation;
};

Left left_of(double hz, double rate, double jitter) {
  std::mt19937_64 random(11);
  TremorFilter filter;
  Transform T;
  filter.start(T, 0);
  double in = 0.0, p_out = 0.0, w_out = 0.0, t = 0.0;
  while (t < 6.0) {
    t += (1.0 + jitter * (2.0 * static_cast<double>(random() >> 11) * 0x1p-53 - 1.0)) / rate;
    const double x = 1e-4 * std::sin(2.0 * kPi * hz * t);
    T = {exp_so3({0.0, x, 0.0}), {x, 0.0, 0.0}};
    REQUIRE(filter.step(T, ns(t)) == ShapingStatus::kOk);
    if (t < 2.0) continue;
    in += x * x;
    p_out += std::pow(filter.output().p.x(), 2);
    w_out += std::pow(log_so3(filter.output().R).y(), 2);
  }
  return {std::sqrt(p_out / in), std::sqrt(w_out / in)};
}

/// A turning and moving hand.
Transform hand(double t) {
  return {exp_so3({0.8 * std::sin(2.0 * kPi * t), 0.5 * t, 0.0}),
          {0.02 * std::sin(2.0 * kPi * t), 0.01 * t, 0.3}};
}

}  // namespace

TEST_CASE("tremor: every tone of 8 to 12 Hz loses 70 % and more, from 50 Hz on, with jitter too") {
  for (const double rate : {50.0, 66.7, 100.0, 200.0, 1000.0}) {
    for (const double jitter : {0.0, 0.3}) {
      for (double hz = 8.0; hz <= 12.0; hz += 0.5) {
        const Left left = left_of(hz, rate, jitter);
        CHECK(left.position < 0.3);
        CHECK(left.rotation < 0.3);
        if (rate >= 200.0)
          CHECK(left.position ==
                doctest::Approx(std::abs(TremorFilter::response(hz))).epsilon(0.03));
      }
    }
  }
}

TEST_CASE("tremor: slow motion is late by what the class says, 10 ms at most, and not changed") {
  CHECK(TremorFilter::delay(1.0) <= 0.010);
  CHECK(TremorFilter::delay(0.0) == doctest::Approx(TremorFilter::delay(1e-4)));
  for (const double rate : {66.7, 200.0}) {
    for (const double hz : {0.5, 1.0, 2.0}) {
      TremorFilter filter;
      filter.start({}, 0);
      double c = 0.0, s = 0.0;
      const int n = static_cast<int>(8.0 * rate);  // of which whole periods: from 4 s to 8 s
      for (int k = 1; k <= n; ++k) {
        const double t = k / rate, phase = 2.0 * kPi * hz * t;
        filter.step({Mat3::Identity(), {std::sin(phase), 0.0, 0.0}}, ns(t));
        if (2 * k <= n) continue;
        c += filter.output().p.x() * std::cos(phase);
        s += filter.output().p.x() * std::sin(phase);
      }
      CHECK(std::atan2(-c, s) / (2.0 * kPi * hz) ==
            doctest::Approx(TremorFilter::delay(hz)).epsilon(0.02));
      CHECK(std::hypot(c, s) / (0.25 * n) == doctest::Approx(1.0).epsilon(0.02));
    }
  }
}

TEST_CASE("tremor: a steady twist is late by delay(0), in rotation as in position") {
  TremorFilter filter;
  filter.start(hand(0.0), 0);
  const Vec3 v(0.01, -0.02, 0.005), w(0.3, 0.1, -0.2);
  const auto at = [&](double t) { return Transform{exp_so3(w * t), v * t}; };
  filter.start(at(0.0), 0);
  for (int k = 1; k <= 800; ++k) filter.step(at(0.005 * k), ns(0.005 * k));
  const Transform late = at(4.0 - TremorFilter::delay(0.0));
  CHECK((filter.output().p - late.p).norm() < 1e-9);
  CHECK(log_so3(filter.output().R * late.R.transpose()).norm() < 1e-9);
}

TEST_CASE("tremor: starts without a transient anywhere, and a resting hand stays where it is") {
  TremorFilter filter;
  const Transform T{exp_so3({2.0, -1.0, 0.5}), {3.0, -2.0, 1.0}};
  REQUIRE(filter.start(T, 7) == ShapingStatus::kOk);
  CHECK(filter.output().p == T.p);
  for (int k = 1; k < 500; ++k) {
    REQUIRE(filter.step(T, 7 + 5000000LL * k) == ShapingStatus::kOk);
    CHECK(filter.output().p == T.p);
    CHECK((filter.output().R - T.R).cwiseAbs().maxCoeff() < 1e-15);
  }
}

TEST_CASE("tremor: samples on a straight way change nothing, wherever they are") {
  // Exact between samples: twice as many on the same broken line give the same output.
  TremorFilter coarse, fine;
  std::mt19937_64 random(3);
  Transform a = hand(0.0);
  coarse.start(a, 0);
  fine.start(a, 0);
  std::int64_t stamp = 0;
  for (int k = 1; k < 500; ++k) {
    const Transform b{Mat3::Identity(), hand(0.01 * k).p};
    a.R.setIdentity();
    const auto gap = static_cast<std::int64_t>(2000000 + random() % 20000000) * 4;
    const Transform quarter{Mat3::Identity(), a.p + 0.25 * (b.p - a.p)};
    if (k > 1) fine.step(quarter, stamp + gap / 4);
    fine.step(b, stamp + gap);
    coarse.step(b, stamp + gap);
    if (k == 1) {  // both from the same rotation
      coarse.start(b, stamp + gap);
      fine.start(b, stamp + gap);
    }
    CHECK((coarse.output().p - fine.output().p).norm() < 1e-14);
    stamp += gap;
    a = b;
  }
}

TEST_CASE("tremor: what cannot be used is named and changes nothing; a gap is bridged") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  TremorFilter filter, untouched;
  CHECK(filter.step({}, 1) == ShapingStatus::kNotEngaged);
  Transform nan, far, broken;
  nan.p.x() = kNan;
  far.p.x() = -1e9;
  broken.R(0, 0) = 0.9;
  CHECK(filter.start(broken, 0) == ShapingStatus::kNotRotation);
  filter.start(hand(0.0), 0);
  untouched.start(hand(0.0), 0);
  for (int k = 1; k < 400; ++k) {
    const std::int64_t stamp = 5000000LL * k;
    REQUIRE(filter.step(hand(0.005 * k), stamp) == ShapingStatus::kOk);
    REQUIRE(untouched.step(hand(0.005 * k), stamp) == ShapingStatus::kOk);
    CHECK(filter.step(nan, stamp + 1) == ShapingStatus::kNotFinite);
    CHECK(filter.step(far, stamp + 1) == ShapingStatus::kTooFar);
    CHECK(filter.step(broken, stamp + 1) == ShapingStatus::kNotRotation);
    CHECK(filter.step(hand(9.0), stamp) == ShapingStatus::kNotLater);
    CHECK(filter.step(hand(9.0), std::numeric_limits<std::int64_t>::min()) ==
          ShapingStatus::kNotLater);
    CHECK(filter.output().p == untouched.output().p);
    CHECK(filter.output().R == untouched.output().R);
  }
  CHECK(filter.step(hand(5.0), ns(5.0)) == ShapingStatus::kGap);
  CHECK((filter.output().p - hand(5.0).p).norm() < 1e-3);  // late on the straight way, no more
  CHECK(filter.step(hand(5.0), std::numeric_limits<std::int64_t>::max()) == ShapingStatus::kGap);
  CHECK((filter.output().p - hand(5.0).p).norm() < 1e-15);
  CHECK(is_rotation(filter.output().R, 1e-12));
  REQUIRE(filter.start(hand(0.0), std::numeric_limits<std::int64_t>::min()) == ShapingStatus::kOk);
  CHECK(filter.step(hand(0.0), std::numeric_limits<std::int64_t>::max()) == ShapingStatus::kGap);
  CHECK(filter.output().p.allFinite());
}
