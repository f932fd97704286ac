// SPDX-License-Identifier: Apache-2.0
/// One arm: the newest command in, one tick of control, the newest state out.
///
/// Two sides that never wait for each other.  Clients (any thread, Python or ROS) post commands and
/// read states; a mutex serialises them among themselves only.  The loop (one thread) calls tick()
/// once per measured state: no allocation, lock, exception, log or system call in it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "trocar/arm_command.hpp"
#include "trocar/arm_config.hpp"
#include "trocar/arm_state.hpp"
#include "trocar/constraint_stage.hpp"
#include "trocar/controller.hpp"
#include "trocar/force_observer.hpp"
#include "trocar/mailbox.hpp"
#include "trocar/operating_state.hpp"
#include "trocar/recorder.hpp"
#include "trocar/reference.hpp"
#include "trocar/safety_unit.hpp"
#include "trocar/seqlock.hpp"
#include "trocar/spsc_queue.hpp"

namespace trocar {

class Arm {
 public:
  explicit Arm(const ArmConfig& config);
  Arm(const Arm&) = delete;
  Arm& operator=(const Arm&) = delete;

  const ArmConfig& config() const { return config_; }

  // --- clients -------------------------------------------------------------------------
  /// Post a motion; returns its sequence number.  Not finite or not a rotation (1e-3): answered at
  /// once as kInvalid, and nothing reaches the tick.
  std::int64_t post(MotionCommand command);
  std::int64_t post(JawCommand command);
  std::int64_t post(StateCommand command);

  /// Another control law or other gains, without a jump.  Answers nullptr, or what is wrong with
  /// the settings: nothing then reaches the tick.
  const char* set_controller(const ControllerSettings& settings);

  void press_estop() { estop_.store(true, std::memory_order_release); }
  void release_estop() { estop_.store(false, std::memory_order_release); }

  /// Where the port is, base frame, m; watched from the next tick on.  False where it is not finite
  /// or farther than kTrocarFarthest from the remote centre of motion: nothing is changed.
  bool set_trocar(const TrocarPosition& trocar);
  static constexpr double kTrocarFarthest = 0.1;

  /// Virtual fixtures from the next tick on, in place of all before; up to kMaxFixtures.  Null
  /// where they were taken, else what is wrong with fixture *index: nothing is changed then.
  const char* set_fixtures(const std::vector<FixturePost>& fixtures, int* index);

  /// Newest published state.
  ArmState state() const;

  /// Answers since the last call, in order of their sequence numbers.
  std::vector<Result> take_results();

  /// The record of the newest fault, oldest tick first; empty before the first.
  std::vector<ArmState> fault_snapshot();

  // --- loop thread ---------------------------------------------------------------------
  /// One tick; the answer stays valid until the next call.
  const TorqueCommand& tick(const MeasuredState& measured);

  /// In place of a tick, where the plant has been silent for too long: PLANT_LOST if powered.
  void tick_without_plant(std::int64_t now_ns);

  /// Ask for a controlled stop and power off, as `disable` does; any thread.
  void request_shutdown() { shutdown_.store(true, std::memory_order_release); }

  void clear_shutdown() { shutdown_.store(false, std::memory_order_release); }

  /// One loop or lockstep port may drive the arm; false where another already does.
  bool attach() {
    if (attached_.exchange(true)) return false;
    new_plant_.store(true, std::memory_order_release);
    return true;
  }
  void detach() { attached_.store(false); }

 private:
  friend struct ArmProbe;  // tests: what happens if a tick computes nonsense
  std::int64_t answer_now(Result result);
  void answer(std::int64_t seq, Source source, Verdict verdict, Reason reason);
  void take_news(const MeasuredState& m);
  void check_sensors(const MeasuredState& m);
  void supervise(const MeasuredState& m);
  void raise(Fault fault, int axis);
  void power_off();
  void enable();
  void begin_stop();
  bool cause_persists() const;
  void take_state_requests();
  Outcome apply(StateCommand command);
  void take_motions();
  Reason motion_refusal() const;
  void progress();
  void step_reference();
  void observe(const MeasuredState& m);
  void forget_force();
  void constrain(const std::array<AxisState, kNumAxes>& before);
  void take_fixtures();
  void check_regions();
  void give_up_blocked_move();
  void guide(MotionCommand* motion, bool* guided) const;
  Outcome judge_goal(const MotionCommand& motion, bool guided, Outcome outcome) const;
  void control(const MeasuredState& m);
  const TorqueCommand& finish(const MeasuredState& m);
  void publish(const MeasuredState& m);

  const ArmConfig config_;

  // Client side.
  std::mutex client_mutex_;
  std::int64_t next_seq_ = 1;
  std::vector<Result> client_results_;
  std::atomic<std::int64_t> refused_by_client_{0};
  FaultRecord client_record_;
  std::int64_t posted_fixtures_ = 0;
  /// Grids that the tick may still look at, with the generation of fixtures that brought them.
  std::vector<std::pair<std::int64_t, std::shared_ptr<const SignedDistanceGrid>>> grids_;

  // Exchange.
  Mailbox<MotionCommand> motion_box_;
  Mailbox<JawCommand> jaw_box_;
  Mailbox<TrocarPosition> trocar_box_;
  Mailbox<FixtureSet> fixture_box_;
  std::atomic<std::int64_t> fixtures_in_use_{0};
  Mailbox<ControllerSettings> controller_box_;
  SpscQueue<StateRequest, 32> state_queue_;
  SpscQueue<Result, 1024> results_;
  Mailbox<FaultRecord> fault_box_;
  Seqlock<ArmState> published_;
  std::atomic<bool> estop_{false};
  std::atomic<bool> shutdown_{false};
  std::atomic<bool> attached_{false};
  std::atomic<bool> new_plant_{false};

  // Tick side.
  Reference reference_;
  ForceObserver observer_;
  std::int64_t observed_ns_ = 0;
  Controller controller_;
  SafetyUnit safety_;
  ConstraintStage constraints_;
  Recorder recorder_;
  FaultRecord record_;
  ArmState state_;
  TorqueCommand wanted_;  // what this tick asks for; safety_.output() is what it gets
  MeasuredState measured_;
  std::int64_t now_ns_ = 0;
  std::int64_t refused_ = 0;
  int rest_ticks_ = 0;
  int blocked_ticks_ = 0;
  bool fixture_told_ = false;  // the motion under way was answered kFixture
  bool stopping_ = false;
  bool homing_ = false;
  bool estop_now_ = false;
  bool sensors_bad_ = false;
  bool new_fault_ = false;
};

}  // namespace trocar
