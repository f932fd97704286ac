// SPDX-License-Identifier: Apache-2.0
/// M x = b for a symmetric positive definite M of up to eight rows, by L D L^T without pivots
/// (Golub & Van Loan, "Matrix Computations", 4.1.2).  The size is known at run time, so that an arm
/// of four joints pays for four.  No allocation; NaN in gives NaN out.
#pragma once

#include "trocar/chain_dynamics.hpp"

namespace trocar {

/// x, its entries from n on 0.  Only the lower triangle of M is looked at.
inline ChainVec solve_ldlt(const ChainMatrix& M, const ChainVec& b, int n) {
  ChainMatrix L;  // below the diagonal L, on it D
  for (int j = 0; j < n; ++j) {
    double d = M(j, j);
    for (int k = 0; k < j; ++k) d -= L(j, k) * L(j, k) * L(k, k);
    L(j, j) = d;
    for (int i = j + 1; i < n; ++i) {
      double x = M(i, j);
      for (int k = 0; k < j; ++k) x -= L(i, k) * L(j, k) * L(k, k);
      L(i, j) = x / d;
    }
  }
  ChainVec x = ChainVec::Zero();
  for (int i = 0; i < n; ++i) {
    x[i] = b[i];
    for (int k = 0; k < i; ++k) x[i] -= L(i, k) * x[k];
  }
  for (int i = n - 1; i >= 0; --i) {
    x[i] /= L(i, i);
    for (int k = i + 1; k < n; ++k) x[i] -= L(k, i) * x[k];
  }
  return x;
}

}  // namespace trocar
