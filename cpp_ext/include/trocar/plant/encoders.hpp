// SPDX-License-Identifier: Apache-2.0
/// Encoders: measured = true + bias + noise, rounded to a count.
///
/// Speed is measured by the encoder's period (as the dVRK's controllers do), not by differences, so
/// it has noise of its own and no count.
#pragma once

#include "trocar/chain.hpp"
#include "trocar/plant/seeded_noise.hpp"

namespace trocar {

/// One value an axis: rad, prismatic m.
struct EncoderSettings {
  ChainVec count = ChainVec::Zero();           // one count; 0: none
  ChainVec noise = ChainVec::Zero();           // 1 sigma
  ChainVec velocity_noise = ChainVec::Zero();  // 1 sigma, rad/s, m/s
  ChainVec bias = ChainVec::Zero();            // added to every position
};

class Encoders {
 public:
  Encoders(const EncoderSettings& settings, int size, std::uint64_t seed)
      : settings_(settings), size_(size), noise_(seed) {}

  /// Draws fresh noise, two numbers an axis whether it has noise or not, so that the settings of
  /// one axis change nothing on another.  `jump` (rad, m) is a fault, added as the bias is.
  void read(const ChainVec& q_true, const ChainVec& qd_true, const ChainVec& jump, ChainVec* q,
            ChainVec* qd) {
    q->setZero();
    qd->setZero();
    for (int i = 0; i < size_; ++i) {
      double position = q_true[i] + settings_.bias[i] + jump[i];
      position += settings_.noise[i] * noise_.normal();
      const double count = settings_.count[i];
      (*q)[i] = count > 0.0 ? std::nearbyint(position / count) * count : position;
      (*qd)[i] = qd_true[i] + settings_.velocity_noise[i] * noise_.normal();
    }
  }

 private:
  EncoderSettings settings_;
  int size_;
  SeededNoise noise_;
};

}  // namespace trocar
