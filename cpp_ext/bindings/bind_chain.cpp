// SPDX-License-Identifier: Apache-2.0
/// The generic chain.  A bound chain never changes, so that threads may share it.
#include <pybind11/native_enum.h>

#include "batch.hpp"
#include "bindings.hpp"
#include "chain_in.hpp"
#include "trocar/chain_ik.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

using bindings::ArrayIn;

py::array_t<double> jacobian_out(const ChainJacobian& J, int size) {
  py::array_t<double> out({6, size});
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < size; ++j) out.mutable_at(i, j) = J(i, j);
  }
  return out;
}

py::array_t<double> frames_out(const Chain& chain, const py::object& q) {
  const ChainFrames frames = chain_frames(chain, bindings::chain_vec_in(chain, q, "q"));
  py::array_t<double> out({chain.size + 1, 4, 4});
  for (int i = 0; i < chain.size; ++i) {
    bindings::pose_out(frames.T_base_joint[static_cast<std::size_t>(i)], out.mutable_data(i));
  }
  bindings::pose_out(frames.T_base_tip, out.mutable_data(chain.size));
  return out;
}

py::array_t<double> fk_batch(const Chain& chain, const py::object& q) {
  const ArrayIn joints = bindings::shaped_in<2>(q, "q", {-1, chain.size});
  const py::ssize_t n = joints.shape(0);
  py::array_t<double> out({n, py::ssize_t{4}, py::ssize_t{4}});
  const double* in = joints.data();
  double* T = out.mutable_data();
  const py::gil_scoped_release release;
  for (py::ssize_t i = 0; i < n; ++i) {
    const ChainVec joint = bindings::chain_vec(in + chain.size * i, chain.size);
    bindings::pose_out(chain_fk(chain, joint), T + 16 * i);
  }
  return out;
}

py::array_t<double> jacobian_batch(const Chain& chain, const py::object& q) {
  const ArrayIn joints = bindings::shaped_in<2>(q, "q", {-1, chain.size});
  const py::ssize_t n = joints.shape(0), size = chain.size;
  py::array_t<double> out({n, py::ssize_t{6}, size});
  const double* in = joints.data();
  double* to = out.mutable_data();
  const py::gil_scoped_release release;
  for (py::ssize_t i = 0; i < n; ++i) {
    const ChainJacobian J = chain_jacobian(chain, bindings::chain_vec(in + size * i, chain.size));
    for (py::ssize_t k = 0; k < 6 * size; ++k) to[6 * size * i + k] = J(k / size, k % size);
  }
  return out;
}

ChainIkOptions options_in(double position_tolerance, double rotation_tolerance, int iterations,
                          int restarts) {
  if (!(position_tolerance >= 0.0) || !(rotation_tolerance >= 0.0)) {
    throw py::value_error("position_tolerance and rotation_tolerance must be >= 0 (m, rad)");
  }
  if (iterations < 1 || iterations > kChainIkIterations || restarts < 0 ||
      restarts > kChainIkRestarts) {
    throw py::value_error("iterations " + std::to_string(iterations) + " and restarts " +
                          std::to_string(restarts) + ": allowed 1 to " +
                          std::to_string(kChainIkIterations) + " and 0 to " +
                          std::to_string(kChainIkRestarts));
  }
  ChainIkOptions options;
  options.position_tolerance = position_tolerance;
  options.rotation_tolerance = rotation_tolerance;
  options.iterations = iterations;
  options.restarts = restarts;
  return options;
}

/// A result with the size that its joints have.
struct SizedIkResult {
  ChainIkResult result;
  int size;
};

SizedIkResult ik(const Chain& chain, const py::object& T_base_tip, const py::object& q_seed,
                 double position_tolerance, double rotation_tolerance, int iterations,
                 int restarts) {
  const ArrayIn T = bindings::shaped_in<2>(T_base_tip, "T_base_tip", {4, 4});
  const Transform goal = bindings::pose_in(T.data());
  const ChainVec seed = bindings::chain_vec_in(chain, q_seed, "q_seed");
  const ChainIkOptions options =
      options_in(position_tolerance, rotation_tolerance, iterations, restarts);
  const py::gil_scoped_release release;
  return {chain_ik_solve(chain, goal, seed, options), chain.size};
}

py::tuple ik_batch(const Chain& chain, const py::object& T_base_tip, const py::object& q_seed,
                   double position_tolerance, double rotation_tolerance, int iterations,
                   int restarts) {
  const ArrayIn T = bindings::shaped_in<3>(T_base_tip, "T_base_tip", {-1, 4, 4});
  const py::ssize_t n = T.shape(0), size = chain.size;
  const ArrayIn seeds = bindings::shaped_in<2>(q_seed, "q_seed", {n, size});
  const ChainIkOptions options =
      options_in(position_tolerance, rotation_tolerance, iterations, restarts);
  py::array_t<double> q({n, size});
  py::array_t<std::uint8_t> status(n);
  const double *poses = T.data(), *from = seeds.data();
  double* to = q.mutable_data();
  std::uint8_t* said = status.mutable_data();
  {
    const py::gil_scoped_release release;
    for (py::ssize_t i = 0; i < n; ++i) {
      const ChainVec seed = bindings::chain_vec(from + size * i, chain.size);
      const ChainIkResult result =
          chain_ik_solve(chain, bindings::pose_in(poses + 16 * i), seed, options);
      for (py::ssize_t k = 0; k < size; ++k) to[size * i + k] = result.q[k];
      said[i] = static_cast<std::uint8_t>(result.status);
    }
  }
  return py::make_tuple(q, status);
}

/// Read-only property with one number a joint.
template <double ChainJoint::* Member>
py::array_t<double> each(const Chain& chain) {
  py::array_t<double> a(chain.size);
  for (int i = 0; i < chain.size; ++i) {
    a.mutable_at(i) = chain.joints[static_cast<std::size_t>(i)].*Member;
  }
  return a;
}

void bind_enums(py::module_& m) {
  py::native_enum<JointType>(m, "JointType", "enum.IntEnum", "How a joint of a chain moves.")
      .value("REVOLUTE", JointType::kRevolute)
      .value("PRISMATIC", JointType::kPrismatic)
      .finalize();
  py::native_enum<DhConvention>(m, "DhConvention", "enum.IntEnum",
                                "MODIFIED (Craig): Rx(alpha) Tx(a) Rz(theta) Tz(d); STANDARD: "
                                "Rz(theta) Tz(d) Tx(a) Rx(alpha).")
      .value("MODIFIED", DhConvention::kModified)
      .value("STANDARD", DhConvention::kStandard)
      .finalize();
  py::native_enum<ChainIkStatus>(m, "ChainIkStatus", "enum.IntEnum",
                                 "What became of a chain's IK request.")
      .value("OK", ChainIkStatus::kOk)
      .value("INVALID", ChainIkStatus::kInvalid)
      .value("OUT_OF_REACH", ChainIkStatus::kOutOfReach)
      .value("AT_LIMITS", ChainIkStatus::kAtLimits)
      .value("ITERATION_CAP", ChainIkStatus::kIterationCap)
      .finalize();
  py::class_<SizedIkResult>(m, "ChainIkResult",
                            "Joints (n,), finite and inside the limits, the nearest found where "
                            "the status is not OK, and what is left (m, rad).")
      .def_property_readonly(
          "q", [](const SizedIkResult& r) { return bindings::chain_vec_out(r.result.q, r.size); })
      .def_property_readonly("status", [](const SizedIkResult& r) { return r.result.status; })
      .def_property_readonly("position_error",
                             [](const SizedIkResult& r) { return r.result.position_error; })
      .def_property_readonly("rotation_error",
                             [](const SizedIkResult& r) { return r.result.rotation_error; })
      .def_property_readonly("iterations",
                             [](const SizedIkResult& r) { return r.result.iterations; });
}

}  // namespace

void bind_chain(py::module_& m) {
  bind_enums(m);
  const py::object none = py::none();
  const ChainIkOptions defaults;
  py::class_<Chain>(m, "Chain",
                    "A serial chain of 1 to 8 joints; the axis is z of each joint's frame.  "
                    "trocar.chain.load reads one from a file, trocar.models has the known arms.")
      .def(py::init(&bindings::make_chain), py::arg("types"), py::arg("T_parent_joint"),
           py::kw_only(), py::arg("T_last_tip") = none, py::arg("q_min") = none,
           py::arg("q_max") = none, py::arg("velocity_max") = none, py::arg("effort_max") = none,
           "types (n,) JointType; T_parent_joint (n, 4, 4): joint frame at q = 0 in the frame "
           "before; ranges and maxima (n,), without stops and not known (0) where left out.  "
           "Raises ValueError naming the joint.")
      .def_static("from_dh", &bindings::from_dh, py::arg("convention"), py::arg("types"),
                  py::arg("rows"), py::kw_only(), py::arg("T_last_tip") = none,
                  py::arg("q_min") = none, py::arg("q_max") = none, py::arg("velocity_max") = none,
                  py::arg("effort_max") = none,
                  "rows (n, 4): alpha (rad), a (m), d (m), theta (rad) at q = 0.")
      .def_property_readonly("size", [](const Chain& c) { return c.size; })
      .def_property_readonly("types",
                             [](const Chain& c) {
                               py::list types;
                               for (int i = 0; i < c.size; ++i) {
                                 types.append(c.joints[static_cast<std::size_t>(i)].type);
                               }
                               return types;
                             })
      .def_property_readonly("T_parent_joint",
                             [](const Chain& c) {
                               py::array_t<double> out({c.size, 4, 4});
                               for (int i = 0; i < c.size; ++i) {
                                 const ChainJoint& j = c.joints[static_cast<std::size_t>(i)];
                                 bindings::pose_out(j.T_parent_joint, out.mutable_data(i));
                               }
                               return out;
                             })
      .def_property_readonly(
          "T_last_tip", [](const Chain& c) { return bindings::array_out(c.T_last_tip.matrix()); })
      .def_property_readonly("q_min", &each<&ChainJoint::q_min>)
      .def_property_readonly("q_max", &each<&ChainJoint::q_max>)
      .def_property_readonly("velocity_max", &each<&ChainJoint::velocity_max>)
      .def_property_readonly("effort_max", &each<&ChainJoint::effort_max>)
      .def(
          "fk",
          [](const Chain& c, const py::object& q) {
            const ChainVec joints = bindings::chain_vec_in(c, q, "q");
            return bindings::array_out(chain_fk(c, joints).matrix());
          },
          py::arg("q"), "T_base_tip (4, 4) of joints q (n,) in rad, m.")
      .def("frames", &frames_out, py::arg("q"),
           "Every joint frame, then the tip (n + 1, 4, 4), of joints q (n,).")
      .def(
          "jacobian",
          [](const Chain& c, const py::object& q) {
            return jacobian_out(chain_jacobian(c, bindings::chain_vec_in(c, q, "q")), c.size);
          },
          py::arg("q"), "Jacobian (6, n): twist (linear, angular) of the tip, base axes.")
      .def(
          "jacobian_rate",
          [](const Chain& c, const py::object& q, const py::object& qd) {
            const ChainVec joints = bindings::chain_vec_in(c, q, "q");
            const ChainVec speeds = bindings::chain_vec_in(c, qd, "qd");
            return jacobian_out(chain_jacobian_rate(c, joints, speeds), c.size);
          },
          py::arg("q"), py::arg("qd"), "Time derivative (6, n) of the Jacobian at speeds qd (n,).")
      .def("ik", &ik, py::arg("T_base_tip"), py::arg("q_seed"), py::kw_only(),
           py::arg("position_tolerance") = defaults.position_tolerance,
           py::arg("rotation_tolerance") = defaults.rotation_tolerance,
           py::arg("iterations") = defaults.iterations, py::arg("restarts") = defaults.restarts,
           "Joints of a pose by damped least squares (Nakamura & Hanafusa 1986), from the seed "
           "(n,), then from `restarts` other places; the GIL is released meanwhile.")
      .def("fk_batch", &fk_batch, py::arg("q"), "T_base_tip (N, 4, 4) of (N, n); GIL released.")
      .def("jacobian_batch", &jacobian_batch, py::arg("q"), "(N, 6, n) of (N, n); GIL released.")
      .def("ik_batch", &ik_batch, py::arg("T_base_tip"), py::arg("q_seed"), py::kw_only(),
           py::arg("position_tolerance") = defaults.position_tolerance,
           py::arg("rotation_tolerance") = defaults.rotation_tolerance,
           py::arg("iterations") = defaults.iterations, py::arg("restarts") = defaults.restarts,
           "(q (N, n), status (N,) uint8) of poses (N, 4, 4) and seeds (N, n); GIL released.");
}
