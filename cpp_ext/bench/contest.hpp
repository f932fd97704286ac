// SPDX-License-Identifier: Apache-2.0
/// A fair race: the same data for every library, batches taken in turn (ABAB...), so that whatever
/// else the machine does slows all of them alike.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "trocar/dynamic_parameters.hpp"
#include "trocar/se3.hpp"

namespace bench {

using namespace trocar;

/// What every library is given; joints inside the limits, the wrist past the 45 mm rule.
struct Data {
  std::vector<Vec6> q, seed_near, seed_mid;  // seeds of the IK: 0.05 rad / 5 mm away, mid-range
  std::vector<Vec7> q7, qd, qdd;             // with the jaw
  std::vector<Transform> T_base_cp;          // FK of q
  DynamicParameters parameters;
};

/// What an IK solver answered for each pose.
struct IkAnswers {
  std::vector<Vec6> q;
  std::vector<char> claimed;  // it says that it has found a solution
  explicit IkAnswers(std::size_t n) : q(n, Vec6::Zero()), claimed(n, 0) {}
};

/// One library at one operation.
struct Contestant {
  std::string operation, library;
  std::function<void(std::size_t, std::size_t)> run;   // calls begin..end of the data
  std::function<Eigen::VectorXd(std::size_t)> result;  // of one call, to hold against ours
  std::shared_ptr<IkAnswers> answers;                  // of the IK only
  std::vector<double> ns = {};                         // of one call, by batch
  std::size_t calls_a_batch = 0;
};

/// A batch function out of a call: the loop is compiled into it, so that a call costs no pointer.
template <typename Call>
std::function<void(std::size_t, std::size_t)> batch(Call call) {
  return [call](std::size_t begin, std::size_t end) mutable {
    for (std::size_t i = begin; i < end; ++i) call(i);
  };
}

/// A value that the optimiser must take as read.
template <typename T>
void use(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

inline double now_ns() {
  return std::chrono::duration<double, std::nano>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Calls a batch of this contestant: a batch lasts at least kBatchNs, so that what the one before
/// it left in the caches does not count.
inline std::size_t batch_size(const Contestant& c, std::size_t n) {
  constexpr std::size_t kTrial = 10;
  c.run(0, kTrial);
  const double start = now_ns();
  c.run(0, kTrial);
  const double call = std::max(1.0, (now_ns() - start) / kTrial);
  constexpr double kBatchNs = 100e3;
  return std::min(n, std::max(kTrial, static_cast<std::size_t>(kBatchNs / call)));
}

/// Race those of one operation: `rounds` batches of each in turn, going around the `n` data; then
/// whoever has not seen all data finishes them untimed.
inline void race(std::vector<Contestant*> contestants, std::size_t n, int rounds) {
  for (Contestant* c : contestants) c->calls_a_batch = batch_size(*c, n);
  std::vector<std::size_t> at(contestants.size(), 0), done(contestants.size(), 0);
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t k = 0; k < contestants.size(); ++k) {
      // Who goes first changes from round to round.
      const std::size_t who = (k + static_cast<std::size_t>(round)) % contestants.size();
      Contestant& c = *contestants[who];
      if (at[who] + c.calls_a_batch > n) at[who] = 0;
      const double start = now_ns();
      c.run(at[who], at[who] + c.calls_a_batch);
      c.ns.push_back((now_ns() - start) / static_cast<double>(c.calls_a_batch));
      at[who] += c.calls_a_batch;
      done[who] = std::max(done[who], at[who]);
    }
  }
  for (std::size_t k = 0; k < contestants.size(); ++k) contestants[k]->run(done[k], n);
}

/// The contestants of each library; a library that is not built in adds none.
void add_ours(const Data& data, std::vector<Contestant>* all);
void add_kdl(const Data& data, std::vector<Contestant>* all);
void add_pinocchio(const Data& data, std::vector<Contestant>* all);

}  // namespace bench
