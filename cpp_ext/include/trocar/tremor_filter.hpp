// SPDX-License-Identifier: Apache-2.0
/// Takes an operator's tremor (8-12 Hz, 50-100 um: Riviere, Rader, Khosla 1998, "Adaptive
/// cancelling of physiological tremor") out of a stream of poses, at a delay that is stated.
///
/// H(s) = prod (s^2 + wz^2) / (s^2 + 2 zeta wp s + wp^2) (wp / wz)^2, two notches of unit gain at
/// 0. Every tone of 8-12 Hz keeps at most 24 %; slow motion is late by 9.6 ms (`delay`; 9.7 ms at
/// 1 Hz); tones of 5-7 and above 13 Hz grow by up to 12 %.  No causal filter that leaves the rest
/// alone can do much better: its delay is at least (2/pi) int -ln|H| / w^2 dw (Bode 1945, ch. 14),
/// 6.0 ms for 24 % from 8 to 12 Hz.  It is linear: what it removes does not depend on amplitude,
/// phase or how they drift, and it needs no time to learn.
///
/// Samples may come at any times: H is integrated exactly over a motion that is straight between
/// them.  Such a line shows a tone of f at a rate r as sinc^2(f/r) of itself and its images, which
/// decides at low rates; at 50 Hz and more, also with jitter, >= 70 % are removed.
#pragma once

#include <array>
#include <complex>

#include "trocar/shaping_status.hpp"

namespace trocar {

/// One notch: zero and pole in Hz, damping of the pole.
struct TremorNotch {
  double zero_hz;
  double pole_hz;
  double damping;
};

/// Found by differential evolution: least |H| over 8-12 Hz, in continuous time and sampled at the
/// console's 67 Hz, for a delay of 9.7 ms at 1 Hz, |H| <= 1.12, and 1 +- 0.02 below 2.5 Hz.
inline constexpr std::array<TremorNotch, 2> kTremorNotches{
    {{8.504, 7.309, 0.1447}, {11.318, 13.098, 0.1343}}};

class TremorFilter {
 public:
  TremorFilter() {
    // 1 - H = s G(s), G(s) = sum g / (s - p) + conj: residues of (1 - H) / s at the poles.
    for (std::size_t i = 0; i < kModes; ++i) {
      modes_[i].pole = pole(kTremorNotches[i]);
      Complex h = 1.0;
      for (std::size_t k = 0; k < kModes; ++k) {
        const Complex own = k == i ? Complex(0.0, 2.0 * modes_[i].pole.imag()) : 0.0;
        h *= notch(kTremorNotches[k], modes_[i].pole, own);
      }
      modes_[i].gain = -h / modes_[i].pole;
    }
  }

  /// Begin at rest at this pose: the output is the input, without a transient.
  ShapingStatus start(const Transform& T, std::int64_t stamp_ns) {
    const ShapingStatus status = check_pose(T);
    if (status != ShapingStatus::kOk) return status;
    for (Mode& mode : modes_) mode.state.fill(0.0);
    input_ = output_ = {polished(T.R), T.p};
    stamp_ns_ = stamp_ns;
    started_ = true;
    return status;
  }

  /// The hand's pose at a later stamp.  kGap: more than kGapS since the last; the way between is
  /// taken for straight, as always.
  ShapingStatus step(const Transform& T, std::int64_t stamp_ns) {
    if (!started_) return ShapingStatus::kNotEngaged;
    const ShapingStatus status = check_pose(T);
    if (status != ShapingStatus::kOk) return status;
    if (stamp_ns <= stamp_ns_) return ShapingStatus::kNotLater;
    // Unsigned: stamps of opposite signs may be farther apart than int64 can say.
    const double dt = 1e-9 * static_cast<double>(static_cast<std::uint64_t>(stamp_ns) -
                                                 static_cast<std::uint64_t>(stamp_ns_));
    const Transform now{polished(T.R), T.p};
    Vec6 moved;
    moved << now.p - input_.p, log_so3(now.R * input_.R.transpose());
    const Vec6 held = hold_back(moved, dt);
    output_ = {exp_so3(-held.tail<3>()) * now.R, now.p - held.head<3>()};
    input_ = now;
    stamp_ns_ = stamp_ns;
    return dt > kGapS ? ShapingStatus::kGap : ShapingStatus::kOk;
  }

  const Transform& output() const { return output_; }
  std::int64_t stamp_ns() const { return stamp_ns_; }

  /// H at a frequency in Hz.
  static std::complex<double> response(double hz) {
    Complex h = 1.0;
    for (const TremorNotch& n : kTremorNotches) h *= notch(n, Complex(0.0, kTurn * hz), 0.0);
    return h;
  }

  /// By how much a tone below the band is late, in s; 0 Hz: a steady motion.
  static double delay(double hz) {
    if (hz != 0.0) return -std::arg(response(hz)) / (kTurn * hz);
    double sum = 0.0;
    for (const TremorNotch& n : kTremorNotches) sum += 2.0 * n.damping / (kTurn * n.pole_hz);
    return sum;
  }

  static constexpr double kGapS = 0.1;  // s: the age at which an operator's command is held

 private:
  using Complex = std::complex<double>;
  static constexpr std::size_t kModes = kTremorNotches.size();
  static constexpr double kTurn = 6.28318530717958647693;

  struct Mode {
    Complex pole;
    Complex gain;
    std::array<Complex, 6> state{};
  };

  static Complex pole(const TremorNotch& n) {
    const double w = kTurn * n.pole_hz;
    return {-n.damping * w, w * std::sqrt(1.0 - n.damping * n.damping)};
  }

  /// One factor of H at s, or with `denominator` in place of its own.
  static Complex notch(const TremorNotch& n, Complex s, Complex denominator) {
    const double wz = kTurn * n.zero_hz, wp = kTurn * n.pole_hz;
    if (denominator == 0.0) denominator = s * s + 2.0 * n.damping * wp * s + wp * wp;
    return (s * s + wz * wz) / denominator * (wp * wp / (wz * wz));
  }

  /// (1 - H) of the motion so far, driven by its speed: dx/dt = p x + moved / dt, integrated
  /// exactly, and held = sum 2 Re(g x).
  Vec6 hold_back(const Vec6& moved, double dt) {
    Vec6 held = Vec6::Zero();
    for (Mode& mode : modes_) {
      const Complex decay = std::exp(mode.pole * dt);
      const Complex drive = (decay - 1.0) / (mode.pole * dt);
      for (int i = 0; i < 6; ++i) {
        Complex& x = mode.state[static_cast<std::size_t>(i)];
        x = decay * x + drive * moved[i];
        held[i] += 2.0 * (mode.gain * x).real();
      }
    }
    return held;
  }

  std::array<Mode, kModes> modes_;
  Transform input_;
  Transform output_;
  std::int64_t stamp_ns_ = 0;
  bool started_ = false;
};

}  // namespace trocar
