// SPDX-License-Identifier: Apache-2.0
/// Random numbers of a simulated plant: the same seed gives the same stream, whatever the standard
/// library.
///
/// xoshiro256++ 1.0 (Blackman & Vigna, ACM TOMS 47, 2021), its state filled by splitmix64 (Steele,
/// Lea, Flood 2014) as its authors ask; normal deviates by Marsaglia's polar method (SIAM Review
/// 1964).  Uniform numbers are the same bits everywhere, normal ones wherever log and sqrt are.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace trocar {

/// The next number of splitmix64; advances `state`.
inline std::uint64_t splitmix64(std::uint64_t* state) {
  *state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = *state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

class SeededNoise {
 public:
  explicit SeededNoise(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = splitmix64(&seed);
  }

  /// Goes on from a state of the generator, not all zeros.
  explicit SeededNoise(const std::array<std::uint64_t, 4>& state) : state_(state) {}

  std::uint64_t bits() {
    const std::uint64_t result = rotated(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotated(state_[3], 45);
    return result;
  }

  /// In [0, 1): the upper 53 bits.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

  /// Mean 0, standard deviation 1.
  double normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    double x, y, s;
    do {
      x = 2.0 * uniform() - 1.0;
      y = 2.0 * uniform() - 1.0;
      s = x * x + y * y;
    } while (s >= 1.0 || s == 0.0);
    const double f = std::sqrt(-2.0 * std::log(s) / s);
    spare_ = y * f;
    has_spare_ = true;
    return x * f;
  }

 private:
  static std::uint64_t rotated(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

  std::array<std::uint64_t, 4> state_{};
  double spare_ = 0.0;
  bool has_spare_ = false;
};

}  // namespace trocar
