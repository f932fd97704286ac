// SPDX-License-Identifier: Apache-2.0
/// Values out of a fuzzer's bytes: mostly nasty ones, else what an arm could mean.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "trocar/se3.hpp"

namespace fuzz {

using namespace trocar;

/// Reads on as zeros behind the end, so that every input is a whole one.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  bool is_empty() const { return at_ >= size_; }
  std::uint8_t byte() { return at_ < size_ ? data_[at_++] : 0; }
  bool coin() { return (byte() & 1) != 0; }

  /// 0 <= value < n.
  int below(int n) { return byte() % n; }
  template <typename T>
  T raw() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    const std::size_t there = std::min(sizeof(T), size_ - at_);
    if (there > 0) std::memcpy(&value, data_ + at_, there);
    at_ += there;
    return value;
  }

  /// An enumerator, at times none.
  template <typename Enum>
  Enum word(int count) {
    const int n = byte();
    return static_cast<Enum>(n < 250 ? n % count : n - 253);
  }

  /// In [-1, 1], 16 bits.
  double fair() { return raw<std::int16_t>() / 32768.0; }

  /// At times NaN, infinite, denormal, huge or any bits; else up to `scale`.
  double real(double scale) {
    using Limits = std::numeric_limits<double>;
    static constexpr double kNasty[] = {Limits::quiet_NaN(),
                                        Limits::infinity(),
                                        -Limits::infinity(),
                                        Limits::denorm_min(),
                                        -Limits::denorm_min(),
                                        Limits::min(),
                                        Limits::max(),
                                        Limits::lowest(),
                                        0.0,
                                        -0.0,
                                        1e-300,
                                        1e300,
                                        1e16,
                                        -1e8,
                                        1e-9,
                                        3.14159265358979323846,
                                        -1.5707963267948966,
                                        1.0};
    const std::uint8_t way = byte();
    if (way < wildness_) return kNasty[byte() % std::size(kNasty)];
    if (way == 255 && wildness_ > 0) return raw<double>();
    return scale * fair();
  }

  template <int N>
  Eigen::Matrix<double, N, 1> vector(double scale) {
    Eigen::Matrix<double, N, 1> v;
    for (int i = 0; i < N; ++i) v[i] = real(scale);
    return v;
  }
  template <std::size_t N>
  void fill(std::array<double, N>* values, double scale) {
    for (double& x : *values) x = real(scale);
  }

  /// A rotation; where wild, at times a broken one.
  Mat3 rotation() {
    Mat3 R = exp_so3(Vec3(3.2 * fair(), 3.2 * fair(), 3.2 * fair()));
    if (!is_wild()) return R;
    const int way = byte() % 8;
    if (way == 0) R *= real(2.0);
    if (way == 1) R.col(1) = R.col(0);
    if (way == 2) R(byte() % 3, byte() % 3) = real(1.0);
    if (way == 3) R.col(2) = -R.col(2);
    if (way == 4) R *= 1.0 + 1e-4 * fair();
    return R;
  }
  Transform transform(double scale) {
    Transform T;
    T.R = rotation();
    T.p = vector<3>(scale);
    return T;
  }

  /// How many of 256 numbers are nasty from now on; 0 is none, all finite and moderate.
  void set_wildness(int of_256) { wildness_ = of_256; }
  bool is_wild() const { return wildness_ > 0; }
  /// Half of the inputs are wholly fair: they must be answered, not only survived.
  void choose_wildness() { set_wildness(coin() ? 0 : 1 + byte() / 4); }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
  int wildness_ = 0;
};

}  // namespace fuzz
