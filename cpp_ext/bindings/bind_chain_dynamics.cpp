// SPDX-License-Identifier: Apache-2.0
/// Dynamics of any chain of up to eight joints.
#include "arrays.hpp"
#include "bindings.hpp"
#include "trocar/chain_dynamics.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

using RowMat3 = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;
using RowMat4 = Eigen::Matrix<double, 4, 4, Eigen::RowMajor>;

/// An array-like of the shape (n, inner...), or ValueError naming it.
bindings::ArrayIn rows_in(const py::object& object, const char* what, py::ssize_t n,
                          std::initializer_list<py::ssize_t> inner) {
  const bindings::ArrayIn a = bindings::array_in(object, what);
  bool good = a.ndim() == static_cast<py::ssize_t>(1 + inner.size()) && a.shape(0) == n;
  std::string allowed = "(" + std::to_string(n) + ",";
  py::ssize_t axis = 1;
  for (const py::ssize_t size : inner) {
    good = good && a.shape(axis++) == size;
    allowed += " " + std::to_string(size) + ",";
  }
  if (!good) {
    throw py::value_error(std::string(what) + " has shape " + bindings::shape_text(a) +
                          ", allowed " + allowed + ")");
  }
  return a;
}

struct ChainDynamics {
  Chain chain;
  ChainInertia masses;

  ChainVec in(const py::object& object, const char* what) const {
    const bindings::ArrayIn a = rows_in(object, what, chain.size, {});
    ChainVec v = ChainVec::Zero();
    for (int i = 0; i < chain.size; ++i) v[i] = a.data()[i];
    return v;
  }

  py::array_t<double> out(const ChainVec& v) const {
    return py::array_t<double>(chain.size, v.data());
  }
};

ChainDynamics make(const py::object& is_prismatic, const py::object& T_parent_joint,
                   const py::object& mass, const py::object& com, const py::object& inertia,
                   const py::object& armature, const py::object& gravity_base) {
  const bindings::ArrayIn kinds = bindings::array_in(is_prismatic, "is_prismatic");
  if (kinds.ndim() != 1 || kinds.shape(0) < 1 || kinds.shape(0) > kMaxJoints) {
    throw py::value_error("is_prismatic has shape " + bindings::shape_text(kinds) +
                          ", allowed (n,) with n 1 to 8");
  }
  const py::ssize_t n = kinds.shape(0);
  const auto frames = rows_in(T_parent_joint, "T_parent_joint", n, {4, 4});
  const auto masses = rows_in(mass, "mass", n, {});
  const auto coms = rows_in(com, "com", n, {3});
  const auto inertias = rows_in(inertia, "inertia", n, {3, 3});
  ChainDynamics d;
  d.chain.size = static_cast<int>(n);
  for (py::ssize_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    ChainJoint& joint = d.chain.joints[at];
    joint.type = kinds.data()[i] != 0.0 ? JointType::kPrismatic : JointType::kRevolute;
    joint.T_parent_joint =
        Transform::from_matrix(Eigen::Map<const RowMat4>(frames.data() + 16 * i));
    LinkInertia& link = d.masses.links[at];
    link.mass = masses.data()[i];
    link.com = Eigen::Map<const Vec3>(coms.data() + 3 * i);
    link.inertia = Eigen::Map<const RowMat3>(inertias.data() + 9 * i);
    if (!(link.mass >= 0.0) || !std::isfinite(link.mass) || !link.com.allFinite() ||
        !link.inertia.allFinite() || !link.inertia.isApprox(link.inertia.transpose(), 1e-9)) {
      throw py::value_error("link " + std::to_string(i) +
                            ": mass, com, inertia must be finite, the mass >= 0, the inertia "
                            "symmetric");
    }
  }
  if (!is_valid(d.chain)) {
    throw py::value_error("T_parent_joint must hold finite rigid transforms (to 1e-6)");
  }
  if (!armature.is_none()) d.masses.armature = d.in(armature, "armature");
  d.masses.gravity_base = bindings::vector_in<3>(gravity_base, "gravity_base");
  if (!d.masses.armature.allFinite() || !d.masses.gravity_base.allFinite() ||
      d.masses.armature.minCoeff() < 0.0) {
    throw py::value_error("armature must be finite and >= 0, gravity_base finite");
  }
  return d;
}

}  // namespace

void bind_chain_dynamics(py::module_& m) {
  py::class_<ChainDynamics> c(m, "ChainDynamics",
                              "Rigid-body dynamics of a serial chain of up to 8 joints; its axes "
                              "are the joints' z.  Source: newton_euler.hpp.");
  c.def(py::init(&make), py::arg("is_prismatic"), py::arg("T_parent_joint"), py::arg("mass"),
        py::arg("com"), py::arg("inertia"), py::arg("armature") = py::none(),
        py::arg("gravity_base") = py::make_tuple(0.0, 0.0, -9.81),
        "n joints: kinds (n,), frames at q = 0 (n, 4, 4) in the one before; links: kg (n,), m "
        "(n, 3), kg m2 about the centre (n, 3, 3), both in the joint's frame; armature (n,).");
  c.def(
      "inverse_dynamics",
      [](const ChainDynamics& d, const py::object& q, const py::object& qd, const py::object& qdd) {
        return d.out(chain_inverse_dynamics(d.chain, d.masses, d.in(q, "q"), d.in(qd, "qd"),
                                            d.in(qdd, "qdd")));
      },
      py::arg("q"), py::arg("qd"), py::arg("qdd"),
      "Effort (n,) N m, N for the motion, gravity and armature included.");
  c.def(
      "gravity_torque",
      [](const ChainDynamics& d, const py::object& q) {
        return d.out(chain_gravity(d.chain, d.masses, d.in(q, "q")));
      },
      py::arg("q"), "Effort (n,) that holds the chain against gravity.");
  c.def(
      "mass_matrix",
      [](const ChainDynamics& d, const py::object& q) {
        const ChainMatrix M = chain_mass_matrix(d.chain, d.masses, d.in(q, "q"));
        py::array_t<double> out({d.chain.size, d.chain.size});
        for (int i = 0; i < d.chain.size; ++i) {
          for (int j = 0; j < d.chain.size; ++j) out.mutable_at(i, j) = M(i, j);
        }
        return out;
      },
      py::arg("q"), "Mass matrix (n, n), armature on its diagonal.");
  c.def(
      "momentum",
      [](const ChainDynamics& d, const py::object& q, const py::object& qd) {
        return d.out(chain_momentum(d.chain, d.masses, d.in(q, "q"), d.in(qd, "qd")).p);
      },
      py::arg("q"), py::arg("qd"), "Generalised momentum M qd (n,).");
  c.def(
      "coriolis_transpose",
      [](const ChainDynamics& d, const py::object& q, const py::object& qd) {
        return d.out(
            chain_momentum(d.chain, d.masses, d.in(q, "q"), d.in(qd, "qd")).coriolis_transpose);
      },
      py::arg("q"), py::arg("qd"), "C^T(q, qd) qd (n,): the slope of the kinetic energy along q.");
}
