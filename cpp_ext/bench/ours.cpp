// SPDX-License-Identifier: Apache-2.0
/// Ours on the same data.
#include "contest.hpp"
#include "trocar/dynamics.hpp"
#include "trocar/ik.hpp"
#include "trocar/kinematics.hpp"

namespace bench {

namespace {

Contestant ik_contestant(const Data& data, const char* operation, const std::vector<Vec6>& seeds) {
  auto answers = std::make_shared<IkAnswers>(data.q.size());
  const auto call = [answers, &data, &seeds](std::size_t i) {
    const psm::IkResult result = psm::inverse_kinematics(data.T_base_cp[i], seeds[i]);
    answers->q[i] = result.q;
    answers->claimed[i] = result.status == psm::IkStatus::kOk;
  };
  return {operation, "ours", batch(call), nullptr, answers};
}

}  // namespace

void add_ours(const Data& data, std::vector<Contestant>* all) {
  const DynamicParameters& p = data.parameters;
  all->push_back(
      {"fk", "ours", batch([&data](std::size_t i) { use(psm::forward_kinematics(data.q[i])); }),
       [&data](std::size_t i) { return Eigen::VectorXd(psm::forward_kinematics(data.q[i]).p); },
       nullptr});
  const auto jacobian = [&data](std::size_t i) {
    const psm::ChainAxes axes = psm::chain_axes(data.q[i]);
    use(psm::tool_frame(axes));
    use(psm::jacobian(axes));
  };
  all->push_back(
      {"jacobian", "ours", batch(jacobian),
       [&data](std::size_t i) { return Eigen::VectorXd(psm::jacobian(data.q[i]).reshaped()); },
       nullptr});
  const auto torque = [&data, &p](std::size_t i) {
    return inverse_dynamics(p, data.q7[i], data.qd[i], data.qdd[i]);
  };
  all->push_back({"rnea", "ours", batch([torque](std::size_t i) { use(torque(i)); }),
                  [torque](std::size_t i) { return Eigen::VectorXd(torque(i)); }, nullptr});
  const auto gravity = [&data, &p](std::size_t i) { return gravity_effort(p, data.q7[i]); };
  all->push_back({"gravity", "ours", batch([gravity](std::size_t i) { use(gravity(i)); }),
                  [gravity](std::size_t i) { return Eigen::VectorXd(gravity(i)); }, nullptr});
  all->push_back({"mass_matrix", "ours",
                  batch([&data, &p](std::size_t i) { use(mass_matrix(p, data.q7[i])); }), nullptr,
                  nullptr});
  all->push_back(ik_contestant(data, "ik.near", data.seed_near));
  all->push_back(ik_contestant(data, "ik.mid", data.seed_mid));
}

}  // namespace bench
