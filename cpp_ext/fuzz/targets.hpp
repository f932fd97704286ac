// SPDX-License-Identifier: Apache-2.0
/// What is fuzzed: every public entry of the core, by group.  Each target makes arguments out of
/// bytes, calls, and holds the answer against what the entry promises.
#pragma once

#include "bytes.hpp"

namespace fuzz {

struct Target {
  const char* name;
  void (*run)(Bytes&);
};

void fuzz_kinematics(Bytes& in);
void fuzz_inverse_kinematics(Bytes& in);
void fuzz_chain(Bytes& in);
void fuzz_chain_ik(Bytes& in);
void fuzz_dynamics(Bytes& in);
void fuzz_qp(Bytes& in);
void fuzz_diff_ik(Bytes& in);
void fuzz_fixture(Bytes& in);
void fuzz_mesh(Bytes& in);
void fuzz_axis(Bytes& in);
void fuzz_streams(Bytes& in);
void fuzz_shaping(Bytes& in);
void fuzz_control(Bytes& in);
void fuzz_safety(Bytes& in);
void fuzz_arm(Bytes& in);
void fuzz_plant(Bytes& in);
void fuzz_seam(Bytes& in);
void fuzz_tissue(Bytes& in);
void fuzz_simulated_arm(Bytes& in);
void fuzz_servo(Bytes& in);

inline constexpr Target kTargets[] = {
    {"kinematics", fuzz_kinematics},
    {"inverse_kinematics", fuzz_inverse_kinematics},
    {"chain", fuzz_chain},
    {"chain_ik", fuzz_chain_ik},
    {"dynamics", fuzz_dynamics},
    {"qp", fuzz_qp},
    {"diff_ik", fuzz_diff_ik},
    {"fixture", fuzz_fixture},
    {"mesh", fuzz_mesh},
    {"axis", fuzz_axis},
    {"streams", fuzz_streams},
    {"shaping", fuzz_shaping},
    {"control", fuzz_control},
    {"safety", fuzz_safety},
    {"arm", fuzz_arm},
    {"plant", fuzz_plant},
    {"seam", fuzz_seam},
    {"tissue", fuzz_tissue},
    {"simulated_arm", fuzz_simulated_arm},
    {"servo", fuzz_servo},
};

/// A promise that was broken.  The test throws, libFuzzer's program aborts.
[[noreturn]] void broken(const char* promise, const char* file, int line);

}  // namespace fuzz

#define FUZZ_REQUIRE(promise) \
  ((promise) ? static_cast<void>(0) : ::fuzz::broken(#promise, __FILE__, __LINE__))
