// SPDX-License-Identifier: Apache-2.0
/// Elastic forces of all tetrahedra, four at a time, in total Lagrangian form: everything is
/// written on the rest shape, whose gradients never change (Miller, Joldes, Lance & Wittek,
/// "Total Lagrangian explicit dynamics finite element algorithm for computing soft tissue
/// deformation", Commun. Numer. Meth. Engng 23, 2007).
#pragma once

#include <vector>

#include "trocar/tissue/lanes.hpp"
#include "trocar/tissue/material.hpp"
#include "trocar/tissue/tet_mesh.hpp"

namespace trocar::tissue {

/// Where the area of an element's cross-section has grown by the square root of this, its volume
/// term stops to stiffen, so that the time step stays stable at any deformation.
inline constexpr double kAreaLimit = 3.0;

/// Four tetrahedra.  Lanes beyond the last one repeat it with zero stiffness.
struct alignas(32) ElasticBlock {
  Lanes gradient[3][3];  // rows: gradient of the shape functions of corners 1, 2, 3 at rest, 1/m
  Lanes mu_volume;       // mu V, N m
  Lanes lambda_volume;   // lambda V, N m
  int node[4][4];        // [corner][lane]
};

/// Blocks of the tetrahedra at rest; `material_of` has one entry a tetrahedron.
std::vector<ElasticBlock> elastic_blocks(const std::vector<Vec3>& rest,
                                         const std::vector<Tet>& tets,
                                         const std::vector<Material>& materials,
                                         const std::vector<int>& material_of);

/// Add the elastic forces (N) at positions (m).  Returns how many elements were at the limit.
int add_elastic_forces(const std::vector<ElasticBlock>& blocks, const Rows& position, Rows* force);

/// Bound of each node's stiffness (N/m): the sum of the absolute values of its row of K at rest
/// (Gershgorin), K from the P-wave modulus lambda_Lame + 2 mu = lambda + mu.
std::vector<double> stiffness_bound(const std::vector<ElasticBlock>& blocks, std::size_t nodes);

}  // namespace trocar::tissue
