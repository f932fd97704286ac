// SPDX-License-Identifier: Apache-2.0
/// Many ticks of a plant under control in one call from Python.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>

#include "bindings.hpp"
#include "shared_plant.hpp"

namespace trocar::bindings {

inline constexpr std::int64_t kMostTicks = 1'000'000;
inline constexpr std::int64_t kSlice = 10'000;  // ticks between two looks for Ctrl-C

/// Ticks with the plant locked and the GIL released; UnstablePlantError where it diverged.
template <typename Lockstep>
void run_ticks(const SharedPlant& s, Lockstep* lockstep, std::int64_t ticks) {
  if (ticks < 1 || ticks > kMostTicks) {
    refuse(s.name, "run: ticks is " + std::to_string(ticks) + ", allowed 1 to 1000000");
  }
  while (ticks > 0) {
    const std::int64_t slice = std::min(ticks, kSlice);
    ticks -= slice;
    std::string diverged;
    {
      const pybind11::gil_scoped_release release;
      const std::lock_guard<std::mutex> lock(s.mutex);
      for (std::int64_t i = 0; i < slice && diverged.empty(); ++i) {
        if (!lockstep->tick()) diverged = unstable_text(s);
      }
    }
    if (!diverged.empty()) raise_error("UnstablePlantError", diverged);
    if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
  }
}

}  // namespace trocar::bindings
