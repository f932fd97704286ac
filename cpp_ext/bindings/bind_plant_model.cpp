// SPDX-License-Identifier: Apache-2.0
/// What simulated arms are made of.
#include <pybind11/stl.h>

#include <vector>

#include "bindings.hpp"
#include "shared_plant.hpp"
#include "trocar/plant/ecm_plant.hpp"
#include "trocar/plant/ldlt.hpp"
#include "trocar/plant/psm_plant.hpp"

namespace py = pybind11;
using namespace trocar;

void bind_plant_model(py::module_& m);

namespace {

using bindings::finite_axes_in;
using bindings::refuse;

using RowMat3 = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;
constexpr const char* kWhere = "PlantModel";

PlantModel make_ecm(ecm::Scope scope, double scope_mass) {
  if (!(scope_mass > 0.0 && scope_mass <= ecm::kScopeMassMax)) {
    refuse(kWhere, "scope_mass is " + bindings::number_text(scope_mass) +
                       " kg, allowed above 0 to " + bindings::number_text(ecm::kScopeMassMax));
  }
  return ecm_plant(scope, scope_mass);
}

/// Links from arrays, each checked.
void set_links(PlantModel* model, const py::object& mass, const py::object& com,
               const py::object& inertia) {
  const int n = model->size();
  const ChainVec kg = finite_axes_in(kWhere, mass, "mass", n, 0.0);
  bindings::ArrayIn centres, matrices;
  try {
    centres = bindings::shaped_in<2>(com, "com", {n, 3});
    matrices = bindings::shaped_in<3>(inertia, "inertia", {n, 3, 3});
  } catch (const py::value_error& error) {
    refuse(kWhere, error.what());
  }
  for (int i = 0; i < n; ++i) {
    LinkInertia& link = model->masses.links[static_cast<std::size_t>(i)];
    link.mass = kg[i];
    link.com = Eigen::Map<const Vec3>(centres.data() + 3 * i);
    link.inertia = Eigen::Map<const RowMat3>(matrices.data() + 9 * i);
    if (!link.com.allFinite() || !link.inertia.allFinite() ||
        !link.inertia.isApprox(link.inertia.transpose(), 1e-9)) {
      refuse(kWhere, "link " + std::to_string(i) + ": com, inertia: allowed finite, symmetric");
    }
  }
}

/// A mass matrix that no motion can be computed with: its axis, or -1.
int weightless_axis(const PlantModel& model) {
  const ChainVec q = clamp_joints(model.chain, ChainVec(ChainVec::Zero()));
  const ChainMatrix M = chain_mass_matrix(model.chain, model.masses, q);
  for (int i = 0; i < model.size(); ++i) {
    if (!(M(i, i) > 0.0)) return i;
  }
  return -1;
}

PlantModel of_chain(const Chain& chain, const py::object& mass, const py::object& com,
                    const py::object& inertia, const py::object& armature,
                    const py::object& viscous, const py::object& coulomb,
                    const py::object& friction_speed, const py::object& acceleration_max,
                    const std::vector<std::string>& names) {
  PlantModel m;
  m.chain = chain;
  const int n = chain.size;
  m.control_axis = n - 1;
  m.T_axis_cp = chain.T_last_tip;
  set_limits_of_chain(&m);
  set_links(&m, mass, com, inertia);
  m.masses.armature = finite_axes_in(kWhere, armature, "armature", n, 0.0);
  m.friction.viscous = finite_axes_in(kWhere, viscous, "viscous", n, 0.0);
  m.friction.coulomb = finite_axes_in(kWhere, coulomb, "coulomb", n, 0.0);
  m.acceleration_max = finite_axes_in(kWhere, acceleration_max, "acceleration_max", n, 0.0);
  if (!friction_speed.is_none()) {
    m.friction.speed.head(n) =
        finite_axes_in(kWhere, friction_speed, "friction_speed", n, 1e-9).head(n);
  }
  if (!names.empty() && names.size() != static_cast<std::size_t>(n)) {
    refuse(kWhere,
           "names has " + std::to_string(names.size()) + " entries, allowed " + std::to_string(n));
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    m.names[i] = names.empty() ? "joint " + std::to_string(i) : names[i];
  }
  if (const int axis = weightless_axis(m); axis >= 0) {
    refuse(kWhere, m.names[static_cast<std::size_t>(axis)] +
                       " moves no mass; give its link an inertia or the joint an armature");
  }
  return m;
}

template <ChainVec PlantModel::* Member>
py::array_t<double> each(const PlantModel& m) {
  return bindings::chain_vec_out(m.*Member, m.size());
}

template <ChainVec AxisFriction::* Member>
py::array_t<double> friction_of(const PlantModel& m) {
  return bindings::chain_vec_out(m.friction.*Member, m.size());
}

}  // namespace

void bind_plant_model(py::module_& m) {
  const py::object none = py::none();
  py::class_<PlantModel>(m, "PlantModel",
                         "What a simulated arm is made of; never changes once it is made.")
      .def_static("psm", &psm_plant, py::arg("parameters"),
                  "PSM Classic, seven axes, jaw last; gravity comes from where it stands.")
      .def_static("ecm", &make_ecm, py::arg("scope") = ecm::Scope::kStraight,
                  py::arg("scope_mass") = ecm::kScopeMass,
                  "ECM Classic, four axes; scope_mass kg.  Sources: ecm_plant.hpp.")
      .def_static("of_chain", &of_chain, py::arg("chain"), py::arg("mass"), py::arg("com"),
                  py::arg("inertia"), py::kw_only(), py::arg("armature") = none,
                  py::arg("viscous") = none, py::arg("coulomb") = none,
                  py::arg("friction_speed") = none, py::arg("acceleration_max") = none,
                  py::arg("names") = std::vector<std::string>{},
                  "Any chain; links: kg (n,), m (n, 3), kg m2 about the centre (n, 3, 3), in the "
                  "joint's frame; the rest (n,), 0 where left out.  Motors, brakes (twice the "
                  "motors) and stops (2 deg, 3 mm beyond the range) come from the chain.")
      .def_property_readonly("size", &PlantModel::size)
      .def_property_readonly("names",
                             [](const PlantModel& p) {
                               py::list names;
                               for (int i = 0; i < p.size(); ++i) {
                                 names.append(p.names[static_cast<std::size_t>(i)]);
                               }
                               return names;
                             })
      .def_readonly("chain", &PlantModel::chain)
      .def_property_readonly("stop_low", &each<&PlantModel::stop_low>, "(n,) rad, m")
      .def_property_readonly("stop_high", &each<&PlantModel::stop_high>, "(n,) rad, m")
      .def_property_readonly("effort_max", &each<&PlantModel::effort_max>, "(n,) N m, N")
      .def_property_readonly("brake_max", &each<&PlantModel::brake_max>, "(n,) N m, N")
      .def_property_readonly("acceleration_max", &each<&PlantModel::acceleration_max>)
      .def_property_readonly("viscous", &friction_of<&AxisFriction::viscous>)
      .def_property_readonly("coulomb", &friction_of<&AxisFriction::coulomb>)
      .def_property_readonly("armature", [](const PlantModel& p) {
        return bindings::chain_vec_out(p.masses.armature, p.size());
      });
}
