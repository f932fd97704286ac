// SPDX-License-Identifier: Apache-2.0
/// Campaigns: many random cases of one promise, each printing JSON lines ("campaign": its name).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "contest.hpp"
#include "json.hpp"

namespace bench {

/// What a campaign is asked for.
struct Task {
  std::int64_t count;
  std::uint64_t seed;
};

void tick_campaign(const Task& task);
void exchange_campaign(const Task& task);
void ik_campaign(const Task& task);
void trajectory_campaign(const Task& task);
void qp_campaign(const Task& task);
void fault_campaign(const Task& task);
void fixture_campaign(const Task& task);

/// A line of order statistics of `samples` in us, which is sorted in place.
inline void print_times(const std::string& campaign, std::vector<double>* us) {
  std::sort(us->begin(), us->end());
  JsonLine("times")
      .add("campaign", campaign)
      .add("p50_us", quantile(*us, 0.5))
      .add("p99_us", quantile(*us, 0.99))
      .add("p999_us", quantile(*us, 0.999))
      .add("max_us", us->back())
      .add("n", static_cast<double>(us->size()))
      .print();
}

/// A line with one figure.
inline void print_figure(const std::string& campaign, const std::string& name, double value,
                         double n) {
  JsonLine("figure")
      .add("campaign", campaign)
      .add("name", name)
      .add("value", value)
      .add("n", n)
      .print();
}

}  // namespace bench
