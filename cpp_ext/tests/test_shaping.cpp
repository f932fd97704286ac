// SPDX-License-Identifier: Apache-2.0
/// Clutch and jaw slew: no jump, cycles that add up, rotation unscaled, bad input named, harmless.
#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "trocar/clutch.hpp"
#include "trocar/jaw_slew.hpp"

using namespace trocar;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct Random {
  std::mt19937_64 engine{5};
  double uniform(double lo, double hi) {
    return lo + (hi - lo) * static_cast<double>(engine() >> 11) * 0x1p-53;
  }
  Vec3 vector(double size) { return size * Vec3(u(), u(), u()); }
  Transform pose() { return {exp_so3(vector(3.0)), vector(0.3)}; }

 private:
  double u() { return uniform(-1.0, 1.0); }
};

double difference(const Transform& a, const Transform& b) {
  return std::max((a.R - b.R).cwiseAbs().maxCoeff(), (a.p - b.p).cwiseAbs().maxCoeff());
}

Transform map(const Clutch& clutch, const Transform& T) {
  Transform out;
  REQUIRE(clutch.map(T, &out) == ShapingStatus::kOk);
  return out;
}

}  // namespace

TEST_CASE("clutch: no jump on engage, on a new scale or on being pulled, for any pose and scale") {
  Random random;
  for (int n = 0; n < 2000; ++n) {
    Clutch clutch;
    const Transform master = random.pose(), slave = random.pose(), moved = random.pose();
    REQUIRE(clutch.engage(master, slave, random.uniform(0.01, 10.0)) == ShapingStatus::kOk);
    CHECK(difference(map(clutch, master), slave) < 1e-14);
    const Transform before = map(clutch, moved);
    REQUIRE(clutch.rescale(moved, random.uniform(0.01, 10.0)) == ShapingStatus::kOk);
    CHECK(difference(map(clutch, moved), before) < 1e-14);
    const Transform pulled = random.pose();
    REQUIRE(clutch.pull_to(moved, pulled) == ShapingStatus::kOk);
    CHECK(difference(map(clutch, moved), pulled) < 1e-14);
  }
}

TEST_CASE("clutch: position is scaled, rotation is not, both about the camera's axes") {
  Random random;
  for (int n = 0; n < 2000; ++n) {
    Clutch clutch;
    const double scale = random.uniform(0.05, 2.0);
    const Transform master = random.pose(), slave = random.pose();
    const Vec3 turn = random.vector(1.0), shift = random.vector(0.2);
    REQUIRE(clutch.engage(master, slave, scale) == ShapingStatus::kOk);
    const Transform moved = map(clutch, {exp_so3(turn) * master.R, master.p + shift});
    CHECK((moved.R - exp_so3(turn) * slave.R).cwiseAbs().maxCoeff() < 1e-13);
    CHECK((moved.p - slave.p - scale * shift).cwiseAbs().maxCoeff() < 1e-14);
  }
}

TEST_CASE("clutch: N cycles advance N times, over a million without drift of the rotation") {
  Clutch clutch;
  const Transform there{exp_so3({0.3, -0.2, 0.1}), {0.1, 0.2, 0.3}};
  const Transform back{exp_so3({-0.5, 0.4, 1.0}), {0.1, 0.2, 0.3}};
  Transform slave{exp_so3({1.0, 2.0, -0.5}), Vec3::Zero()};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  const int cycles = 20000;
#else
  const int cycles = 1000000;
#endif
  for (int n = 0; n < cycles; ++n) {
    REQUIRE(clutch.engage(back, slave, 0.5) == ShapingStatus::kOk);
    REQUIRE(clutch.map({there.R, back.p + Vec3(0.0, 1e-4, 0.0)}, &slave) == ShapingStatus::kOk);
    clutch.release();
  }
  CHECK(slave.p.y() == doctest::Approx(cycles * 0.5e-4).epsilon(1e-9));
  CHECK(is_rotation(slave.R, 1e-14));
}

TEST_CASE("clutch: what cannot be used is named and changes nothing") {
  Clutch clutch;
  Transform out, good;
  CHECK(clutch.map(good, &out) == ShapingStatus::kNotEngaged);
  CHECK(clutch.rescale(good, 0.5) == ShapingStatus::kNotEngaged);
  CHECK(clutch.pull_to(good, good) == ShapingStatus::kNotEngaged);
  REQUIRE(clutch.engage(good, good, 0.5) == ShapingStatus::kOk);
  Transform nan, inf, far, broken, mirror;
  nan.R(1, 2) = kNan;
  inf.p.y() = kInf;
  far.p.z() = 1e308;
  broken.R *= 1.001;
  mirror.R.col(0) *= -1.0;
  const std::pair<Transform, ShapingStatus> bad[] = {{nan, ShapingStatus::kNotFinite},
                                                     {inf, ShapingStatus::kNotFinite},
                                                     {far, ShapingStatus::kTooFar},
                                                     {broken, ShapingStatus::kNotRotation},
                                                     {mirror, ShapingStatus::kNotRotation}};
  for (const auto& [T, status] : bad) {
    CHECK(clutch.engage(T, good, 1.0) == status);
    CHECK(clutch.engage(good, T, 1.0) == status);
    CHECK(clutch.map(T, &out) == status);
    CHECK(clutch.rescale(T, 1.0) == status);
    CHECK(clutch.pull_to(T, good) == status);
    CHECK(clutch.pull_to(good, T) == status);
  }
  for (const double scale : {0.0, -1.0, 11.0, kNan, kInf}) {
    CHECK(clutch.engage(good, good, scale) == ShapingStatus::kScale);
    CHECK(clutch.rescale(good, scale) == ShapingStatus::kScale);
  }
  CHECK(clutch.scale() == 0.5);
  CHECK(difference(map(clutch, good), good) == 0.0);
  CHECK(difference(out, Transform{}) == 0.0);
  for (int s = 0; s <= static_cast<int>(ShapingStatus::kNotEngaged); ++s) {
    CHECK(std::string(describe(static_cast<ShapingStatus>(s))) != "unknown");
  }
}

TEST_CASE("jaw: 36 deg/s while it re-matches, 720 deg/s from then on") {
  constexpr double kDegree = 3.14159265358979323846 / 180.0, kDt = 0.005;
  JawSlew jaw;
  REQUIRE(jaw.engage(0.0) == ShapingStatus::kOk);
  double before = 0.0;
  int ticks = 0;
  for (; jaw.is_rematching(); ++ticks) {
    REQUIRE(jaw.step(0.3, kDt) == ShapingStatus::kOk);
    CHECK(std::abs(jaw.angle() - before) <= 36.0 * kDegree * kDt * (1.0 + 1e-12));
    before = jaw.angle();
  }
  CHECK(jaw.angle() == 0.3);
  CHECK(ticks == doctest::Approx(0.3 / (36.0 * kDegree * kDt)).epsilon(0.02));
  jaw.step(1.0, kDt);
  CHECK(jaw.angle() - 0.3 == doctest::Approx(720.0 * kDegree * kDt));
  REQUIRE(jaw.engage(1.0) == ShapingStatus::kOk);  // the next clutch: slow again
  jaw.step(0.0, kDt);
  CHECK(1.0 - jaw.angle() == doctest::Approx(36.0 * kDegree * kDt));
  REQUIRE(jaw.pull_to(0.5) == ShapingStatus::kOk);
  CHECK(jaw.is_rematching());
}

TEST_CASE("jaw: what cannot be used is named and changes nothing; a gap is cut") {
  JawSlew jaw;
  CHECK(jaw.step(0.1, 0.005) == ShapingStatus::kNotEngaged);
  CHECK(jaw.pull_to(0.1) == ShapingStatus::kNotEngaged);
  CHECK(jaw.engage(kNan) == ShapingStatus::kNotFinite);
  CHECK(jaw.engage(1e308) == ShapingStatus::kTooFar);
  REQUIRE(jaw.engage(0.2) == ShapingStatus::kOk);
  CHECK(jaw.step(kNan, 0.005) == ShapingStatus::kNotFinite);
  CHECK(jaw.step(0.3, kInf) == ShapingStatus::kNotFinite);
  CHECK(jaw.step(-1e9, 0.005) == ShapingStatus::kTooFar);
  CHECK(jaw.step(0.3, -0.005) == ShapingStatus::kNotLater);
  CHECK(jaw.pull_to(kInf) == ShapingStatus::kNotFinite);
  CHECK(jaw.pull_to(11.0) == ShapingStatus::kTooFar);
  CHECK(jaw.angle() == 0.2);
  CHECK(jaw.step(1.0, 1e300) == ShapingStatus::kGap);
  CHECK(jaw.angle() == doctest::Approx(0.2 + JawSlew::kRematchRate * JawSlew::kLongestStep));
}
