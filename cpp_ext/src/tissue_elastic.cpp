// SPDX-License-Identifier: Apache-2.0
#include <Eigen/LU>

#include "trocar/tissue/elastic.hpp"

namespace trocar::tissue {

namespace {

// Compiled twice where the loader can choose: with and without AVX2.  Neither fuses a multiply
// with an add, so both give the same bits.
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define TROCAR_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define TROCAR_WIDE
#endif

using Mask = long long __attribute__((vector_size(32)));

#if defined(__clang__)
#define TROCAR_PICK(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
#define TROCAR_PICK(a, b, i, j, k, l) __builtin_shuffle(a, b, Mask{i, j, k, l})
#endif

/// Transpose the 4 x 4 numbers of rows r0..r3 into a, b, c, d.  A macro: vectors of this width
/// cannot be passed to functions without AVX.
#define TROCAR_TRANSPOSE(r0, r1, r2, r3, a, b, c, d)    \
  do {                                                  \
    const Lanes lo01 = TROCAR_PICK(r0, r1, 0, 4, 2, 6); \
    const Lanes hi01 = TROCAR_PICK(r0, r1, 1, 5, 3, 7); \
    const Lanes lo23 = TROCAR_PICK(r2, r3, 0, 4, 2, 6); \
    const Lanes hi23 = TROCAR_PICK(r2, r3, 1, 5, 3, 7); \
    a = TROCAR_PICK(lo01, lo23, 0, 1, 4, 5);            \
    b = TROCAR_PICK(hi01, hi23, 0, 1, 4, 5);            \
    c = TROCAR_PICK(lo01, lo23, 2, 3, 6, 7);            \
    d = TROCAR_PICK(hi01, hi23, 2, 3, 6, 7);            \
  } while (false)

}  // namespace

TROCAR_WIDE
int add_elastic_forces(const std::vector<ElasticBlock>& blocks, const Rows& position, Rows* force) {
  const auto* x = reinterpret_cast<const LanesInMemory*>(position.data());
  auto* f = reinterpret_cast<LanesInMemory*>(force->data());
  Mask limited = {0, 0, 0, 0};
  for (const ElasticBlock& block : blocks) {
    Lanes corner[4][3];
    [[maybe_unused]] Lanes unused;
    for (int c = 0; c < 4; ++c) {
      const int* n = block.node[c];
      TROCAR_TRANSPOSE(x[n[0]], x[n[1]], x[n[2]], x[n[3]], corner[c][0], corner[c][1], corner[c][2],
                       unused);
    }
    Lanes F[3][3];  // deformation gradient F = sum_c (x_c - x_0) grad N_c^T
    for (int a = 0; a < 3; ++a) {
      const Lanes e1 = corner[1][a] - corner[0][a];
      const Lanes e2 = corner[2][a] - corner[0][a];
      const Lanes e3 = corner[3][a] - corner[0][a];
      for (int b = 0; b < 3; ++b) {
        F[a][b] = e1 * block.gradient[0][b] + e2 * block.gradient[1][b] + e3 * block.gradient[2][b];
      }
    }
    Lanes C[3][3];  // cofactors: dJ/dF
    Lanes squares = {0.0, 0.0, 0.0, 0.0};
    for (int a = 0; a < 3; ++a) {
      const int a1 = (a + 1) % 3, a2 = (a + 2) % 3;
      for (int b = 0; b < 3; ++b) {
        const int b1 = (b + 1) % 3, b2 = (b + 2) % 3;
        C[a][b] = F[a1][b1] * F[a2][b2] - F[a1][b2] * F[a2][b1];
        squares += C[a][b] * C[a][b];
      }
    }
    const Lanes J = F[0][0] * C[0][0] + F[0][1] * C[0][1] + F[0][2] * C[0][2];
    const Lanes area = squares - 2.0;  // of the most grown cross-section, squared; 1 at rest
    const Mask over = area > kAreaLimit;
    limited += over;
    const Lanes soften = over ? kAreaLimit / area : area * 0.0 + 1.0;
    // P V = mu V F + (lambda V (J - 1) - mu V) dJ/dF
    const Lanes s = block.lambda_volume * (J - 1.0) * soften - block.mu_volume;
    Lanes out[4][3];
    for (int a = 0; a < 3; ++a) {
      Lanes P[3];
      for (int b = 0; b < 3; ++b) P[b] = block.mu_volume * F[a][b] + s * C[a][b];
      for (int c = 0; c < 3; ++c) {  // f_c = -V P grad N_c
        out[c + 1][a] = -(P[0] * block.gradient[c][0] + P[1] * block.gradient[c][1] +
                          P[2] * block.gradient[c][2]);
      }
      out[0][a] = -(out[1][a] + out[2][a] + out[3][a]);
    }
    const Lanes zero = {0.0, 0.0, 0.0, 0.0};
    for (int c = 0; c < 4; ++c) {
      Lanes row[4];
      TROCAR_TRANSPOSE(out[c][0], out[c][1], out[c][2], zero, row[0], row[1], row[2], row[3]);
      for (int lane = 0; lane < 4; ++lane) f[block.node[c][lane]] += row[lane];
    }
  }
  return static_cast<int>(-(limited[0] + limited[1] + limited[2] + limited[3]));
}

std::vector<ElasticBlock> elastic_blocks(const std::vector<Vec3>& rest,
                                         const std::vector<Tet>& tets,
                                         const std::vector<Material>& materials,
                                         const std::vector<int>& material_of) {
  std::vector<ElasticBlock> blocks((tets.size() + 3) / 4);
  for (std::size_t i = 0; i < 4 * blocks.size(); ++i) {
    const bool real = i < tets.size();
    const std::size_t t = real ? i : tets.size() - 1;
    ElasticBlock& block = blocks[i / 4];
    const std::size_t lane = i % 4;
    Mat3 D;
    for (int c = 0; c < 3; ++c) D.col(c) = rest[tets[t][c + 1]] - rest[tets[t][0]];
    const Mat3 G = D.inverse();
    for (int c = 0; c < 3; ++c) {
      for (int b = 0; b < 3; ++b) block.gradient[c][b][lane] = G(c, b);
    }
    const Material& m = materials[material_of[t]];
    const double volume = real ? D.determinant() / 6.0 : 0.0;
    block.mu_volume[lane] = m.mu() * volume;
    block.lambda_volume[lane] = m.lambda() * volume;
    for (int c = 0; c < 4; ++c) block.node[c][lane] = tets[t][c];
  }
  return blocks;
}

std::vector<double> stiffness_bound(const std::vector<ElasticBlock>& blocks, std::size_t nodes) {
  std::vector<double> bound(nodes, 0.0);
  for (const ElasticBlock& block : blocks) {
    for (int lane = 0; lane < 4; ++lane) {
      Vec3 g[4];
      for (int c = 0; c < 3; ++c) {
        for (int b = 0; b < 3; ++b) g[c + 1][b] = block.gradient[c][b][lane];
      }
      g[0] = -(g[1] + g[2] + g[3]);
      const double sum = g[0].norm() + g[1].norm() + g[2].norm() + g[3].norm();
      const double modulus = block.lambda_volume[lane] + block.mu_volume[lane];
      for (int c = 0; c < 4; ++c) bound[block.node[c][lane]] += modulus * g[c].norm() * sum;
    }
  }
  return bound;
}

}  // namespace trocar::tissue
