// SPDX-License-Identifier: Apache-2.0
/// The arm: its words, configuration, commands and states.
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include "arm_in.hpp"
#include "arrays.hpp"
#include "bindings.hpp"
#include "trocar/arm.hpp"

namespace py = pybind11;
using namespace trocar;

void bind_status(py::module_& m);
void bind_faults(py::module_& m);
void bind_fixtures(py::module_& m);
std::vector<FixturePost> fixtures_in(const py::object& object);

namespace {

void bind_config(py::module_& m) {
  py::class_<ArmConfig> c(m, "ArmConfig",
                          "Limits, gains and ages; axes: six joints, then the jaw.");
  c.def(py::init<>());
  bindings::bind_array<&ArmConfig::q_min>(c, "q_min", "(7,) rad, m");
  bindings::bind_array<&ArmConfig::q_max>(c, "q_max", "(7,) rad, m");
  bindings::bind_array<&ArmConfig::velocity_max>(c, "velocity_max", "(7,) rad/s, m/s");
  bindings::bind_array<&ArmConfig::acceleration_max>(c, "acceleration_max", "(7,) rad/s2, m/s2");
  bindings::bind_array<&ArmConfig::jerk_max>(c, "jerk_max", "(7,) rad/s3, m/s3");
  bindings::bind_array<&ArmConfig::effort_max>(c, "effort_max", "(7,) N m, N");
  bindings::bind_array<&ArmConfig::natural_frequency>(c, "natural_frequency", "(7,) rad/s");
  bindings::bind_array<&ArmConfig::tracking_error_max>(c, "tracking_error_max", "(7,) rad, m");
  bindings::bind_array<&ArmConfig::observer_gain>(c, "observer_gain", "(7,) 1/s");
  bindings::bind_array<&ArmConfig::home_q>(c, "home_q", "(7,) rad, m");
  c.def_readwrite("dynamics", &ArmConfig::dynamics)
      .def_readwrite("move_acceleration_share", &ArmConfig::move_acceleration_share)
      .def_readwrite("stop_time_s", &ArmConfig::stop_time_s)
      .def_readwrite("damping_ratio", &ArmConfig::damping_ratio)
      .def_readwrite("integral_ratio", &ArmConfig::integral_ratio)
      .def_readwrite("integral_share", &ArmConfig::integral_share)
      .def_readwrite("tracking_error_ticks", &ArmConfig::tracking_error_ticks)
      .def_readwrite("effort_limit_ticks", &ArmConfig::effort_limit_ticks)
      .def_readwrite("encoder_jump_margin", &ArmConfig::encoder_jump_margin)
      .def_readwrite("safety", &ArmConfig::safety)
      .def_readwrite("crtk_stale_s", &ArmConfig::crtk_stale_s)
      .def_readwrite("operator_hold_s", &ArmConfig::operator_hold_s)
      .def_readwrite("follow_extrapolate_s", &ArmConfig::follow_extrapolate_s)
      .def_readwrite("follow_hold_s", &ArmConfig::follow_hold_s)
      .def_readwrite("line_velocity", &ArmConfig::line_velocity)
      .def_readwrite("line_acceleration", &ArmConfig::line_acceleration)
      .def_readwrite("turn_velocity", &ArmConfig::turn_velocity)
      .def_readwrite("turn_acceleration", &ArmConfig::turn_acceleration)
      .def_readwrite("approach_rate", &ArmConfig::approach_rate)
      .def_readwrite("approach_rate_follow", &ArmConfig::approach_rate_follow)
      .def_readwrite("shaft_radius", &ArmConfig::shaft_radius);
}
template <auto Member>
py::array_t<double> axes_out(const ArmState& s) {
  return bindings::array_out(to_vector(s.*Member));
}
template <auto Member>
bool flag_out(const ArmState& s) {
  return (s.*Member) != 0;
}
std::vector<Fault> causes_of(const ArmState& s) {
  std::vector<Fault> out;
  for (const FaultEntry& row : kFaultTable) {
    if ((s.causes & bit(row.fault)) != 0) out.push_back(row.fault);
  }
  return out;
}
void set_trocar(Arm& arm, const py::object& p_base) {
  TrocarPosition trocar;
  Eigen::Map<Vec3>(trocar.p_base.data()) = bindings::vector_in<3>(p_base, "p_base");
  if (!arm.set_trocar(trocar)) {
    throw py::value_error("p_base is " + std::string(py::str(p_base)) +
                          ", allowed finite and at most 0.1 m from the remote centre of motion");
  }
}
void set_fixtures(Arm& arm, const py::object& fixtures) {
  int index = 0;
  if (const char* fault = arm.set_fixtures(fixtures_in(fixtures), &index)) {
    throw py::value_error("set_fixtures: fixtures[" + std::to_string(index) + "]: " + fault);
  }
}
void bind_state(py::module_& m) {
  py::class_<Result>(m, "Result", "What became of one command.")
      .def_readonly("seq", &Result::seq)
      .def_readonly("source", &Result::source)
      .def_readonly("verdict", &Result::verdict)
      .def_readonly("reason", &Result::reason)
      .def_readonly("stamp_ns", &Result::stamp_ns);
  py::class_<ArmState>(m, "ArmState", "One tick; arrays (7,) are copies.")
      .def_readonly("tick", &ArmState::tick)
      .def_readonly("stamp_ns", &ArmState::stamp_ns)
      .def_property_readonly("q", &axes_out<&ArmState::q>)
      .def_property_readonly("qd", &axes_out<&ArmState::qd>)
      .def_property_readonly("tau", &axes_out<&ArmState::tau>)
      .def_property_readonly("setpoint_q", &axes_out<&ArmState::setpoint_q>)
      .def_property_readonly("setpoint_qd", &axes_out<&ArmState::setpoint_qd>)
      .def_property_readonly("setpoint_tau", &axes_out<&ArmState::setpoint_tau>)
      .def_property_readonly("goal_q", &axes_out<&ArmState::goal_q>)
      .def_property_readonly("tau_external", &axes_out<&ArmState::tau_external>,
                             "(7,) N m, insertion N: what the surroundings add to the motors.")
      .def_property_readonly(
          "wrench",
          [](const ArmState& s) {
            return bindings::array_out(Eigen::Map<const Vec6>(s.wrench.data()));
          },
          "(6,) force N, torque N m on the control point, base axes; 0 where not valid.")
      .def_property_readonly("wrench_valid", &flag_out<&ArmState::wrench_valid>,
                             "Powered, settled, wrist >= 45 mm past the RCM, its pitch <= 75 deg.")
      .def_readonly("operating_state", &ArmState::operating_state)
      .def_property_readonly("is_homed", &flag_out<&ArmState::is_homed>)
      .def_property_readonly("is_busy", &flag_out<&ArmState::is_busy>)
      .def_property_readonly("stale", &flag_out<&ArmState::stale>)
      .def_property_readonly("estop", &flag_out<&ArmState::estop>)
      .def_property_readonly("powered", &flag_out<&ArmState::powered>)
      .def_readonly("controller", &ArmState::controller)
      .def_readonly("source", &ArmState::source)
      .def_readonly("fault", &ArmState::fault)
      .def_readonly("fault_axis", &ArmState::fault_axis)
      .def_readonly("plant_reason", &ArmState::plant_reason)
      .def_readonly("command_seq", &ArmState::command_seq)
      .def_readonly("command_stamp_ns", &ArmState::command_stamp_ns)
      .def_readonly("command_applied_ns", &ArmState::command_applied_ns)
      .def_readonly("commands_refused", &ArmState::commands_refused)
      .def_readonly("results_dropped", &ArmState::results_dropped)
      .def_property_readonly("causes", &causes_of)
      .def_readonly("rcm_drift", &ArmState::rcm_drift)
      .def_readonly("constraint", &ArmState::constraint, "What the fixtures did in this tick.");
}
void set_velocity(MotionCommand* c, const py::object& velocity, const char* what) {
  if (velocity.is_none()) return;
  Eigen::Map<Vec6>(c->velocity.data()) = bindings::vector_in<6>(velocity, what);
  c->has_velocity = 1;
}
MotionCommand joint_motion(MotionKind kind, const py::object& q, Source source) {
  MotionCommand c;
  c.kind = kind;
  c.source = source;
  Eigen::Map<Vec6>(c.joints.data()) = bindings::vector_in<kNumJoints>(q, "q");
  return c;
}
MotionCommand pose_motion(MotionKind kind, const py::object& T_base_cp, Source source) {
  MotionCommand c;
  c.kind = kind;
  c.source = source;
  const Mat4 T = bindings::matrix_in<4, 4>(T_base_cp, "T_base_cp");
  Eigen::Map<Vec3>(c.position.data()) = T.topRightCorner<3, 1>();
  Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>> R(c.rotation.data());
  R = T.topLeftCorner<3, 3>();
  if (!(T.row(3) == Eigen::RowVector4d(0.0, 0.0, 0.0, 1.0)))
    R.setZero();  // no rigid pose: kInvalid
  return c;
}
JawCommand jaw_motion(double angle, Source source, bool is_move) {
  JawCommand c;
  c.source = source;
  c.is_move = is_move;
  c.angle = angle;
  return c;
}
void bind_commands(py::class_<Arm, std::shared_ptr<Arm>>& c) {
  c.def(
       "servo_jp",
       [](Arm& arm, const py::object& q, const py::object& qd, Source source,
          std::int64_t stamp_ns) {
         MotionCommand command = joint_motion(MotionKind::kServoJp, q, source);
         set_velocity(&command, qd, "qd");
         command.stamp_ns = stamp_ns;
         return arm.post(command);
       },
       py::arg("q"), py::arg("qd") = py::none(), py::kw_only(), py::arg("source") = Source::kCrtk,
       py::arg("stamp_ns") = 0, "Follow joints q (6,), moving at qd; returns the command's number.")
      .def(
          "servo_cp",
          [](Arm& arm, const py::object& T, const py::object& twist, Source source,
             std::int64_t stamp_ns) {
            MotionCommand command = pose_motion(MotionKind::kServoCp, T, source);
            set_velocity(&command, twist, "twist");
            command.stamp_ns = stamp_ns;
            return arm.post(command);
          },
          py::arg("T_base_cp"), py::arg("twist") = py::none(), py::kw_only(),
          py::arg("source") = Source::kCrtk, py::arg("stamp_ns") = 0,
          "Follow the pose T_base_cp (4, 4), moving at twist (6,), from stamp_ns on.")
      .def(
          "move_jp",
          [](Arm& arm, const py::object& q, Source source) {
            return arm.post(joint_motion(MotionKind::kMoveJp, q, source));
          },
          py::arg("q"), py::kw_only(), py::arg("source") = Source::kCrtk,
          "Move to joints q (6,) and stop there; all joints arrive together.")
      .def(
          "move_cp",
          [](Arm& arm, const py::object& T, Source source) {
            return arm.post(pose_motion(MotionKind::kMoveCp, T, source));
          },
          py::arg("T_base_cp"), py::kw_only(), py::arg("source") = Source::kCrtk,
          "Move the control point along a straight line to T_base_cp (4, 4) and stop there.")
      .def(
          "jaw_servo_jp",
          [](Arm& arm, double angle, Source s) { return arm.post(jaw_motion(angle, s, false)); },
          py::arg("angle"), py::kw_only(), py::arg("source") = Source::kCrtk,
          "Follow a jaw angle, rad.")
      .def(
          "jaw_move_jp",
          [](Arm& arm, double angle, Source s) { return arm.post(jaw_motion(angle, s, true)); },
          py::arg("angle"), py::kw_only(), py::arg("source") = Source::kCrtk,
          "Move the jaw to an angle, rad.")
      .def(
          "hold", [](Arm& arm) { return arm.post(MotionCommand{}); },
          "Stop and stay, jaw included.")
      .def(
          "state_command", [](Arm& arm, StateCommand command) { return arm.post(command); },
          py::arg("command"), "A word to the operating-state machine.");
}
}  // namespace
void bind_arm(py::module_& m) {
  bind_status(m);
  bind_faults(m);
  bind_fixtures(m);
  bind_config(m);
  bind_state(m);
  py::class_<Arm, std::shared_ptr<Arm>> arm(
      m, "Arm",
      "One arm: the newest command in, the newest state out; no call ever waits for the tick.");
  arm.def(py::init(&bindings::arm_in), py::arg("config"));
  bind_commands(arm);
  arm.def(
      "set_controller",
      [](Arm& self, const ControllerSettings& settings) {
        const char* fault = self.set_controller(settings);
        if (fault != nullptr) {
          throw py::value_error(std::string("set_controller: settings.") + fault);
        }
      },
      py::arg("settings"),
      "Choose the control law and its gains; the change makes no jump.  Settings outside their "
      "limits: ValueError, and nothing changes.");
  arm.def("press_estop", &Arm::press_estop,
          "Controlled stop, power off, FAULT; held until released.")
      .def("set_trocar", &set_trocar, py::arg("p_base"),
           "Where the port is: (3,) m, base frame, at most 0.1 m from the origin, which is the "
           "default.  From the next tick on the shaft's distance from it is watched (RCM_DRIFT).  "
           "ValueError where it is not finite, too far or of another shape: nothing is changed.")
      .def("set_fixtures", &set_fixtures, py::arg("fixtures"),
           "Virtual fixtures from the next tick on, a list of up to 8, in place of all before.  "
           "ValueError where one is wrong: nothing is changed then.")
      .def("release_estop", &Arm::release_estop, "Take the cause away; the arm stays in FAULT.")
      .def("state", &Arm::state, "The newest tick.")
      .def("take_results", &Arm::take_results, "Answers since the last call.")
      .def("fault_snapshot", &Arm::fault_snapshot,
           "Up to 64 ticks that end with the newest fault's, oldest first.");
}
