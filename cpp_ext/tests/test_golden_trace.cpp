// SPDX-License-Identifier: Apache-2.0
/// Same inputs, same bits: a fixed session on the bench, hashed; twice in one process, and against
/// the value that is written down here.
///
/// The written value holds where the mathematics library gives the bits that it was taken with (its
/// sine, cosine and arc tangent are hashed first: they differ between libraries, and in glibc
/// between processors with and without fused multiply-add).  Elsewhere only the repetition is held.
/// Taken with g++ 12, x86-64, glibc 2.36; the same at -O1, -O2 and -O3.  After a wanted change of
/// the motion, copy the values that a failure prints.
#include <doctest/doctest.h>

#include <cstring>

#include "bench.hpp"

using namespace bench;

namespace {

constexpr std::uint64_t kLibrary = 2479361078828182372ULL;
constexpr std::uint64_t kSetpoints = 8506099114602158229ULL;
constexpr std::uint64_t kTorques = 5904472481266189204ULL;

/// FNV-1a over bytes (Fowler, Noll, Vo).
struct Hash {
  std::uint64_t value = 0xcbf29ce484222325ULL;
  template <typename T>
  void add(const T& x) {
    unsigned char bytes[sizeof(T)];
    std::memcpy(bytes, &x, sizeof(T));
    for (const unsigned char b : bytes) value = (value ^ b) * 0x100000001b3ULL;
  }
};

std::uint64_t library() {
  Hash hash;
  std::mt19937_64 random(1);
  for (int n = 0; n < 2000; ++n) {
    const double x = 1e-3 * static_cast<double>(random() % 10000) - 5.0;
    const double y = 1e-3 * static_cast<double>(random() % 10000) - 5.0;
    hash.add(std::sin(x));
    hash.add(std::cos(x));
    hash.add(std::atan2(x, y));
  }
  return hash.value;
}

struct Trace {
  Hash setpoints, torques;
};

/// Every kind of command, a stop, a fault, its acknowledgement; a plant that lags by a tick.
Trace session(std::uint64_t seed) {
  Trace trace;
  Bench b;
  std::mt19937_64 random(seed);
  const auto log = [&](int ticks) {
    for (int n = 0; n < ticks; ++n) {
      b.tick();
      trace.setpoints.add(b.state.setpoint_q);
      trace.setpoints.add(b.state.setpoint_qd);
      trace.setpoints.add(b.state.operating_state);
      trace.setpoints.add(b.state.fault);
      trace.torques.add(b.state.setpoint_tau);
    }
  };
  b.arm->post(StateCommand::kHome);
  log(2500);
  for (int n = 0; n < 40; ++n) {
    Vec6 q;  // no library function: the same inputs everywhere
    for (int i = 0; i < kNumJoints; ++i) {
      const double share = 1e-4 * static_cast<double>(random() % 10000);
      q[i] = psm::kQMin[i] + (0.3 + 0.4 * share) * (psm::kQMax[i] - psm::kQMin[i]);
    }
    switch (n % 4) {
      case 0:
        b.arm->post(joints(MotionKind::kMoveJp, q));
        break;
      case 1:
        b.arm->post(joints(MotionKind::kServoJp, setpoint(b.state) + 0.01 * q, Source::kTeleop));
        break;
      case 2:
        b.arm->post(pose(MotionKind::kMoveCp, psm::forward_kinematics(q)));
        break;
      default:
        b.arm->post(pose(MotionKind::kServoCp, psm::forward_kinematics(q), Source::kFollow));
        break;
    }
    JawCommand jaw;
    jaw.angle = 0.1 * static_cast<double>(n % 7);
    b.arm->post(jaw);
    if (n == 20) b.arm->post(StateCommand::kPause);
    if (n == 22) b.arm->post(StateCommand::kResume);
    if (n == 30) b.arm->press_estop();
    if (n == 32) b.arm->release_estop();
    if (n == 33) b.arm->post(StateCommand::kEnable);
    if (n == 30) CHECK(b.state.fault == Fault::kNone);
    log(250);
    if (n == 30) CHECK(b.state.fault == Fault::kEstop);
  }
  CHECK(b.state.operating_state == OperatingState::kEnabled);
  return trace;
}

}  // namespace

TEST_CASE("golden trace: same inputs, same bits") {
  const Trace first = session(1), again = session(1), other = session(2);
  CHECK(first.setpoints.value == again.setpoints.value);
  CHECK(first.torques.value == again.torques.value);
  CHECK(first.setpoints.value != other.setpoints.value);
  CHECK(first.torques.value != other.torques.value);
  if (library() != kLibrary) {
    MESSAGE("not compared with the written values: sin, cos, atan2 have other bits here ("
            << library() << ")");
    return;
  }
  CHECK(first.setpoints.value == kSetpoints);
  CHECK(first.torques.value == kTorques);
}
