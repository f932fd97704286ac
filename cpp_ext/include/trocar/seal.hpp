// SPDX-License-Identifier: Apache-2.0
/// Checksum of what crosses the seam: a record that was damaged, or mixed from two, is noticed.
///
/// Against faults, not against an adversary: one multiply-rotate round a word (after MurmurHash3's
/// 64-bit body, A. Appleby, public domain), over the fields by name, so that padding and what the
/// receiver adds (`MeasuredState::estop`) stay out.
#pragma once

#include <cstring>

#include "trocar/arm_state.hpp"

namespace trocar {

class Checksum {
 public:
  void add(std::uint64_t word) {
    word *= 0x87c37b91114253d5ULL;
    word = (word << 31) | (word >> 33);
    hash_ = (hash_ ^ word) * 0x4cf5ad432745937fULL;
    hash_ ^= hash_ >> 29;
  }
  void add(std::int64_t value) { add(static_cast<std::uint64_t>(value)); }
  void add(const Axes& values) {
    for (const double value : values) {
      std::uint64_t word;
      std::memcpy(&word, &value, sizeof(word));
      add(word);
    }
  }
  /// Never 0, which means "not sealed".
  std::uint64_t value() const { return hash_ | 1; }

 private:
  std::uint64_t hash_ = 0x9e3779b97f4a7c15ULL;
};

inline std::uint64_t checksum(const MeasuredState& m) {
  Checksum sum;
  sum.add(m.sequence);
  sum.add(m.stamp_ns);
  sum.add(m.publish_ns);
  sum.add(m.q);
  sum.add(m.qd);
  sum.add(m.tau);
  sum.add(m.enable_counter);
  sum.add(m.missed);
  sum.add(static_cast<std::int64_t>(m.plant_reason));
  return sum.value();
}

inline std::uint64_t checksum(const TorqueCommand& c) {
  Checksum sum;
  sum.add(c.sequence);
  sum.add(c.enable_counter);
  sum.add(c.torque);
  sum.add(c.setpoint_q);
  sum.add(c.setpoint_qd);
  sum.add(static_cast<std::int64_t>(c.power));
  return sum.value();
}

/// Sender's side, last before the write.
template <typename Record>
void seal(Record* record) {
  record->checksum = checksum(*record);
}

/// Receiver's side.  A record in one process needs no seal (0); one from shared memory does.
template <typename Record>
bool is_whole(const Record& record) {
  return record.checksum == 0 || record.checksum == checksum(record);
}

template <typename Record>
bool is_sealed(const Record& record) {
  return record.checksum != 0 && is_whole(record);
}

}  // namespace trocar
