// SPDX-License-Identifier: Apache-2.0
/// trocar_core_campaigns NAME COUNT [SEED]: one campaign over COUNT cases.
#include <cstdlib>
#include <cstring>

#include "campaign.hpp"

using namespace bench;

namespace {

struct Entry {
  const char* name;
  void (*run)(const Task&);
};

constexpr Entry kCampaigns[] = {
    {"tick", tick_campaign},       {"exchange", exchange_campaign},
    {"ik", ik_campaign},           {"trajectory", trajectory_campaign},
    {"qp", qp_campaign},           {"fault", fault_campaign},
    {"fixture", fixture_campaign},
};

}  // namespace

int main(int argc, char** argv) {
  const Task task{argc > 2 ? std::atoll(argv[2]) : 0,
                  argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1};
  for (const Entry& entry : kCampaigns) {
    if (argc < 3 || task.count < 1 || std::strcmp(entry.name, argv[1]) != 0) continue;
    entry.run(task);
    return 0;
  }
  std::fprintf(stderr, "usage: trocar_core_campaigns NAME COUNT [SEED]; NAME is one of:");
  for (const Entry& entry : kCampaigns) std::fprintf(stderr, " %s", entry.name);
  std::fprintf(stderr, "\n");
  return 2;
}
