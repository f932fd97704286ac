// SPDX-License-Identifier: Apache-2.0
/// Soft tissue: any mesh is judged, and a body that was let through stays finite under anything.
#include "../tests/tissue_slab.hpp"
#include "targets.hpp"

namespace fuzz {

using namespace tissue;

namespace {

TetMesh mesh_of(Bytes& in) {
  TetMesh mesh = block(1 + in.below(2), 1, 1 + in.below(2), {0.02, 0.015, 0.02});
  if (!in.is_wild() || in.coin()) return mesh;
  for (int n = in.below(4); n >= 0; --n) {
    Vec3& node = mesh.nodes[in.byte() % mesh.nodes.size()];
    Tet& tet = mesh.tets[in.byte() % mesh.tets.size()];
    switch (in.below(4)) {
      case 0:
        node = in.vector<3>(0.02);
        break;
      case 1:
        tet[static_cast<std::size_t>(in.below(4))] = in.raw<std::int8_t>();
        break;
      case 2:
        mesh.tets.push_back(tet);
        break;
      default:
        mesh.nodes.push_back(in.vector<3>(0.1));
    }
  }
  return mesh;
}

Material material_of(Bytes& in) {
  Material m;
  if (!in.is_wild() || in.coin()) return m;
  m.young = in.real(1e4);
  m.poisson = in.real(0.5);
  m.density = in.real(2e3);
  m.damping = in.real(100.0);
  m.viscosity = in.real(1e-2);
  return m;
}

BodyConfig config_of(Bytes& in) {
  BodyConfig c;
  c.substeps = 10 + in.below(31);
  if (!in.is_wild() || in.coin()) return c;
  c.gravity = in.vector<3>(20.0);
  c.frame_s = in.real(0.05);
  c.substeps = in.raw<std::int8_t>();
  c.contact_sweeps = in.raw<std::int8_t>();
  c.bleeding_flux = in.real(1.0);
  c.clotting_s = in.real(100.0);
  return c;
}

void do_something(Bytes& in, TissueBody& body) {
  const int number = in.is_wild() ? in.raw<std::int8_t>() : in.below(3);
  TissueStatus status = TissueStatus::kOk;
  switch (in.below(10)) {
    case 0:
      if (body.tools().size() < 3) body.add_tool(0.001 + 0.004 * std::abs(in.fair()), 0.3);
      break;
    case 1:
      status = body.place_tool(number, in.vector<3>(0.05), in.vector<3>(0.03));
      break;
    case 2:
    case 3:
      status = body.move_tool(number, in.vector<3>(0.05), in.vector<3>(0.03));
      break;
    case 4:
      if (body.grasps().size() < 4) body.grasp(in.transform(0.02), in.vector<3>(0.02).cwiseAbs());
      break;
    case 5:
      status = body.move_grasp(number, in.transform(0.02));
      break;
    case 6:
      status = body.release(number);
      break;
    case 7: {
      const std::size_t before = body.positions().size();
      const CutReport report = body.cut(in.vector<3>(0.02), in.vector<3>(0.02), in.vector<3>(0.02));
      FUZZ_REQUIRE(report.faces >= 0 && report.area >= 0.0);
      FUZZ_REQUIRE(body.positions().size() == before + static_cast<std::size_t>(report.new_nodes));
      break;
    }
    case 8: {
      std::vector<Vec3> anchors(in.is_wild() ? in.byte() % 16 : body.anchors().size());
      for (Vec3& p : anchors) p = in.vector<3>(0.02);
      status = body.move_anchors(anchors);
      break;
    }
    default:
      if (in.byte() < 32) body.reset();
  }
  FUZZ_REQUIRE(status <= TissueStatus::kDiverged && describe(status) != nullptr);
}

void require_sound(const TissueBody& body) {
  for (std::size_t i = 0; i < body.positions().size(); ++i) {
    FUZZ_REQUIRE(body.positions()[i].vec().allFinite());
    FUZZ_REQUIRE(body.velocities()[i].vec().allFinite());
    FUZZ_REQUIRE(body.masses()[i] > 0.0);
  }
  for (const BleedSource& source : body.bleeding()) {
    FUZZ_REQUIRE(source.position.allFinite() && source.rate >= 0.0);
  }
}

}  // namespace

void fuzz_tissue(Bytes& in) {
  in.choose_wildness();
  const TetMesh mesh = mesh_of(in);
  const Material material = material_of(in);
  const BodyConfig config = config_of(in);
  const MeshCheck found = check(mesh);
  FUZZ_REQUIRE(describe(found.fault) != nullptr);
  const bool is_good = found.fault == MeshFault::kNone && fault_of(material) == nullptr &&
                       fault_of(config) == nullptr;
  FUZZ_REQUIRE(is_good || in.is_wild());
  if (!is_good || config.substeps > 60) return;
  TissueBody body = body_of(mesh, material, -0.02, config);
  for (int n = 0; n < 12 && (n < 3 || !in.is_empty()); ++n) {
    for (int k = in.below(4); k > 0; --k) do_something(in, body);
    const Rows before = body.positions();
    if (body.step() == TissueStatus::kDiverged) {
      for (std::size_t i = 0; i < before.size(); ++i) {
        FUZZ_REQUIRE(body.positions()[i].vec() == before[i].vec());
      }
    }
    require_sound(body);
  }
}

}  // namespace fuzz
