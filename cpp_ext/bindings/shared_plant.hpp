// SPDX-License-Identifier: Apache-2.0
/// A simulated arm that threads of Python may share, and arrays of as many values as it has axes.
#pragma once

#include <mutex>
#include <string>

#include "batch.hpp"
#include "number_text.hpp"
#include "raise.hpp"
#include "trocar/plant/arm_plant.hpp"

namespace trocar::bindings {

struct SharedPlant {
  std::string name;
  ArmPlant plant;
  mutable std::mutex mutex;

  SharedPlant(std::string own_name, const PlantModel& model, const Transform& T_world_base,
              const ChainVec& q, const EncoderSettings& encoders, const DriveSettings& drive,
              std::uint64_t seed)
      : name(std::move(own_name)), plant(model, T_world_base, q, encoders, drive, seed) {}
};

[[noreturn]] inline void refuse(const std::string& name, const std::string& message) {
  raise_error("ConfigurationError", name + ": " + message);
}

/// n numbers from an array-like, or ConfigurationError in the name of the arm.
inline ChainVec axes_in(const std::string& name, const py::handle& object, const char* what,
                        int size) {
  ChainVec v = ChainVec::Zero();
  try {
    v = chain_vec(shaped_in<1>(object, what, {size}).data(), size);
  } catch (const py::value_error& error) {
    refuse(name, error.what());
  }
  return v;
}

/// The same, finite and not below `least` where given; None leaves zeros.
inline ChainVec finite_axes_in(const std::string& name, const py::object& object, const char* what,
                               int size, double least = -HUGE_VAL) {
  if (object.is_none()) return ChainVec::Zero();
  const ChainVec v = axes_in(name, object, what, size);
  for (int i = 0; i < size; ++i) {
    if (std::isfinite(v[i]) && v[i] >= least) continue;
    refuse(name, std::string(what) + "[" + std::to_string(i) + "] is " + number_text(v[i]) +
                     ", allowed finite" + (least == 0.0 ? " and >= 0" : ""));
  }
  return v;
}

/// Where an arm stands, or ConfigurationError.
inline Transform base_in(const std::string& name, const py::object& T_world_base) {
  Transform T;
  try {
    T = pose_in(shaped_in<2>(T_world_base, "T_world_base", {4, 4}).data());
  } catch (const py::value_error& error) {
    refuse(name, error.what());
  }
  if (!T.p.allFinite() || !is_rotation(T.R)) {
    refuse(name, "T_world_base is no rigid transform, allowed finite, its rotation to 1e-6");
  }
  return T;
}

/// Which joint diverged; the plant is locked by the caller.
inline std::string unstable_text(const SharedPlant& s) {
  const auto axis = static_cast<std::size_t>(std::max(0, s.plant.unstable_axis()));
  const double speed = std::abs(s.plant.theta_dot_true()[static_cast<int>(axis)]);
  return s.name + ": " + s.plant.model().names[axis] + " moves at " + number_text(speed) +
         " rad/s or m/s, allowed below " + number_text(ArmPlant::kSpeedMax) +
         ": the controller is unstable; lower its natural frequency";
}

}  // namespace trocar::bindings
