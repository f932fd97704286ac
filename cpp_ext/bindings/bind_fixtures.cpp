// SPDX-License-Identifier: Apache-2.0
/// Virtual fixtures: how to make them, and what they did in a tick.
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "points.hpp"
#include "trocar/constraint_stage.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

const char* name_of(FixtureKind kind) {
  constexpr const char* kNames[] = {"plane", "sphere",      "cone",      "tube",
                                    "mesh",  "point_guide", "line_guide"};
  return kNames[static_cast<int>(kind)];
}

/// The fixture where it makes sense, else a ValueError in one line.
FixturePost checked(FixturePost post) {
  post.fixture.grid = post.grid.get();
  if (const char* fault = fault_of(post.fixture)) {
    throw py::value_error(std::string("Fixture.") + name_of(post.fixture.kind) + ": " + fault);
  }
  return post;
}

std::array<double, 3> three(const py::object& object, const char* what) {
  const Vec3 v = bindings::vector_in<3>(object, what);
  return {v.x(), v.y(), v.z()};
}

/// A direction of any length but zero.
std::array<double, 3> direction_in(const py::object& object, const char* what) {
  const Vec3 v = bindings::vector_in<3>(object, what);
  const double length = v.norm();
  if (!(length > 1e-9 && length < 1e9)) {
    throw py::value_error(std::string(what) + " is " + std::string(py::str(object)) +
                          ", allowed any finite direction of a length in (1e-9, 1e9)");
  }
  return {v.x() / length, v.y() / length, v.z() / length};
}

FixturePost region(FixtureKind kind, double margin, bool keep_in, bool shaft) {
  FixturePost post;
  post.fixture.kind = kind;
  post.fixture.margin = margin;
  post.fixture.keep_in = keep_in;
  post.fixture.shaft = shaft;
  return post;
}

FixturePost guide_of(FixtureKind kind, const py::object& point, double scale) {
  FixturePost post;
  post.fixture.kind = kind;
  post.fixture.scale = scale;
  post.fixture.point = three(point, "point");
  return post;
}

FixturePost placed(FixturePost post, const py::object& T_base_fixture, const py::object& twist,
                   std::int64_t stamp_ns, double horizon_s) {
  const Mat4 T = bindings::matrix_in<4, 4>(T_base_fixture, "T_base_fixture");
  if (!(T.row(3) == Eigen::RowVector4d(0.0, 0.0, 0.0, 1.0))) {
    throw py::value_error("Fixture.placed: T_base_fixture is no rigid transform: its last row is " +
                          std::string("not (0, 0, 0, 1)"));
  }
  Fixture& f = post.fixture;
  Eigen::Map<Vec3>(f.position.data()) = T.topRightCorner<3, 1>();
  Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(f.rotation.data()) =
      T.topLeftCorner<3, 3>();
  f.twist.fill(0.0);
  if (!twist.is_none()) {
    Eigen::Map<Vec6>(f.twist.data()) = bindings::vector_in<6>(twist, "twist");
  }
  f.stamp_ns = stamp_ns;
  f.horizon_s = horizon_s;
  return checked(post);
}

py::tuple clearance_of(const FixturePost& post, const py::object& points, std::int64_t now_ns) {
  const Fixture& f = post.fixture;
  const FixturePose pose = pose_at(f, now_ns);
  const Transform T_fixture_base = inverse(pose.T_base_fixture);
  return bindings::each_point(points, "points", [&](const Vec3& x) {
    const Clearance c = clearance(f, T_fixture_base * x);
    return std::pair<double, Vec3>{c.distance - f.margin, pose.T_base_fixture.R * c.gradient};
  });
}

void bind_regions(py::class_<FixturePost>& c) {
  c.def_static(
       "plane",
       [](const py::object& point, const py::object& normal, double margin, bool shaft) {
         FixturePost p = region(FixtureKind::kPlane, margin, false, shaft);
         p.fixture.point = three(point, "point");
         p.fixture.direction = direction_in(normal, "normal");
         return checked(p);
       },
       py::arg("point"), py::arg("normal"), py::kw_only(), py::arg("margin") = 0.0,
       py::arg("shaft") = true,
       "Half space behind a plane through point (3,) m; normal (3,) points to the allowed side.")
      .def_static(
          "sphere",
          [](const py::object& centre, double radius, double margin, bool keep_in, bool shaft) {
            FixturePost p = region(FixtureKind::kSphere, margin, keep_in, shaft);
            p.fixture.point = three(centre, "centre");
            p.fixture.radius = radius;
            return checked(p);
          },
          py::arg("centre"), py::arg("radius"), py::kw_only(), py::arg("margin") = 0.0,
          py::arg("keep_in") = false, py::arg("shaft") = true,
          "Ball around centre (3,) m, radius (0, 10] m.")
      .def_static(
          "cone",
          [](const py::object& apex, const py::object& axis, double half_angle, double margin,
             bool keep_in, bool shaft) {
            FixturePost p = region(FixtureKind::kCone, margin, keep_in, shaft);
            p.fixture.point = three(apex, "apex");
            p.fixture.direction = direction_in(axis, "axis");
            p.fixture.half_angle = half_angle;
            return checked(p);
          },
          py::arg("apex"), py::arg("axis"), py::arg("half_angle"), py::kw_only(),
          py::arg("margin") = 0.0, py::arg("keep_in") = false, py::arg("shaft") = true,
          "Solid cone from apex (3,) m along axis (3,); half_angle (0, 1.5] rad.")
      .def_static(
          "tube",
          [](const py::object& a, const py::object& b, double radius, double margin, bool keep_in,
             bool shaft) {
            FixturePost p = region(FixtureKind::kTube, margin, keep_in, shaft);
            p.fixture.point = three(a, "a");
            p.fixture.end = three(b, "b");
            p.fixture.radius = radius;
            return checked(p);
          },
          py::arg("a"), py::arg("b"), py::arg("radius"), py::kw_only(), py::arg("margin") = 0.0,
          py::arg("keep_in") = false, py::arg("shaft") = true,
          "Tube with round ends around the segment a-b, each (3,) m; radius (0, 10] m.")
      .def_static(
          "mesh",
          [](const std::shared_ptr<SignedDistanceGrid>& grid, double margin, bool shaft) {
            FixturePost p = region(FixtureKind::kMesh, margin, false, shaft);
            p.grid = grid;
            return checked(p);
          },
          py::arg("grid"), py::kw_only(), py::arg("margin") = 0.0, py::arg("shaft") = true,
          "The inside of a mesh by its SignedDistanceGrid, which is shared, not copied.");
}

void bind_guides(py::class_<FixturePost>& c) {
  c.def_static(
       "point_guide",
       [](const py::object& point, double scale) {
         return checked(guide_of(FixtureKind::kPointGuide, point, scale));
       },
       py::arg("point"), py::kw_only(), py::arg("scale") = 0.0,
       "Guide to point (3,) m: the share `scale`, [0, 1], of a commanded way off it goes through.")
      .def_static(
          "line_guide",
          [](const py::object& point, const py::object& direction, double scale) {
            FixturePost p = guide_of(FixtureKind::kLineGuide, point, scale);
            p.fixture.direction = direction_in(direction, "direction");
            return checked(p);
          },
          py::arg("point"), py::arg("direction"), py::kw_only(), py::arg("scale") = 0.0,
          "Guide along the line through point (3,) m with direction (3,), as point_guide.")
      .def("placed", &placed, py::arg("T_base_fixture"), py::arg("twist") = py::none(),
           py::kw_only(), py::arg("stamp_ns") = 0, py::arg("horizon_s") = 0.1,
           "A copy whose frame is at T_base_fixture (4, 4) at stamp_ns and moves at twist (6,), "
           "linear m/s of its origin, angular rad/s, base axes, for horizon_s, [0, 1] s; then it "
           "stands still.")
      .def("clearance", &clearance_of, py::arg("points"), py::arg("now_ns") = 0,
           "Distances (N,) m of points (N, 3), base frame, from what is forbidden and its margin, "
           "below 0 inside, and their gradients (N, 3); 1e9 of a guide.");
}

}  // namespace

void bind_constraint_report(py::module_& m);
void bind_distance_grid(py::module_& m);

void bind_fixtures(py::module_& m) {
  bind_distance_grid(m);
  py::native_enum<FixtureKind>(m, "FixtureKind", "enum.IntEnum", "What a fixture is.")
      .value("PLANE", FixtureKind::kPlane)
      .value("SPHERE", FixtureKind::kSphere)
      .value("CONE", FixtureKind::kCone)
      .value("TUBE", FixtureKind::kTube)
      .value("MESH", FixtureKind::kMesh)
      .value("POINT_GUIDE", FixtureKind::kPointGuide)
      .value("LINE_GUIDE", FixtureKind::kLineGuide)
      .finalize();
  py::class_<FixturePost> c(
      m, "Fixture",
      "A forbidden region (`keep_in`: the only allowed one) or a guide, for Arm.set_fixtures.\n\n"
      "Lengths in m, in a frame of its own, which is the arm's base frame until it is `placed`.\n"
      "`margin`, [0, 0.1] m, is kept free beside the region; with `shaft` the shaft counts too,\n"
      "from the remote centre of motion on, and otherwise only what is beyond the wrist up to the\n"
      "control point (of a region to stay in: only the control point).  ValueError in one line\n"
      "where a value is not allowed.  Marinho et al., T-RO 35 (2019); Bettini et al., T-RO 20\n"
      "(2004).");
  bind_regions(c);
  bind_guides(c);
  c.def_property_readonly("kind", [](const FixturePost& p) { return p.fixture.kind; })
      .def_property_readonly("margin", [](const FixturePost& p) { return p.fixture.margin; })
      .def("__repr__", [](const FixturePost& p) {
        return std::string("<Fixture ") + name_of(p.fixture.kind) + ">";
      });
  bind_constraint_report(m);
}

/// The list as Arm::set_fixtures takes it; a ValueError names the fixture that is wrong.
std::vector<FixturePost> fixtures_in(const py::object& object) {
  const auto refuse = [](const std::string& what) {
    throw py::value_error("set_fixtures: " + what);
  };
  if (!py::isinstance<py::list>(object) && !py::isinstance<py::tuple>(object)) {
    refuse("fixtures is " + std::string(py::str(py::type::of(object).attr("__name__"))) +
           ", allowed a list of up to 8 Fixture");
  }
  std::vector<FixturePost> out;
  for (const py::handle item : py::reinterpret_borrow<py::sequence>(object)) {
    if (!py::isinstance<FixturePost>(item)) {
      refuse("fixtures[" + std::to_string(out.size()) + "] is " +
             std::string(py::str(py::type::of(item).attr("__name__"))) + ", allowed Fixture");
    }
    out.push_back(item.cast<FixturePost>());
    if (out.size() > kMaxFixtures) break;
  }
  return out;
}
