// SPDX-License-Identifier: Apache-2.0
/// Kinematics of the PSM and its limits.
#include <pybind11/native_enum.h>

#include "batch.hpp"
#include "bindings.hpp"
#include "number_text.hpp"
#include "trocar/ik_campaign.hpp"
#include "trocar/jacobian_rate.hpp"
#include "trocar/nearest_pose.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

/// Ranges of the joints, those of the PSM Classic where nothing is given.
struct Range {
  Vec6 lo = psm::vector(psm::kQMin).head<kNumJoints>();
  Vec6 hi = psm::vector(psm::kQMax).head<kNumJoints>();

  Range(const py::object& q_min, const py::object& q_max) {
    if (!q_min.is_none()) lo = bindings::vector_in<kNumJoints>(q_min, "q_min");
    if (!q_max.is_none()) hi = bindings::vector_in<kNumJoints>(q_max, "q_max");
    for (int i = 0; i < kNumJoints; ++i) {
      if (std::isfinite(lo[i]) && std::isfinite(hi[i]) && lo[i] <= hi[i]) continue;
      throw py::value_error("q_min[" + std::to_string(i) + "] = " + bindings::number_text(lo[i]) +
                            " and q_max[" + std::to_string(i) +
                            "] = " + bindings::number_text(hi[i]) +
                            " are no range; allowed are finite numbers with q_min <= q_max");
    }
  }
};

py::array_t<double> link_frames(const py::object& q) {
  const psm::LinkFrames frames = psm::link_frames(bindings::vector_in<kNumJoints>(q, "q"));
  py::array_t<double> out({static_cast<int>(frames.size()), 4, 4});
  for (std::size_t i = 0; i < frames.size(); ++i) {
    bindings::pose_out(frames[i], out.mutable_data(i));
  }
  return out;
}

psm::IkResult inverse_kinematics(const py::object& T_base_cp, const py::object& q_seed,
                                 const py::object& q_min, const py::object& q_max,
                                 psm::IkBranch branch) {
  const bindings::ArrayIn T = bindings::shaped_in<2>(T_base_cp, "T_base_cp", {4, 4});
  const Range range(q_min, q_max);
  return psm::inverse_kinematics(bindings::pose_in(T.data()),
                                 bindings::vector_in<kNumJoints>(q_seed, "q_seed"), range.lo.data(),
                                 range.hi.data(), branch);
}

psm::NearestPose nearest_pose(const py::object& T_base_cp, const py::object& q_seed,
                              const py::object& q_min, const py::object& q_max) {
  const bindings::ArrayIn T = bindings::shaped_in<2>(T_base_cp, "T_base_cp", {4, 4});
  const Range range(q_min, q_max);
  const Vec6 seed = bindings::vector_in<kNumJoints>(q_seed, "q_seed");
  return psm::nearest_pose(bindings::pose_in(T.data()), seed, range.lo.data(), range.hi.data());
}

py::array_t<double> fk_batch(const py::object& q) {
  const bindings::ArrayIn joints = bindings::shaped_in<2>(q, "q", {-1, kNumJoints});
  const py::ssize_t n = joints.shape(0);
  py::array_t<double> out({n, py::ssize_t{4}, py::ssize_t{4}});
  const double* in = joints.data();
  double* T = out.mutable_data();
  const py::gil_scoped_release release;
  for (py::ssize_t i = 0; i < n; ++i) {
    bindings::pose_out(psm::forward_kinematics(Eigen::Map<const Vec6>(in + 6 * i)), T + 16 * i);
  }
  return out;
}

py::array_t<double> jacobian_batch(const py::object& q) {
  const bindings::ArrayIn joints = bindings::shaped_in<2>(q, "q", {-1, kNumJoints});
  const py::ssize_t n = joints.shape(0);
  py::array_t<double> out({n, py::ssize_t{6}, py::ssize_t{6}});
  const double* in = joints.data();
  double* J = out.mutable_data();
  const py::gil_scoped_release release;
  for (py::ssize_t i = 0; i < n; ++i) {
    Eigen::Map<Eigen::Matrix<double, 6, 6, Eigen::RowMajor>>(J + 36 * i) =
        psm::jacobian(Vec6(Eigen::Map<const Vec6>(in + 6 * i)));
  }
  return out;
}

py::tuple ik_batch(const py::object& T_base_cp, const py::object& q_seed, const py::object& q_min,
                   const py::object& q_max) {
  const bindings::ArrayIn T = bindings::shaped_in<3>(T_base_cp, "T_base_cp", {-1, 4, 4});
  const py::ssize_t n = T.shape(0);
  const bindings::ArrayIn seeds = bindings::shaped_in<2>(q_seed, "q_seed", {n, kNumJoints});
  const Range range(q_min, q_max);
  py::array_t<double> q({n, py::ssize_t{kNumJoints}});
  py::array_t<std::uint8_t> status(n);
  const double *poses = T.data(), *from = seeds.data();
  double* to = q.mutable_data();
  std::uint8_t* said = status.mutable_data();
  {
    const py::gil_scoped_release release;
    for (py::ssize_t i = 0; i < n; ++i) {
      const psm::IkResult result = psm::inverse_kinematics(bindings::pose_in(poses + 16 * i),
                                                           Eigen::Map<const Vec6>(from + 6 * i),
                                                           range.lo.data(), range.hi.data());
      Eigen::Map<Vec6>(to + 6 * i) = result.q;
      said[i] = static_cast<std::uint8_t>(result.status);
    }
  }
  return py::make_tuple(q, status);
}

psm::IkCampaign ik_campaign(std::int64_t poses, std::uint64_t seed, bool near_rcm) {
  if (poses < 1 || poses > 1'000'000'000) {
    throw py::value_error("poses is " + std::to_string(poses) + ", allowed 1 to 1e9");
  }
  const py::gil_scoped_release release;
  return psm::ik_campaign(poses, seed, near_rcm);
}

/// Read-only (7,) array of a constant of the model.
py::array_t<double> constant(const psm::Axes& values) {
  py::array_t<double> a = bindings::array_out(psm::vector(values));
  a.attr("setflags")(py::arg("write") = false);
  return a;
}

void bind_results(py::module_& m) {
  py::native_enum<psm::IkStatus>(m, "IkStatus", "enum.IntEnum", "What became of an IK request.")
      .value("OK", psm::IkStatus::kOk)
      .value("OUT_OF_REACH", psm::IkStatus::kOutOfReach)
      .value("NEAR_RCM", psm::IkStatus::kNearRcm)
      .value("OUTSIDE_LIMITS", psm::IkStatus::kOutsideLimits)
      .finalize();
  py::native_enum<psm::IkBranch>(m, "IkBranch", "enum.IntEnum",
                                 "Which way the wrist bends: |wrist pitch| below or above 90 deg.")
      .value("FORWARD", psm::IkBranch::kForward)
      .value("BACKWARD", psm::IkBranch::kBackward)
      .finalize();

  py::class_<psm::IkResult>(m, "IkResult",
                            "Joints (6,), finite and inside the limits, and a status.  With "
                            "OUTSIDE_LIMITS they are the nearest joints: each is as near to the "
                            "solution's as its range allows.")
      .def_property_readonly("q", [](const psm::IkResult& r) { return bindings::array_out(r.q); })
      .def_property_readonly(
          "T_base_cp",
          [](const psm::IkResult& r) {
            return bindings::array_out(psm::forward_kinematics(r.q).matrix());
          },
          "The pose (4, 4) that q reaches.")
      .def_readonly("status", &psm::IkResult::status);

  py::class_<psm::NearestPose>(m, "NearestPose", "The feasible pose nearest to a goal.")
      .def_property_readonly("q",
                             [](const psm::NearestPose& r) { return bindings::array_out(r.q); })
      .def_property_readonly(
          "T_base_cp",
          [](const psm::NearestPose& r) { return bindings::array_out(r.T_base_cp.matrix()); },
          "What q reaches (4, 4).")
      .def_readonly("distance", &psm::NearestPose::distance,
                    "m: sqrt(|dp|^2 + (0.0102 theta)^2); NaN where the goal is no pose.")
      .def_readonly("status", &psm::NearestPose::status, "What the goal itself is.");

  py::class_<psm::IkCampaign>(m, "IkCampaign", "What a campaign of random poses found.")
      .def_readonly("poses", &psm::IkCampaign::poses)
      .def_readonly("right", &psm::IkCampaign::right)
      .def_readonly("max_position_error", &psm::IkCampaign::max_position_error)
      .def_readonly("max_rotation_error", &psm::IkCampaign::max_rotation_error);
}

void bind_single(py::module_& m) {
  m.def(
      "psm_fk",
      [](const py::object& q) {
        const Vec6 joints = bindings::vector_in<kNumJoints>(q, "q");
        return bindings::array_out(psm::forward_kinematics(joints).matrix());
      },
      py::arg("q"), "T_base_cp (4, 4) of joints q (6,) in rad, insertion in m.");
  m.def("psm_link_frames", &link_frames, py::arg("q"),
        "Frames (7, 4, 4) in the base frame: DH rows 1..6, then the tool frame.");
  m.def(
      "psm_jacobian",
      [](const py::object& q) {
        return bindings::array_out(psm::jacobian(bindings::vector_in<kNumJoints>(q, "q")));
      },
      py::arg("q"), "Jacobian (6, 6): twist (linear, angular) of the control point, base axes.");
  m.def(
      "psm_jacobian_rate",
      [](const py::object& q, const py::object& qd) {
        return bindings::array_out(psm::jacobian_rate(bindings::vector_in<kNumJoints>(q, "q"),
                                                      bindings::vector_in<kNumJoints>(qd, "qd")));
      },
      py::arg("q"), py::arg("qd"),
      "Time derivative (6, 6) of the Jacobian at joint speeds qd (6,), base axes.");
  m.def("psm_ik", &inverse_kinematics, py::arg("T_base_cp"), py::arg("q_seed"), py::kw_only(),
        py::arg("q_min") = py::none(), py::arg("q_max") = py::none(),
        py::arg("branch") = psm::IkBranch::kForward,
        "Closed-form IK of T_base_cp (4, 4), seed (6,); the roll is the turn nearest the seed's.  "
        "Ranges (6,) are those of the "
        "PSM Classic where left out.  See IkStatus.");
  m.def("psm_nearest_pose", &nearest_pose, py::arg("T_base_cp"), py::arg("q_seed"), py::kw_only(),
        py::arg("q_min") = py::none(), py::arg("q_max") = py::none(),
        "The pose inside the ranges and 45 mm past the RCM nearest to T_base_cp (4, 4), seed (6,), "
        "a radian counting "
        "10.2 mm (projected Newton from several starts; up to about a millisecond).");
}

}  // namespace

void bind_kinematics(py::module_& m) {
  m.attr("NUM_JOINTS") = kNumJoints;
  m.attr("NUM_AXES") = kNumAxes;
  m.attr("TICK_NS") = kTickNs;
  m.attr("Q_MIN") = constant(psm::kQMin);
  m.attr("Q_MAX") = constant(psm::kQMax);
  m.attr("EFFORT_MAX") = constant(psm::kEffortMax);
  m.attr("VELOCITY_MAX") = constant(psm::kVelocityMax);
  m.attr("ACCELERATION_MAX") = constant(psm::kAccelerationMax);
  bind_results(m);
  bind_single(m);
  m.def("psm_fk_batch", &fk_batch, py::arg("q"),
        "T_base_cp (N, 4, 4) of joints (N, 6); the GIL is released meanwhile.");
  m.def("psm_jacobian_batch", &jacobian_batch, py::arg("q"),
        "Jacobians (N, 6, 6) of joints (N, 6); the GIL is released meanwhile.");
  m.def("psm_ik_batch", &ik_batch, py::arg("T_base_cp"), py::arg("q_seed"), py::kw_only(),
        py::arg("q_min") = py::none(), py::arg("q_max") = py::none(),
        "(q (N, 6), status (N,) uint8) of poses (N, 4, 4) and seeds (N, 6); the GIL is released "
        "meanwhile.");
  m.def("psm_ik_campaign", &ik_campaign, py::arg("poses"), py::arg("seed"), py::kw_only(),
        py::arg("near_rcm") = false,
        "Asks for `poses` random poses inside the limits, the wrist past the 45 mm or, with "
        "near_rcm, before them; says how many were named rightly and the largest errors of those "
        "found (m, rad).");
}
