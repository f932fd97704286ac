// SPDX-License-Identifier: Apache-2.0
/// Races ours against the libraries that are built in, and prints one JSON object a line:
///   trocar_core_compare [number of poses]
/// "race": one library at one operation, ns of a call over batches; "ik": what its answers were
/// worth; "agreement": the largest difference from ours.
#include <cstdlib>
#include <map>
#include <random>

#include "contest.hpp"
#include "json.hpp"
#include "trocar/kinematics.hpp"

using namespace bench;

namespace {

constexpr std::uint64_t kSeed = 1;
// What counts as found, for every solver alike: 0.1 mm, 1 mrad, inside the limits.
constexpr double kFoundPosition = 1e-4, kFoundRotation = 1e-3;

double uniform(std::mt19937_64& random, double lo, double hi) {
  return lo + (hi - lo) * static_cast<double>(random() >> 11) * 0x1.0p-53;
}

Data make_data(std::size_t n) {
  Data data;
  std::mt19937_64 random(kSeed);
  for (std::size_t k = 0; k < n; ++k) {
    Vec7 q, qd, qdd;
    Vec6 near, mid;
    for (int i = 0; i < kNumAxes; ++i) {
      const double lo = i == 2 ? psm::kWristOffset + psm::kRcmClearance : psm::kQMin[i];
      q[i] = uniform(random, lo, psm::kQMax[i]);
      qd[i] = uniform(random, -1.0, 1.0) * psm::kVelocityMax[i];
      qdd[i] = uniform(random, -1.0, 1.0) * psm::kAccelerationMax[i];
      if (i >= kNumJoints) continue;
      const double away = i == 2 ? 0.005 : 0.05;
      near[i] = std::clamp(q[i] + uniform(random, -away, away), lo, psm::kQMax[i]);
      mid[i] = 0.5 * (lo + psm::kQMax[i]);
    }
    data.q.push_back(q.head<kNumJoints>());
    data.q7.push_back(q);
    data.qd.push_back(qd);
    data.qdd.push_back(qdd);
    data.seed_near.push_back(near);
    data.seed_mid.push_back(mid);
    data.T_base_cp.push_back(psm::forward_kinematics(q.head<kNumJoints>()));
  }
  return data;
}

bool inside_limits(const Vec6& q) {
  for (int i = 0; i < kNumJoints; ++i) {
    if (!(q[i] >= psm::kQMin[i] - 1e-9 && q[i] <= psm::kQMax[i] + 1e-9)) return false;
  }
  return true;
}

void print_race(const Contestant& c) {
  std::vector<double> ns = c.ns;
  std::sort(ns.begin(), ns.end());
  JsonLine("race")
      .add("operation", c.operation)
      .add("library", c.library)
      .add("p50_ns", quantile(ns, 0.5))
      .add("p99_ns", quantile(ns, 0.99))
      .add("min_ns", ns.front())
      .add("max_ns", ns.back())
      .add("batches", static_cast<double>(ns.size()))
      .add("calls_a_batch", static_cast<double>(c.calls_a_batch))
      .print();
}

/// Judge the answers for the first `n` poses.
void print_ik(const Contestant& c, const Data& data, std::size_t n) {
  double found = 0, claimed = 0, wrong = 0, position = 0, rotation = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Transform T = psm::forward_kinematics(c.answers->q[i]);
    const double dp = (T.p - data.T_base_cp[i].p).norm();
    // asin form: exact for small angles, where acos of the trace is not
    const double dR =
        2.0 * std::asin(std::min(1.0, (T.R - data.T_base_cp[i].R).norm() / (2.0 * std::sqrt(2.0))));
    const bool good =
        dp <= kFoundPosition && dR <= kFoundRotation && inside_limits(c.answers->q[i]);
    claimed += c.answers->claimed[i];
    if (c.answers->claimed[i] && good) {
      ++found;
      position = std::max(position, dp);
      rotation = std::max(rotation, dR);
    }
    wrong += c.answers->claimed[i] && !good;
  }
  JsonLine("ik")
      .add("operation", c.operation)
      .add("library", c.library)
      .add("poses", static_cast<double>(n))
      .add("found", found)
      .add("claimed_but_wrong", wrong)
      .add("max_position_error_m", position)
      .add("max_rotation_error_rad", rotation)
      .print();
}

void print_agreement(const Contestant& ours, const Contestant& peer, std::size_t n) {
  double difference = 0;
  for (std::size_t i = 0; i < n; ++i) {
    difference = std::max(difference, (ours.result(i) - peer.result(i)).cwiseAbs().maxCoeff());
  }
  JsonLine("agreement")
      .add("operation", ours.operation)
      .add("library", peer.library)
      .add("max_difference", difference)
      .add("n", static_cast<double>(n))
      .print();
}

void compete(const std::vector<Contestant*>& contestants, const Data& data) {
  const bool is_ik = contestants.front()->answers != nullptr;
  // The iterative solvers take up to a millisecond a call.
  const std::size_t n = is_ik ? std::max<std::size_t>(100, data.q.size() / 5) : data.q.size();
  race(contestants, n, data.q.size() >= 10'000 ? 400 : 50);
  const Contestant& ours = *contestants.front();
  for (const Contestant* c : contestants) {
    print_race(*c);
    if (is_ik) print_ik(*c, data, n);
    if (c != &ours && c->result && ours.result) print_agreement(ours, *c, n);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const long n = argc > 1 ? std::atol(argv[1]) : 20'000;
  if (n < 100 || n > 10'000'000) {
    std::fprintf(stderr, "trocar_core_compare: give 100 to 10000000 poses\n");
    return 2;
  }
  JsonLine("version").add("library", "compiler").add("version", __VERSION__).print();
  const Data data = make_data(static_cast<std::size_t>(n));
  std::vector<Contestant> all;
  add_ours(data, &all);
#ifdef TROCAR_BENCH_KDL
  add_kdl(data, &all);
#endif
#ifdef TROCAR_BENCH_PINOCCHIO
  add_pinocchio(data, &all);
#endif
  std::vector<std::string> order;
  std::map<std::string, std::vector<Contestant*>> operations;
  for (Contestant& c : all) {
    if (operations[c.operation].empty()) order.push_back(c.operation);
    operations[c.operation].push_back(&c);
  }
  for (const std::string& name : order) compete(operations[name], data);
  return 0;
}
