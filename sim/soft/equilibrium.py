# SPDX-License-Identifier: Apache-2.0
"""An oracle for pressed tissue: the static equilibrium of a mesh of tetrahedra by Newton's method.

Written apart from the solver under test: energy of the same material, exact Hessian, sparse
direct solves, a rigid sphere that meets many points of each surface triangle by a stiff penalty.
"""

from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.linalg import spsolve

from trocar.errors import TrocarError
from trocar.geometry import Array

PENALTY = 1e9  # Pa/m: 5 kPa of contact give way by 0.005 mm
SAMPLES = 24  # points on each triangle's side


class StaticFem:
    """Stable neo-Hookean tetrahedra (Smith, de Goes, Kim 2018) with some nodes fixed."""

    def __init__(
        self,
        nodes: Array,
        tets: NDArray[np.integer[Any]],
        young: float,
        poisson: float,
        fixed: ArrayLike,
    ) -> None:
        """Nodes (n, 3) m at rest, tets (m, 4), young Pa, indices of the fixed nodes."""
        self.x0, self.tets = nodes, tets
        self.mu = young / (2 * (1 + poisson))
        self.lam = young * poisson / ((1 + poisson) * (1 - 2 * poisson)) + self.mu
        edges = (nodes[tets[:, 1:]] - nodes[tets[:, :1]]).transpose(0, 2, 1)
        self.volume = np.linalg.det(edges) / 6
        inverse = np.linalg.inv(edges)
        self.grad = np.concatenate([-inverse.sum(1, keepdims=True), inverse], 1)  # (m, 4, 3)
        dof = np.ones(nodes.size, bool)
        dof[(3 * np.asarray(fixed)[:, None] + np.arange(3)).ravel()] = False
        self.free = np.flatnonzero(dof)
        self.index = (3 * tets[:, :, None] + np.arange(3)).reshape(-1, 12)
        e = np.zeros((3, 3, 3))
        e[0, 1, 2] = e[1, 2, 0] = e[2, 0, 1] = 1
        e[0, 2, 1] = e[2, 1, 0] = e[1, 0, 2] = -1
        self.eps = e

    def elastic(self, x: Array) -> tuple[Array, Array]:
        """Gradient (m, 12) and Hessian (m, 12, 12) of each element's energy at positions x."""
        F = np.einsum("mca,mcb->mab", x[self.tets], self.grad)
        J = np.linalg.det(F)
        C = J[:, None, None] * np.linalg.inv(F).transpose(0, 2, 1)
        P = self.mu * F + (self.lam * (J - 1) - self.mu)[:, None, None] * C
        f = np.einsum("m,mab,mcb->mca", self.volume, P, self.grad).reshape(-1, 12)
        dC = np.einsum("ace,bdf,mef->mabcd", self.eps, self.eps, F)  # d cof_ab / d F_cd
        H = self.lam * np.einsum("mab,mcd->mabcd", C, C)
        H += (self.lam * (J - 1) - self.mu)[:, None, None, None, None] * dC
        H += self.mu * np.einsum("ac,bd->abcd", np.eye(3), np.eye(3))
        K = np.einsum("m,mib,mabcd,mjd->miajc", self.volume, self.grad, H, self.grad)
        return f, K.reshape(-1, 12, 12)

    def press(
        self, surface: NDArray[np.integer[Any]], centre: Array, radius: float, x: Array
    ) -> tuple[Array, Array]:
        """Equilibrium with a rigid sphere there, sought from positions x (n, 3).

        surface (k, 3) triangles.  Returns positions (n, 3) and the force (3,) N on the sphere;
        TrocarError where Newton's method does not converge.
        """
        a = (np.arange(SAMPLES) + 1 / 3) / SAMPLES
        w = np.array([[1 - s - t, s, t] for s in a for t in a if s + t < 1])
        p, q, r = (self.x0[surface[:, i]] for i in range(3))
        share = np.linalg.norm(np.cross(q - p, r - p), axis=1) / 2 / len(w)
        node = (3 * surface[:, :, None] + np.arange(3)).reshape(-1, 9)
        n = x.size
        for _ in range(60):
            f, K = self.elastic(x)
            g = np.zeros(n)
            np.add.at(g, self.index.ravel(), f.ravel())
            parts = [(np.repeat(self.index, 12, 1).ravel(), np.tile(self.index, (1, 12)).ravel())]
            values = [K.ravel()]
            points = np.einsum("sk,tkc->tsc", w, x[surface]) - centre
            d = np.linalg.norm(points, axis=2)
            t, s = np.nonzero(d < radius)
            normal = points[t, s] / d[t, s][:, None]
            size = PENALTY * share[t] * (radius - d[t, s])
            B = np.einsum("ik,ab->ikab", w[s], np.eye(3)).transpose(0, 2, 1, 3).reshape(-1, 3, 9)
            np.add.at(g, node[t].ravel(), -np.einsum("i,ia,iab->ib", size, normal, B).ravel())
            k = (PENALTY * share[t])[:, None, None] * np.einsum("ia,ib->iab", normal, normal)
            Kc = np.einsum("iab,iac,icd->ibd", B, k, B)
            parts.append((np.repeat(node[t], 9, 1).ravel(), np.tile(node[t], (1, 9)).ravel()))
            values.append(Kc.ravel())
            ij = np.concatenate([np.stack(part) for part in parts], 1)
            A = sparse.csr_matrix((np.concatenate(values), (ij[0], ij[1])), shape=(n, n))
            A = A[self.free][:, self.free]
            step = np.zeros(n)
            step[self.free] = -spsolve(A.tocsc(), g[self.free])
            largest = np.abs(step).max()
            x = x + (step * min(1.0, 5e-4 / max(largest, 1e-12))).reshape(-1, 3)
            if largest < 1e-8:
                return x, (size[:, None] * -normal).sum(0)
        raise TrocarError(f"the pressed equilibrium did not converge: last step {largest} m")
