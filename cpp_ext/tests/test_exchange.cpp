// SPDX-License-Identifier: Apache-2.0
/// Mailbox, seqlock and ring between threads: nothing torn, nothing out of order.  Run under
/// ThreadSanitizer as well (-DTROCAR_SANITIZE=thread).
#include <doctest/doctest.h>

#include <thread>

#include "bench.hpp"
#include "trocar/mailbox.hpp"
#include "trocar/seqlock.hpp"
#include "trocar/spsc_queue.hpp"

using namespace trocar;

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
    for (const std::int64_t w : words) {
      if (w != words[0]) return false;
    }
    return true;
  }
};

constexpr std::int64_t kRounds = 200'000;

}  // namespace

TEST_CASE("mailbox: newest wins, never torn, replaced values are handed back") {
  Mailbox<Payload> box;
  Payload p;
  CHECK_FALSE(box.take(&p));
  CHECK_FALSE(box.put(Payload::of(1)));
  Payload lost;
  CHECK(box.put(Payload::of(2), &lost));
  CHECK(lost.words[0] == 1);
  CHECK(box.take(&p));
  CHECK(p.words[0] == 2);
  CHECK_FALSE(box.take(&p));

  std::int64_t replaced = 1;  // the 1 above
  std::thread writer([&] {
    for (std::int64_t n = 3; n <= kRounds; ++n) replaced += box.put(Payload::of(n));
  });
  std::int64_t last = 2, taken = 1, torn = 0, backwards = 0;
  while (last < kRounds) {
    if (!box.take(&p)) continue;
    torn += !p.is_whole();
    backwards += p.words[0] <= last;
    last = p.words[0];
    ++taken;
  }
  writer.join();
  CHECK(torn == 0);
  CHECK(backwards == 0);
  CHECK(taken + replaced == kRounds);  // every value was taken or handed back, none twice
}

TEST_CASE("seqlock: two readers, never torn, never backwards") {
  Seqlock<Payload> lock;
  Payload first;
  CHECK(lock.read(&first) == 0);
  std::atomic<std::int64_t> bad{0};
  const auto reader = [&] {
    Payload p;
    std::int64_t last = 0;
    while (last < kRounds) {
      const std::int64_t sequence = lock.read(&p);
      if (sequence <= 0) continue;
      if (!p.is_whole() || p.words[0] < last || p.words[0] != sequence) bad.fetch_add(1);
      last = p.words[0];
    }
  };
  std::thread a(reader), b(reader);
  for (std::int64_t n = 1; n <= kRounds; ++n) lock.write(Payload::of(n));
  a.join();
  b.join();
  CHECK(bad.load() == 0);
}

TEST_CASE(
    "seqlock: a writer that died in the middle is refused to readers and repaired by the next") {
  std::atomic<std::uint64_t> sequence{7};  // odd: in the middle
  std::array<std::atomic<std::uint64_t>, 2> words{};
  const SeqlockView view(&sequence, words.data(), 2);
  std::uint64_t out[2];
  CHECK(view.read(out, 100) == -1);
  const std::uint64_t in[2] = {5, 6};
  view.write(in);
  CHECK(view.read(out, 1) > 0);
  CHECK(out[1] == 6);
}

TEST_CASE("ring: in order, and a full one drops and counts") {
  SpscQueue<std::int64_t, 8> small;
  for (int i = 0; i < 10; ++i) CHECK(small.push(i) == (i < 8));
  CHECK(small.dropped() == 2);
  std::int64_t value = -1;
  CHECK(small.pop(&value));
  CHECK(value == 0);

  SpscQueue<std::int64_t, 64> ring;
  std::thread producer([&] {
    for (std::int64_t n = 0; n < kRounds;) n += ring.push(n);
  });
  std::int64_t wrong = 0;
  for (std::int64_t n = 0; n < kRounds;) {
    if (!ring.pop(&value)) continue;
    wrong += value != n;
    ++n;
  }
  producer.join();
  CHECK(wrong == 0);
}

TEST_CASE("arm: clients and loop at once") {
  bench::Bench b;
  b.home();
  Arm& arm = *b.arm;
  const Vec6 home = bench::setpoint(b.state);
  std::atomic<bool> end{false};
  std::atomic<std::int64_t> posted{0}, answered{0};
  const auto client = [&](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    while (!end.load()) {
      Vec6 q = home;
      q[0] += bench::uniform(random, -0.01, 0.01);
      arm.post(bench::joints(MotionKind::kServoJp, q));
      arm.post(JawCommand{});
      posted.fetch_add(2);
      const ArmState s = arm.state();
      CHECK(std::isfinite(s.setpoint_q[0]));
      answered.fetch_add(static_cast<std::int64_t>(arm.take_results().size()));
      arm.fault_snapshot();
      std::this_thread::yield();
    }
  };
  std::thread a(client, 1), c(client, 2);
  for (int i = 0; i < 5000; ++i) {
    b.tick();
    if (i % 50 == 0) std::this_thread::yield();
  }
  end.store(true);
  a.join();
  c.join();
  b.run(2);
  answered.fetch_add(static_cast<std::int64_t>(arm.take_results().size()));
  CHECK(answered.load() == posted.load());
  CHECK(b.state.fault == Fault::kNone);
}
