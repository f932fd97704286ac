// SPDX-License-Identifier: Apache-2.0
/// Soft tissue.
#include <pybind11/stl.h>

#include <algorithm>

#include "bindings.hpp"
#include "tissue_io.hpp"

namespace py = pybind11;
using namespace trocar;
using namespace trocar::bindings;

void bind_tissue_tools(py::class_<SharedBody>& c);  // bind_tissue_tools.cpp

namespace {

TetMesh mesh_in(const py::object& nodes, const py::object& tets) {
  TetMesh mesh;
  mesh.nodes = rows_in<3>(nodes, "nodes");
  for (const auto& row : rows_in<4>(tets, "tets")) {
    Tet tet;
    for (int c = 0; c < 4; ++c) {  // what is no index becomes -1 and is found by the check
      const bool is_index = row[c] >= 0.0 && row[c] < kMaxNodes && row[c] == std::floor(row[c]);
      tet[c] = is_index ? static_cast<int>(row[c]) : -1;
    }
    mesh.tets.push_back(tet);
  }
  const MeshCheck checked = check(mesh);
  if (checked.fault != MeshFault::kNone) {
    const std::string where =
        checked.where < 0 ? "" : " (number " + std::to_string(checked.where) + ")";
    refuse(describe(checked.fault) + where);
  }
  return mesh;
}

std::unique_ptr<SharedBody> make(const py::object& nodes, const py::object& tets,
                                 const std::vector<Material>& materials, const py::object& anchors,
                                 const py::object& material_of, const BodyConfig& config) {
  const TetMesh mesh = mesh_in(nodes, tets);
  if (materials.empty()) refuse("materials is empty; give at least one");
  for (std::size_t i = 0; i < materials.size(); ++i) {
    if (const char* fault = fault_of(materials[i])) {
      refuse("materials[" + std::to_string(i) + "]." + fault);
    }
  }
  if (const char* fault = fault_of(config)) refuse(std::string("config.") + fault);
  std::vector<int> of(mesh.tets.size(), 0);
  if (!material_of.is_none()) of = indices_in(material_of, materials.size(), "material_of");
  if (of.size() != mesh.tets.size()) {
    refuse("material_of has " + std::to_string(of.size()) + " entries, allowed " +
           std::to_string(mesh.tets.size()) + ": one a tetrahedron");
  }
  return std::make_unique<SharedBody>(mesh, materials, of,
                                      indices_in(anchors, mesh.nodes.size(), "anchors"), config);
}

void bind_parameters(py::module_& m) {
  py::class_<Material>(m, "TissueMaterial",
                       "Stable neo-Hookean solid, Rayleigh damping.  Macklin & Mueller 2021.")
      .def(py::init(
               [](double young, double poisson, double density, double damping, double viscosity) {
                 const Material made{young, poisson, density, damping, viscosity};
                 if (const char* fault = fault_of(made)) refuse(std::string("material.") + fault);
                 return made;
               }),
           py::arg("young") = Material{}.young, py::arg("poisson") = Material{}.poisson,
           py::arg("density") = Material{}.density, py::arg("damping") = Material{}.damping,
           py::arg("viscosity") = Material{}.viscosity)
      .def_readonly("young", &Material::young, "Pa, small strain; 10 to 1e7.")
      .def_readonly("poisson", &Material::poisson, "0 to 0.49.")
      .def_readonly("density", &Material::density, "kg/m3.")
      .def_readonly("damping", &Material::damping, "1/s, of velocity.")
      .def_readonly("viscosity", &Material::viscosity, "s, of strain rate.");

  py::class_<BodyConfig> config(m, "TissueConfig", "How a body of tissue is stepped.");
  config.def(py::init<>())
      .def_readwrite("frame_s", &BodyConfig::frame_s, "s, one step().")
      .def_readwrite("substeps", &BodyConfig::substeps, "Explicit steps in a frame.")
      .def_readwrite("contact_sweeps", &BodyConfig::contact_sweeps, "Over all contacts.")
      .def_readwrite("bleeding_flux", &BodyConfig::bleeding_flux, "m3/s per m2 of a fresh cut.")
      .def_readwrite("clotting_s", &BodyConfig::clotting_s, "s, until 37 % of it.");
  bindings::bind_array<&BodyConfig::gravity>(config, "gravity", "(3,) m/s2, world.");

  py::class_<CutReport>(m, "CutReport", "What a cut has opened.")
      .def_readonly("faces", &CutReport::faces, "Faces of tetrahedra that came apart.")
      .def_readonly("new_nodes", &CutReport::new_nodes, "Nodes appended at the end.")
      .def_readonly("area", &CutReport::area, "m2, of one side, as seen along the blade's normal.");

  py::class_<BleedSource>(m, "BleedSource", "A bleeding part of a cut.")
      .def_property_readonly(
          "position", [](const BleedSource& b) { return bindings::array_out(b.position); },
          "(3,) m, world.")
      .def_readonly("rate", &BleedSource::rate, "m3/s.");
}

void bind_reading(py::class_<SharedBody>& c) {
  c.def_property_readonly(
       "positions",
       [](const SharedBody& s) {
         return locked(s, [](const TissueBody& b) {
           return points_out(b.positions().size(),
                             [&](std::size_t i) { return b.positions()[i].vec(); });
         });
       },
       "(n, 3) m, world; a copy.")
      .def_property_readonly(
          "velocities",
          [](const SharedBody& s) {
            return locked(s, [](const TissueBody& b) {
              return points_out(b.velocities().size(),
                                [&](std::size_t i) { return b.velocities()[i].vec(); });
            });
          },
          "(n, 3) m/s.")
      .def_property_readonly(
          "rest",
          [](const SharedBody& s) {
            return locked(s, [](const TissueBody& b) {
              return points_out(b.rest().size(), [&](std::size_t i) { return b.rest()[i]; });
            });
          },
          "(n, 3) m, the unloaded shape.")
      .def_property_readonly(
          "tets",
          [](const SharedBody& s) {
            return locked(s, [](const TissueBody& b) { return table_out(b.tets()); });
          },
          "(m, 4) int32.")
      .def_property_readonly(
          "surface",
          [](const SharedBody& s) {
            return locked(s, [](const TissueBody& b) { return table_out(b.surface()); });
          },
          "(k, 3) int32, counter-clockwise from outside; longer after a cut.")
      .def_property_readonly(
          "parents",
          [](const SharedBody& s) {
            return locked(s, [](const TissueBody& b) { return list_out(b.parents()); });
          },
          "(n,) int32: the node of the first mesh that each node is or is a copy of.")
      .def_property_readonly(
          "anchors",
          [](const SharedBody& s) {
            return locked(s, [](const TissueBody& b) { return list_out(b.anchors()); });
          },
          "(a,) int32, sorted; copies made by a cut at the end.")
      .def_property_readonly(
          "inertia_factors",
          [](const SharedBody& s) {
            return locked(s, [](const TissueBody& b) {
              py::array_t<double> out(static_cast<py::ssize_t>(b.rest().size()));
              for (py::ssize_t i = 0; i < out.shape(0); ++i) {
                out.mutable_at(i) = b.inertia_factor(static_cast<int>(i));
              }
              return out;
            });
          },
          "(n,): by how much a node's inertia was raised so that the time step is stable; "
          "what stands still is not changed by it.")
      .def_property_readonly(
          "masses",
          [](const SharedBody& s) {
            return locked(s, [](const TissueBody& b) {
              return py::array_t<double>(static_cast<py::ssize_t>(b.masses().size()),
                                         b.masses().data());
            });
          },
          "(n,) kg, real ones.")
      .def_property_readonly(
          "limited",
          [](const SharedBody& s) {
            return locked(s, [](const TissueBody& b) { return b.limited(); });
          },
          "Elements in the last substep whose stiffening was limited: a cross-section has grown "
          "by more than 1.7.")
      .def_property_readonly(
          "time",
          [](const SharedBody& s) {
            return locked(s, [](const TissueBody& b) { return b.time(); });
          },
          "s, of frames done.");
}

}  // namespace

void bind_tissue(py::module_& m) {
  bind_parameters(m);
  py::class_<SharedBody> body(
      m, "TissueBody",
      "Volumetric soft tissue; see tissue/tissue_body.hpp.  Threads may share it.");
  body.def(py::init(&make), py::arg("nodes"), py::arg("tets"), py::arg("materials"),
           py::arg("anchors"), py::arg("material_of") = py::none(),
           py::arg("config") = BodyConfig{},
           "nodes (n, 3) m; tets (m, 4), right-handed; anchors: nodes that are led; material_of "
           "(m,) index into materials.  ValueError names the node or tetrahedron at fault.")
      .def(
          "step",
          [](SharedBody& s) {
            TissueStatus status;
            {
              const py::gil_scoped_release release;
              status = locked(s, [](TissueBody& b) { return b.step(); });
            }
            expect(status, "step");
          },
          "One frame, without the GIL.  ValueError where it diverged; the body is then at rest as "
          "it was before the frame.")
      .def(
          "reset",
          [](SharedBody& s) {
            locked(s, [](TissueBody& b) {
              b.reset();
              return 0;
            });
          },
          "Back to the rest shape; cuts stay, jaws let go.")
      .def(
          "cut",
          [](SharedBody& s, const py::object& from, const py::object& to, const py::object& d) {
            const Vec3 va = vector_in<3>(from, "a"), vb = vector_in<3>(to, "b"),
                       depth = vector_in<3>(d, "depth");
            const double most = std::max(
                {va.cwiseAbs().maxCoeff(), vb.cwiseAbs().maxCoeff(), depth.cwiseAbs().maxCoeff()});
            const bool is_finite = va.allFinite() && vb.allFinite() && depth.allFinite();
            if (!is_finite || !(most <= kMaxCoordinate) ||
                !((vb - va).cross(depth).norm() > 1e-9)) {
              refuse("cut: a, b and depth, allowed finite, within 10 m and not in one line (m)");
            }
            return locked(s, [&](TissueBody& b) { return b.cut(va, vb, depth); });
          },
          py::arg("a"), py::arg("b"), py::arg("depth"),
          "Part the tissue along the element faces nearest to the blade: the parallelogram from "
          "line a-b (m, world) to depth (3,) beyond it.")
      .def(
          "bleeding",
          [](const SharedBody& s) {
            return locked(s, [](const TissueBody& b) { return b.bleeding(); });
          },
          "List of BleedSource, one a cut.");
  bind_reading(body);
  bind_tissue_tools(body);
}
