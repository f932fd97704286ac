// SPDX-License-Identifier: Apache-2.0
/// The thread that joins an arm to a seam, paced by the plant.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "trocar/arm.hpp"
#include "trocar/histogram.hpp"
#include "trocar/seam.hpp"

namespace trocar {

/// Counters of a loop; written by its thread, read by any.
struct LoopStatistics {
  std::atomic<std::int64_t> ticks{0};
  std::atomic<std::int64_t> overruns{0};  // ticks that finished more than a period late
  std::atomic<std::int64_t> missed{0};    // deadlines that passed without a command
  std::atomic<std::int64_t> lost{0};      // times that the plant fell silent
  std::atomic<std::int64_t> first_ns{0};  // CLOCK_MONOTONIC of the first and of the last tick
  std::atomic<std::int64_t> last_ns{0};
  Histogram wake;  // plant's publication to the loop's wake-up
  Histogram tick;  // computation of a tick
};

class ArmLoop {
 public:
  static constexpr std::int64_t kPlantDeadlineNs = kPlantLostTicks * kTickNs;  // of silence
  static constexpr std::int64_t kStopNs = 1'500'000'000;  // most time for a controlled stop

  ArmLoop(std::shared_ptr<Arm> arm, std::unique_ptr<Seam> seam);
  ~ArmLoop() { stop(); }
  ArmLoop(const ArmLoop&) = delete;
  ArmLoop& operator=(const ArmLoop&) = delete;

  /// Start the thread, on SCHED_FIFO with `priority` > 0; "" or why that was refused.
  std::string start(int priority);

  /// Controlled stop and power off, then end the thread.
  void stop();

  bool running() const { return running_.load(); }
  const LoopStatistics& statistics() const { return statistics_; }

 private:
  void run();
  void tick_once(const MeasuredState& measured, std::int64_t woken_ns);
  void be_silent(std::int64_t* silent_ns);

  std::shared_ptr<Arm> arm_;
  std::unique_ptr<Seam> seam_;
  std::mutex control_mutex_;  // of start and stop; the thread never takes it
  std::thread thread_;
  std::atomic<bool> running_{false};
  std::atomic<bool> end_{false};
  std::int64_t last_missed_ = 0;
  LoopStatistics statistics_;
};

}  // namespace trocar
