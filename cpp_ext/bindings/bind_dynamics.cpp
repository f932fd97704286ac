// SPDX-License-Identifier: Apache-2.0
/// Dynamic parameters and the equation of motion.
#include "arrays.hpp"
#include "bindings.hpp"
#include "number_text.hpp"
#include "trocar/dynamics.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

DynamicParameters perturbed(const DynamicParameters& self, double fraction, std::uint64_t seed) {
  if (!(fraction >= 0.0 && fraction < 1.0)) {
    throw py::value_error("perturbed: fraction is " + bindings::number_text(fraction) +
                          ", allowed [0, 1)");
  }
  return self.perturbed(fraction, seed);
}

Vec7 axes_in(const py::object& object, const char* what) {
  return bindings::vector_in<kNumAxes>(object, what);
}

}  // namespace

void bind_dynamics(py::module_& m) {
  py::class_<DynamicParameters> c(m, "DynamicParameters",
                                  "Serial-chain PSM of 7 links (joints, jaw); sources and "
                                  "assumptions in dynamic_parameters.hpp.");
  c.def(py::init<>());
  bindings::bind_array<&DynamicParameters::mass>(c, "mass", "(7,) kg");
  bindings::bind_array<&DynamicParameters::com>(c, "com", "(7, 3) m, DH frame of the link");
  bindings::bind_array<&DynamicParameters::inertia>(c, "inertia",
                                                    "(7, 3) kg m2, xx, yy, zz at the com, DH axes");
  bindings::bind_array<&DynamicParameters::products>(
      c, "products", "(7, 3) kg m2, xy, xz, yz at the com, DH axes");
  bindings::bind_array<&DynamicParameters::armature>(c, "armature", "(7,) kg m2, insertion kg");
  bindings::bind_array<&DynamicParameters::viscous>(c, "viscous",
                                                    "(7,) N m s/rad, insertion N s/m");
  bindings::bind_array<&DynamicParameters::coulomb>(c, "coulomb", "(7,) N m, insertion N");
  bindings::bind_array<&DynamicParameters::friction_speed>(
      c, "friction_speed", "(7,) rad/s, insertion m/s: Coulomb friction at 76 %");
  bindings::bind_array<&DynamicParameters::stribeck>(
      c, "stribeck", "(7,) N m, insertion N: breaking loose, beyond Coulomb friction");
  bindings::bind_array<&DynamicParameters::stribeck_speed>(
      c, "stribeck_speed", "(7,) rad/s, insertion m/s: 37 % of it is left");
  bindings::bind_array<&DynamicParameters::gravity_base>(c, "gravity_base",
                                                         "(3,) m/s2, in the arm's base frame");
  c.def("perturbed", &perturbed, py::arg("fraction"), py::arg("seed"),
        "Copy whose masses and friction are wrong by +-fraction, the signs drawn by seed.");

  m.def(
      "inverse_dynamics",
      [](const DynamicParameters& p, const py::object& q, const py::object& qd,
         const py::object& qdd) {
        return bindings::array_out(
            inverse_dynamics(p, axes_in(q, "q"), axes_in(qd, "qd"), axes_in(qdd, "qdd")));
      },
      py::arg("p"), py::arg("q"), py::arg("qd"), py::arg("qdd"),
      "Effort (7,) for the motion, gravity and armature included, friction not.");
  m.def(
      "gravity_torque",
      [](const DynamicParameters& p, const py::object& q) {
        return bindings::array_out(gravity_effort(p, axes_in(q, "q")));
      },
      py::arg("p"), py::arg("q"), "Effort (7,) that holds the arm against gravity.");
  m.def(
      "mass_matrix",
      [](const DynamicParameters& p, const py::object& q) {
        return bindings::array_out(mass_matrix(p, axes_in(q, "q")));
      },
      py::arg("p"), py::arg("q"), "Mass matrix (7, 7), armature on its diagonal.");
  m.def(
      "momentum",
      [](const DynamicParameters& p, const py::object& q, const py::object& qd) {
        return bindings::array_out(
            momentum(p, dynamic_frames(axes_in(q, "q")), axes_in(qd, "qd")).p);
      },
      py::arg("p"), py::arg("q"), py::arg("qd"), "Generalised momentum M qd (7,), N m s and N s.");
  m.def(
      "coriolis_transpose",
      [](const DynamicParameters& p, const py::object& q, const py::object& qd) {
        return bindings::array_out(
            momentum(p, dynamic_frames(axes_in(q, "q")), axes_in(qd, "qd")).coriolis_transpose);
      },
      py::arg("p"), py::arg("q"), py::arg("qd"),
      "C^T(q, qd) qd (7,) N m, N: the slope of the kinetic energy along q (De Luca 2005).");
  m.def(
      "friction_torque",
      [](const DynamicParameters& p, const py::object& qd) {
        return bindings::array_out(friction_effort(p, axes_in(qd, "qd")));
      },
      py::arg("p"), py::arg("qd"), "Effort (7,) that friction takes at the joint speed qd (7,).");
}
