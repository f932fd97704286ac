// SPDX-License-Identifier: Apache-2.0
/// What shapes an operator's motion.  Each object takes one call at a time, from any thread.
#include <cmath>

#include "batch.hpp"
#include "bindings.hpp"
#include "exclusive.hpp"
#include "trocar/clutch.hpp"
#include "trocar/jaw_slew.hpp"
#include "trocar/pose_extrapolator.hpp"
#include "trocar/tremor_filter.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

using bindings::Exclusive;

/// An object and its lock.
template <typename Shaper>
struct Guarded {
  Shaper it;
  mutable std::mutex mutex;
};

void check(ShapingStatus status, const char* what) {
  if (status == ShapingStatus::kOk || status == ShapingStatus::kGap) return;
  throw py::value_error(std::string(what) + " " + describe(status));
}

Transform usable_pose(const py::object& T, const char* what) {
  const Transform pose = bindings::pose_in(bindings::shaped_in<2>(T, what, {4, 4}).data());
  check(check_pose(pose), what);
  return pose;
}

py::array_t<double> matrix_out(const Transform& T) { return bindings::array_out(T.matrix()); }

Horizon horizon_in(double extrapolate_s, double hold_s) {
  if (!(extrapolate_s >= 0.0 && hold_s >= extrapolate_s && std::isfinite(hold_s))) {
    throw py::value_error("extrapolate_s and hold_s: allowed 0 <= extrapolate_s <= hold_s");
  }
  return {extrapolate_s, hold_s};
}

double age_in(double age_s) {
  if (!std::isfinite(age_s)) throw py::value_error("age_s is not finite");
  return age_s;
}

void bind_clutch(py::module_& m) {
  using Bound = Guarded<Clutch>;
  py::class_<Bound>(m, "Clutch",
                    "A master's hand to an instrument, relative to poses latched at engagement: "
                    "position scaled, orientation never (dVRK teleop-psm.rst).  Bad poses and "
                    "scales raise ValueError and change nothing.")
      .def(py::init<>())
      .def(
          "engage",
          [](Bound& c, const py::object& master, const py::object& slave, double scale) {
            const Transform T_master = usable_pose(master, "T_camera_master");
            const Transform T_slave = usable_pose(slave, "T_camera_slave");
            const Exclusive exclusive(c.mutex);
            check(c.it.engage(T_master, T_slave, scale), "scale");
          },
          py::arg("T_camera_master"), py::arg("T_camera_slave"), py::arg("scale"),
          "Latch: `map` is relative to these two poses (4, 4) from here on; scale above 0, to 10.")
      .def(
          "release",
          [](Bound& c) {
            const Exclusive exclusive(c.mutex);
            c.it.release();
          },
          "Let go: nothing is mapped until the next `engage`.")
      .def(
          "map",
          [](const Bound& c, const py::object& master) {
            const Transform T_master = usable_pose(master, "T_camera_master");
            Transform T_slave;
            {
              const Exclusive exclusive(c.mutex);
              check(c.it.map(T_master, &T_slave), "map");
            }
            return matrix_out(T_slave);
          },
          py::arg("T_camera_master"),
          "Pose (4, 4) of the slave for this pose (4, 4), in the camera.")
      .def(
          "rescale",
          [](Bound& c, const py::object& master, double scale) {
            const Transform T_master = usable_pose(master, "T_camera_master");
            const Exclusive exclusive(c.mutex);
            check(c.it.rescale(T_master, scale), c.it.is_engaged() ? "scale" : "rescale");
          },
          py::arg("T_camera_master"), py::arg("scale"),
          "Change the scale with the hand at this pose (4, 4), without moving the slave.")
      .def(
          "pull_to",
          [](Bound& c, const py::object& master, const py::object& slave) {
            const Transform T_master = usable_pose(master, "T_camera_master");
            const Transform T_slave = usable_pose(slave, "T_camera_slave");
            const Exclusive exclusive(c.mutex);
            check(c.it.pull_to(T_master, T_slave), "pull_to");
          },
          py::arg("T_camera_master"), py::arg("T_camera_slave"),
          "Latch again, (4, 4) both, where the slave could not follow: the way back starts at "
          "once.")
      .def_property_readonly("is_engaged",
                             [](const Bound& c) {
                               const Exclusive exclusive(c.mutex);
                               return c.it.is_engaged();
                             })
      .def_property_readonly("scale", [](const Bound& c) {
        const Exclusive exclusive(c.mutex);
        return c.it.scale();
      });
}

void bind_tremor_filter(py::module_& m) {
  using Bound = Guarded<TremorFilter>;
  py::class_<Bound>(m, "TremorFilter",
                    "Takes 8-12 Hz out of a stream of poses: >= 70 % of the RMS at 50 Hz and more, "
                    "9.7 ms late at 1 Hz.  Two linear notches, integrated exactly between samples "
                    "at any times.  Bad poses and stamps raise ValueError and change nothing.")
      .def(py::init<>())
      .def(
          "start",
          [](Bound& f, const py::object& T, std::int64_t stamp_ns) {
            const Transform pose = usable_pose(T, "T_camera_hand");
            const Exclusive exclusive(f.mutex);
            check(f.it.start(pose, stamp_ns), "T_camera_hand");
          },
          py::arg("T_camera_hand"), py::arg("stamp_ns"),
          "Begin at rest at this pose (4, 4): the output is the input, without a transient.")
      .def(
          "step",
          [](Bound& f, const py::object& T, std::int64_t stamp_ns) {
            const Transform pose = usable_pose(T, "T_camera_hand");
            Transform out;
            {
              const Exclusive exclusive(f.mutex);
              const ShapingStatus status = f.it.step(pose, stamp_ns);
              check(status, status == ShapingStatus::kNotEngaged ? "step" : "stamp_ns");
              out = f.it.output();
            }
            return matrix_out(out);
          },
          py::arg("T_camera_hand"), py::arg("stamp_ns"),
          "The filtered pose (4, 4) for this one (4, 4), whose stamp is later than the last.")
      .def_static(
          "delay",
          [](double hz) {
            if (!(hz >= 0.0 && hz <= 5.0)) throw py::value_error("hz: allowed 0 to 5");
            return TremorFilter::delay(hz);
          },
          py::arg("hz") = 1.0, "By how much (s) a tone of 0 to 5 Hz is late; 0: a steady motion.")
      .def_static(
          "gain",
          [](double hz) {
            if (!(hz >= 0.0 && hz <= 1e6)) throw py::value_error("hz: allowed 0 to 1e6");
            return std::abs(TremorFilter::response(hz));
          },
          py::arg("hz"), "How much of a tone (Hz) is left, between samples that are close.");
}

void bind_jaw_slew(py::module_& m) {
  using Bound = Guarded<JawSlew>;
  py::class_<Bound> slew(m, "JawSlew",
                         "The jaw after the operator's grip: 36 deg/s while it re-matches after "
                         "`engage`, 720 deg/s otherwise (dVRK).  Bad numbers raise ValueError.");
  slew.def(py::init<>())
      .def(
          "engage",
          [](Bound& s, double jaw) {
            const Exclusive exclusive(s.mutex);
            check(s.it.engage(jaw), "jaw");
          },
          py::arg("jaw"), "From the jaw's own angle (rad): re-matching until a target is met.")
      .def(
          "step",
          [](Bound& s, double target, double dt) {
            const Exclusive exclusive(s.mutex);
            const char* what = std::isfinite(dt) && dt >= 0.0 ? "target" : "dt";
            const ShapingStatus status = s.it.step(target, dt);
            check(status, status == ShapingStatus::kNotEngaged ? "step" : what);
            return s.it.angle();
          },
          py::arg("target"), py::arg("dt"),
          "The angle (rad) after `dt` (s, 0.05 at most counts) towards the target.")
      .def(
          "pull_to",
          [](Bound& s, double jaw) {
            const Exclusive exclusive(s.mutex);
            const ShapingStatus status = s.it.pull_to(jaw);
            check(status, status == ShapingStatus::kNotEngaged ? "pull_to" : "jaw");
          },
          py::arg("jaw"), "Go on from this angle (rad), where the jaw could not follow.")
      .def_property_readonly("angle",
                             [](const Bound& s) {
                               const Exclusive exclusive(s.mutex);
                               return s.it.angle();
                             })
      .def_property_readonly("is_rematching", [](const Bound& s) {
        const Exclusive exclusive(s.mutex);
        return s.it.is_rematching();
      });
  slew.attr("RATE") = JawSlew::kRate;
  slew.attr("REMATCH_RATE") = JawSlew::kRematchRate;
}

void bind_pose_extrapolator(py::module_& m) {
  using Bound = Guarded<PoseExtrapolator>;
  py::class_<Bound>(m, "PoseExtrapolator",
                    "A pose with its twist carried to now: fully up to extrapolate_s, then slowing "
                    "to a hold at hold_s (design.md, section 2).")
      .def(py::init<>())
      .def(
          "set",
          [](Bound& e, const py::object& T, const py::object& twist) {
            const Transform pose = usable_pose(T, "T_base_target");
            const Vec6 rate = bindings::vector_in<6>(twist, "twist");
            if (!(rate.cwiseAbs().maxCoeff() <= kFarthest) || !rate.allFinite()) {
              throw py::value_error("twist: allowed finite, up to 1e6 m/s and rad/s");
            }
            const Exclusive exclusive(e.mutex);
            e.it.set(pose, rate);
          },
          py::arg("T_base_target"), py::arg("twist"),
          "The datum: pose (4, 4), twist (6,) (linear, angular) in the pose's parent axes.")
      .def(
          "at",
          [](const Bound& e, double age_s, double extrapolate_s, double hold_s) {
            const Horizon horizon = horizon_in(extrapolate_s, hold_s);
            Transform T;
            {
              const Exclusive exclusive(e.mutex);
              T = e.it.at(age_in(age_s), horizon);
            }
            return matrix_out(T);
          },
          py::arg("age_s"), py::arg("extrapolate_s"), py::arg("hold_s"),
          "The pose (4, 4) age_s (s) after the datum; a negative age counts as 0.")
      .def(
          "twist_at",
          [](const Bound& e, double age_s, double extrapolate_s, double hold_s) {
            const Horizon horizon = horizon_in(extrapolate_s, hold_s);
            Vec6 twist;
            {
              const Exclusive exclusive(e.mutex);
              twist = e.it.twist_at(age_in(age_s), horizon);
            }
            return bindings::array_out(twist);
          },
          py::arg("age_s"), py::arg("extrapolate_s"), py::arg("hold_s"),
          "The twist (6,) that is still believed then.");
}

}  // namespace

void bind_shaping(py::module_& m) {
  bind_clutch(m);
  bind_tremor_filter(m);
  bind_jaw_slew(m);
  bind_pose_extrapolator(m);
}
