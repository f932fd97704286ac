// SPDX-License-Identifier: Apache-2.0
/// The signed distance of a mesh, and what the constraint stage reports.
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "points.hpp"
#include "trocar/constraint_report.hpp"
#include "trocar/diff_ik.hpp"
#include "trocar/fixture.hpp"
#include "trocar/signed_distance_grid.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

bindings::ArrayIn table_in(const py::object& object, const char* what) {
  const bindings::ArrayIn a = bindings::array_in(object, what);
  if (a.ndim() != 2 || a.shape(1) != 3) {
    throw py::value_error(std::string(what) + " has shape " + bindings::shape_text(a) +
                          ", allowed (N, 3)");
  }
  return a;
}

int index_in(double value) {
  const bool whole = value >= 0.0 && value < 1e9 && value == static_cast<int>(value);
  return whole ? static_cast<int>(value) : -1;  // the grid names the triangle
}

std::shared_ptr<SignedDistanceGrid> make_grid(const py::object& vertices,
                                              const py::object& triangles, double spacing,
                                              double padding) {
  const bindings::ArrayIn v = table_in(vertices, "vertices"), t = table_in(triangles, "triangles");
  std::vector<Vec3> points;
  for (py::ssize_t i = 0; i < v.shape(0); ++i)
    points.emplace_back(v.at(i, 0), v.at(i, 1), v.at(i, 2));
  std::vector<std::array<int, 3>> corners;
  for (py::ssize_t i = 0; i < t.shape(0); ++i) {
    corners.push_back({index_in(t.at(i, 0)), index_in(t.at(i, 1)), index_in(t.at(i, 2))});
  }
  std::string error;
  std::shared_ptr<const SignedDistanceGrid> grid;
  {
    const py::gil_scoped_release release;
    grid = SignedDistanceGrid::build(points, corners, spacing, padding, &error);
  }
  if (!grid) throw py::value_error("SignedDistanceGrid: " + error);
  return std::const_pointer_cast<SignedDistanceGrid>(grid);  // nothing bound can change it
}

py::list expired(const ConstraintReport& r) {
  py::list out;
  for (int k = 0; k < kMaxFixtures; ++k) {
    if ((r.expired & (1 << k)) != 0) out.append(k);
  }
  return out;
}

}  // namespace

void bind_distance_grid(py::module_& m) {
  py::class_<SignedDistanceGrid, std::shared_ptr<SignedDistanceGrid>>(
      m, "SignedDistanceGrid",
      "Signed distance of a triangle mesh on a regular grid, trilinear between its nodes; never\n"
      "changed once made, so arms may share it.\n\n"
      "vertices (N, 3) m, triangles (M, 3) indices, counter-clockwise seen from outside; spacing\n"
      "of the nodes 1e-5 .. 1 m, padding around the mesh spacing .. 1 m, at most 8 million nodes.\n"
      "Between nodes it is wrong by about spacing^2 / (8 R) beside a radius R, by up to a third\n"
      "of the spacing at a sharp edge.  An open surface divides its box into front and back.")
      .def(py::init(&make_grid), py::arg("vertices"), py::arg("triangles"), py::arg("spacing"),
           py::arg("padding"))
      .def(
          "sample",
          [](const SignedDistanceGrid& grid, const py::object& points) {
            return bindings::each_point(points, "points", [&](const Vec3& x) {
              const SignedDistanceGrid::Sample s = grid.sample(x);
              return std::pair<double, Vec3>{s.distance, s.gradient};
            });
          },
          py::arg("points"),
          "Distances (N,) m, below 0 inside, and gradients (N, 3) at points (N, 3), mesh frame; "
          "outside of the box a lower bound.")
      .def_property_readonly("spacing", &SignedDistanceGrid::spacing)
      .def_property_readonly(
          "lower", [](const SignedDistanceGrid& g) { return bindings::array_out(g.lower()); })
      .def_property_readonly(
          "upper", [](const SignedDistanceGrid& g) { return bindings::array_out(g.upper()); })
      .def_property_readonly("shape", [](const SignedDistanceGrid& g) {
        return py::make_tuple(g.shape()[0], g.shape()[1], g.shape()[2]);
      });
}

void bind_constraint_report(py::module_& m) {
  py::native_enum<Yielding>(m, "Yielding", "enum.IntEnum",
                            "Which rows gave way, where they could not all be met.")
      .value("NONE", Yielding::kNone)
      .value("RETREATS", Yielding::kRetreats)
      .value("ALL_ROWS", Yielding::kAllRows)
      .value("HELD", Yielding::kHeld)
      .finalize();
  py::class_<ConstraintReport>(
      m, "ConstraintReport",
      "What the fixtures did in a tick.  Distances in m to the edge of the nearest region, its\n"
      "margin included, below 0 inside; 1e9 without any.")
      .def_readonly("distance", &ConstraintReport::distance, "Of the set-points.")
      .def_readonly("measured_distance", &ConstraintReport::measured_distance)
      .def_property_readonly("breach", &ConstraintReport::breach, "m, of the set-points.")
      .def_property_readonly("measured_breach", &ConstraintReport::measured_breach)
      .def_readonly("index", &ConstraintReport::index, "Fixture nearest to the set-points; -1.")
      .def_readonly("measured_index", &ConstraintReport::measured_index)
      .def_property_readonly("bent", [](const ConstraintReport& r) { return r.bent != 0; })
      .def_property_readonly("yielding",
                             [](const ConstraintReport& r) { return Yielding{r.yielding}; })
      .def_property_readonly("expired", &expired,
                             "Fixtures beyond their horizon: they stand still.")
      .def_readonly("qp_status", &ConstraintReport::qp_status)
      .def_readonly("qp_iterations", &ConstraintReport::qp_iterations);
}
