// SPDX-License-Identifier: Apache-2.0
/// Torn reads of the wait-free exchange: a writer that never rests, readers that check that all
/// words of a payload say the same number.
#include <array>
#include <atomic>
#include <thread>

#include "campaign.hpp"
#include "trocar/mailbox.hpp"
#include "trocar/seqlock.hpp"

namespace bench {

namespace {

/// 384 bytes that all say the same number.
struct Payload {
  std::array<std::int64_t, 48> words{};
  static Payload of(std::int64_t n) {
    Payload p;
    p.words.fill(n);
    return p;
  }
  bool is_whole() const {
    return std::all_of(words.begin(), words.end(), [&](std::int64_t w) { return w == words[0]; });
  }
};

}  // namespace

void exchange_campaign(const Task& task) {
  Mailbox<Payload> box;
  Seqlock<Payload> lock;
  std::atomic<bool> end{false};
  std::atomic<std::int64_t> torn{0}, reads{0};
  std::thread state_reader([&] {
    Payload p;
    while (!end.load(std::memory_order_relaxed)) {
      if (lock.read(&p) <= 0) continue;
      reads.fetch_add(1, std::memory_order_relaxed);
      if (!p.is_whole()) torn.fetch_add(1);
    }
  });
  std::thread command_reader([&] {
    Payload p;
    while (!end.load(std::memory_order_relaxed)) {
      if (!box.take(&p)) continue;
      reads.fetch_add(1, std::memory_order_relaxed);
      if (!p.is_whole()) torn.fetch_add(1);
    }
  });
  // Until enough was read, not only written: on one core a reader may see few of the values.
  std::int64_t n = 0;
  while (reads.load(std::memory_order_relaxed) < task.count) {
    const Payload p = Payload::of(++n);
    lock.write(p);
    box.put(p);
  }
  end.store(true);
  state_reader.join();
  command_reader.join();
  print_figure("exchange", "torn_reads", static_cast<double>(torn.load()),
               static_cast<double>(reads.load()));
  print_figure("exchange", "writes", static_cast<double>(2 * n), static_cast<double>(2 * n));
}

}  // namespace bench
