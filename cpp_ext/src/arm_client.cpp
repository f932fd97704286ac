// SPDX-License-Identifier: Apache-2.0
/// The clients' side of an arm: checks that need no state, sequence numbers, answers.
#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>

#include "trocar/arm.hpp"

namespace trocar {

namespace {

constexpr double kRotationTolerance =
    1e-3;  // as for quaternions: nearer is normalised, else refused
constexpr std::size_t kMostClientResults = 1024;

template <std::size_t N>
bool is_finite(const std::array<double, N>& values) {
  return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
}

/// Make `rotation` (row-major) orthonormal; false where it is farther than 1e-3 from a rotation.
bool normalise(std::array<double, 9>* rotation) {
  Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>> R(rotation->data());
  const Mat3 M = R;
  if (!((M.transpose() * M - Mat3::Identity()).cwiseAbs().maxCoeff() <= 2.0 * kRotationTolerance) ||
      !(M.determinant() > 0.0)) {
    return false;
  }
  R = Eigen::Quaterniond(M).normalized().toRotationMatrix();
  return true;
}

bool is_valid(MotionCommand* c) {
  const bool joints = c->kind == MotionKind::kServoJp || c->kind == MotionKind::kMoveJp;
  const bool pose = c->kind == MotionKind::kServoCp || c->kind == MotionKind::kMoveCp;
  if (joints && !is_finite(c->joints)) return false;
  if (pose && (!is_finite(c->position) || !is_finite(c->rotation) || !normalise(&c->rotation))) {
    return false;
  }
  return !c->has_velocity || is_finite(c->velocity);
}

}  // namespace

std::int64_t Arm::answer_now(Result result) {
  if (result.verdict == Verdict::kRefused)
    refused_by_client_.fetch_add(1, std::memory_order_relaxed);
  if (client_results_.size() < kMostClientResults) client_results_.push_back(result);
  return result.seq;
}

std::int64_t Arm::post(MotionCommand command) {
  const std::lock_guard<std::mutex> lock(client_mutex_);
  command.seq = next_seq_++;
  if (!is_valid(&command)) {
    return answer_now({command.seq, 0, command.source, Verdict::kRefused, Reason::kInvalid});
  }
  MotionCommand lost;
  if (motion_box_.put(command, &lost)) {
    answer_now({lost.seq, 0, lost.source, Verdict::kAltered, Reason::kSuperseded});
  }
  return command.seq;
}

std::int64_t Arm::post(JawCommand command) {
  const std::lock_guard<std::mutex> lock(client_mutex_);
  command.seq = next_seq_++;
  if (!std::isfinite(command.angle)) {
    return answer_now({command.seq, 0, command.source, Verdict::kRefused, Reason::kInvalid});
  }
  JawCommand lost;
  if (jaw_box_.put(command, &lost)) {
    answer_now({lost.seq, 0, lost.source, Verdict::kAltered, Reason::kSuperseded});
  }
  return command.seq;
}

std::int64_t Arm::post(StateCommand command) {
  const std::lock_guard<std::mutex> lock(client_mutex_);
  const StateRequest request{next_seq_++, command};
  if (!state_queue_.push(request)) {
    return answer_now({request.seq, 0, Source::kNone, Verdict::kRefused, Reason::kQueueFull});
  }
  return request.seq;
}

bool Arm::set_trocar(const TrocarPosition& trocar) {
  if (!(Eigen::Map<const Vec3>(trocar.p_base.data()).norm() <= kTrocarFarthest)) return false;
  const std::lock_guard<std::mutex> lock(client_mutex_);
  trocar_box_.put(trocar);
  return true;
}

const char* Arm::set_controller(const ControllerSettings& settings) {
  const char* fault = find_fault(settings);
  if (fault != nullptr) return fault;
  const std::lock_guard<std::mutex> lock(client_mutex_);
  controller_box_.put(settings);
  return nullptr;
}

ArmState Arm::state() const {
  ArmState state;
  // The writer is done within microseconds; a collision only means another try.
  while (published_.read(&state) < 0) {
  }
  state.commands_refused += refused_by_client_.load(std::memory_order_relaxed);
  return state;
}

std::vector<Result> Arm::take_results() {
  const std::lock_guard<std::mutex> lock(client_mutex_);
  std::vector<Result> taken;
  taken.swap(client_results_);
  Result result;
  while (results_.pop(&result)) taken.push_back(result);
  std::stable_sort(taken.begin(), taken.end(),
                   [](const Result& a, const Result& b) { return a.seq < b.seq; });
  return taken;
}

std::vector<ArmState> Arm::fault_snapshot() {
  const std::lock_guard<std::mutex> lock(client_mutex_);
  fault_box_.take(&client_record_);
  return {client_record_.states.begin(), client_record_.states.begin() + client_record_.count};
}

}  // namespace trocar
