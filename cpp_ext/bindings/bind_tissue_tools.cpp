// SPDX-License-Identifier: Apache-2.0
/// Tools, anchors and jaws of soft tissue.
#include "tissue_io.hpp"

namespace py = pybind11;
using namespace trocar;
using namespace trocar::bindings;

void bind_tissue_tools(py::class_<SharedBody>& c);

namespace {

void bind_tools(py::class_<SharedBody>& c) {
  c.def(
       "add_tool",
       [](SharedBody& s, double radius, double friction) {
         if (!(radius >= 1e-4 && radius <= 0.1)) refuse("radius, allowed 0.0001 to 0.1 m");
         if (!(friction >= 0.0 && friction <= 2.0)) refuse("friction, allowed 0 to 2");
         return locked(s, [&](TissueBody& b) { return b.add_tool(radius, friction); });
       },
       py::arg("radius"), py::arg("friction") = 0.1,
       "New capsule tool of radius (m), Coulomb friction; its number.  It takes part once placed.")
      .def(
          "place_tool",
          [](SharedBody& s, int tool, const py::object& a, const py::object& p) {
            const Vec3 va = vector_in<3>(a, "a"), vb = vector_in<3>(p, "b");
            expect(locked(s, [&](TissueBody& b) { return b.place_tool(tool, va, vb); }),
                   "place_tool");
          },
          py::arg("tool"), py::arg("a"), py::arg("b"),
          "Put a tool's axis at a (3,), b (3,) (m, world; b is the tip) without a motion between.")
      .def(
          "move_tool",
          [](SharedBody& s, int tool, const py::object& a, const py::object& p) {
            const Vec3 va = vector_in<3>(a, "a"), vb = vector_in<3>(p, "b");
            expect(locked(s, [&](TissueBody& b) { return b.move_tool(tool, va, vb); }),
                   "move_tool");
          },
          py::arg("tool"), py::arg("a"), py::arg("b"),
          "Where the axis, from a (3,) to the tip b (3,), is when the next frame ends; at most "
          "0.1 m away.")
      .def(
          "set_tool_active",
          [](SharedBody& s, int tool, bool active) {
            expect(locked(s,
                          [&](TissueBody& b) {
                            if (tool < 0 || tool >= static_cast<int>(b.tools().size())) {
                              return TissueStatus::kUnknown;
                            }
                            b.set_tool_active(tool, active);
                            return TissueStatus::kOk;
                          }),
                   "set_tool_active");
          },
          py::arg("tool"), py::arg("active"), "A tool that is not active touches nothing.")
      .def(
          "tool_wrench",
          [](const SharedBody& s, int tool) {
            return wrench_out(locked(s, [&](const TissueBody& b) { return b.tool_wrench(tool); }));
          },
          py::arg("tool"),
          "(6,) N, N m: what the tissue did to the tool, mean of the last frame; world axes, about "
          "its tip; 0 for a tool that is not there.");
}

void bind_holding(py::class_<SharedBody>& c) {
  c.def(
       "move_anchors",
       [](SharedBody& s, const py::object& positions) {
         const std::vector<Vec3> p = rows_in<3>(positions, "positions");
         expect(locked(s, [&](TissueBody& b) { return b.move_anchors(p); }), "move_anchors");
       },
       py::arg("positions"),
       "Where the anchors, in the order of `anchors`, (a, 3) m are when the next frame ends.")
      .def(
          "anchor_wrench",
          [](const SharedBody& s) {
            return wrench_out(locked(s, [](const TissueBody& b) { return b.anchor_wrench(); }));
          },
          "(6,) N, N m on what the anchors are fixed to, about the world's origin.")
      .def(
          "grasp",
          [](SharedBody& s, const py::object& T, const py::object& half) {
            const Transform pose = pose_in(T, "T_world_jaw");
            const Vec3 extents = vector_in<3>(half, "half_extents");
            return locked(s, [&](TissueBody& b) { return b.grasp(pose, extents); });
          },
          py::arg("T_world_jaw"), py::arg("half_extents"),
          "Hold the surface triangles that reach into the box +- half_extents (3,) m of the jaw "
          "frame (4, 4).  Returns the grasp's number, -1 where nothing is between the jaws.")
      .def(
          "move_grasp",
          [](SharedBody& s, int grasp, const py::object& T) {
            const Transform pose = pose_in(T, "T_world_jaw");
            expect(locked(s, [&](TissueBody& b) { return b.move_grasp(grasp, pose); }),
                   "move_grasp");
          },
          py::arg("grasp"), py::arg("T_world_jaw"),
          "Where the jaws, T_world_jaw (4, 4), are when the next frame ends.")
      .def(
          "release",
          [](SharedBody& s, int grasp) {
            expect(locked(s, [&](TissueBody& b) { return b.release(grasp); }), "release");
          },
          py::arg("grasp"), "Let go.")
      .def(
          "grasped_nodes",
          [](const SharedBody& s, int grasp) {
            return locked(s, [&](const TissueBody& b) {
              const bool known = grasp >= 0 && grasp < static_cast<int>(b.grasps().size());
              return list_out(known && b.grasps()[grasp].active ? b.grasps()[grasp].nodes
                                                                : std::vector<int>{});
            });
          },
          py::arg("grasp"), "(k,) int32; none once released.")
      .def(
          "grasp_wrench",
          [](const SharedBody& s, int grasp) {
            return wrench_out(
                locked(s, [&](const TissueBody& b) { return b.grasp_wrench(grasp); }));
          },
          py::arg("grasp"), "(6,) N, N m on the jaws, about the jaw frame's origin: the pull.");
}

}  // namespace

void bind_tissue_tools(py::class_<SharedBody>& c) {
  bind_tools(c);
  bind_holding(c);
}
