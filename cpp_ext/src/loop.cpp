// SPDX-License-Identifier: Apache-2.0
#include "trocar/loop.hpp"

#include <chrono>
#include <future>
#include <utility>

#include "trocar/elapsed.hpp"
#include "trocar/realtime.hpp"

namespace trocar {

namespace {
constexpr std::int64_t kSliceNs = 20'000'000;  // longest sleep, so that an end is noticed

void count(std::atomic<std::int64_t>* counter, std::int64_t by = 1) {
  counter->store(counter->load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}
}  // namespace

ArmLoop::ArmLoop(std::shared_ptr<Arm> arm, std::unique_ptr<Seam> seam)
    : arm_(std::move(arm)), seam_(std::move(seam)) {}

std::string ArmLoop::start(int priority) {
  const std::lock_guard<std::mutex> lock(control_mutex_);
  if (running_.exchange(true)) return "";
  end_.store(false);
  arm_->clear_shutdown();
  std::promise<std::string> refused;
  std::future<std::string> answer = refused.get_future();
  thread_ = std::thread([this, priority, &refused] {
    const std::string why = priority > 0 ? trocar::set_realtime(priority) : "";
    prepare_punctual_thread();
    seam_->set_realtime(priority > 0 && why.empty());
    refused.set_value(why);
    run();
  });
  return answer.get();
}

void ArmLoop::stop() {
  const std::lock_guard<std::mutex> lock(control_mutex_);
  if (!running_.load()) return;
  arm_->request_shutdown();
  const std::int64_t deadline = monotonic_ns() + kStopNs;
  while (arm_->state().powered && monotonic_ns() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  end_.store(true);
  thread_.join();
  seam_->stop();
  running_.store(false);
}

void ArmLoop::run() {
  std::int64_t silent_ns = 0;
  MeasuredState measured;
  while (!end_.load(std::memory_order_acquire)) {
    if (!seam_->wait(kSliceNs)) {
      be_silent(&silent_ns);
      continue;
    }
    const std::int64_t woken_ns = monotonic_ns();
    if (!seam_->read(&measured)) continue;  // torn: the plant counts the miss
    silent_ns = 0;
    tick_once(measured, woken_ns);
  }
}

void ArmLoop::tick_once(const MeasuredState& measured, std::int64_t woken_ns) {
  seam_->write(arm_->tick(measured));
  const std::int64_t done_ns = monotonic_ns();
  statistics_.tick.add(done_ns - woken_ns);
  if (measured.publish_ns != 0) {
    statistics_.wake.add(elapsed_ns(woken_ns, measured.publish_ns));
    if (elapsed_ns(done_ns, measured.publish_ns) > kTickNs) count(&statistics_.overruns);
  }
  if (statistics_.ticks.load(std::memory_order_relaxed) == 0) {
    statistics_.first_ns.store(done_ns, std::memory_order_relaxed);
    last_missed_ = measured.missed + seam_->skipped();
  }
  const std::int64_t missed = measured.missed + seam_->skipped();
  if (missed > last_missed_) count(&statistics_.missed, elapsed_ns(missed, last_missed_));
  last_missed_ = missed;
  statistics_.last_ns.store(done_ns, std::memory_order_relaxed);
  count(&statistics_.ticks);
}

void ArmLoop::be_silent(std::int64_t* silent_ns) {
  const bool was_lost = *silent_ns >= kPlantDeadlineNs;
  *silent_ns += kSliceNs;
  if (*silent_ns < kPlantDeadlineNs) return;
  if (!was_lost) count(&statistics_.lost);
  arm_->tick_without_plant(system_ns());
  seam_->reconnect();
}

}  // namespace trocar
