# SPDX-License-Identifier: Apache-2.0
"""Appearance memory: the key-frame patch of every point, and alignment against it.

A patch is (15, 15) float32 grey.  Alignment is inverse-compositional Gauss-Newton on
translation with free gain and offset (Baker, Matthews 2004): the light moves with the
lens, so brightness is not conserved.  All points are aligned together.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.perception.images import sample_patches

RADIUS = 7  # px: the Lucas-Kanade window, 15 px
SIZE = 2 * RADIUS + 1

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Alignment:
    """uv (N, 2) px; ncc (N,) in [-1, 1]; sigma (N, 2) px, from the residual and the texture."""

    uv: Array
    ncc: Array
    sigma: Array


def patches_at(image: Float32, uv: Array) -> Float32:
    """Patches (N, 15, 15) of a float32 image (H, W) round uv (N, 2)."""
    return sample_patches(image, uv, RADIUS)


def _centred(patches: Float32) -> tuple[Float32, Float32]:
    flat = patches.reshape(len(patches), SIZE * SIZE)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat, np.sqrt(np.einsum("ij,ij->i", flat, flat)) + np.float32(1e-6)


@dataclass
class PatchMemory:
    """N patches with their precomputed descent images: rows may be kept, added, replaced."""

    patch: Float32  # (N, 15, 15) as seen
    flat: Float32  # (N, 225) mean removed
    norm: Float32  # (N,)
    grad: Float32  # (N, 2, 225) along u and v, free of offset and gain
    inverse_hessian: Array  # (N, 2, 2) px^2 per grey^2

    @classmethod
    def of(cls, patch: Float32) -> "PatchMemory":
        """Precompute; gradients are central differences."""
        flat, norm = _centred(patch)
        count = len(patch)
        grad_v, grad_u = np.gradient(patch, axis=(1, 2))
        grad = np.stack(
            [grad_u.reshape(count, SIZE * SIZE), grad_v.reshape(count, SIZE * SIZE)], axis=1
        )
        grad -= grad.mean(axis=2, keepdims=True)
        # a free gain: the part of the gradient along the patch itself tells nothing
        unit = flat / norm[:, None]
        grad -= np.einsum("ikp,ip->ik", grad, unit)[:, :, None] * unit[:, None, :]
        hessian = np.einsum("ikp,ilp->ikl", grad, grad).astype(float)
        trace = np.trace(hessian, axis1=1, axis2=2)[:, None, None]
        return cls(
            patch, flat, norm, grad, np.linalg.inv(hessian + np.eye(2) * (1e-3 * trace + 1e-3))
        )

    @classmethod
    def empty(cls) -> "PatchMemory":
        """No patches yet."""
        return cls.of(np.zeros((0, SIZE, SIZE), np.float32))

    def added(self, patch: Float32) -> "PatchMemory":
        """With patches (M, 15, 15) appended."""
        new = PatchMemory.of(patch)
        return PatchMemory(
            *(np.concatenate([getattr(self, f.name), getattr(new, f.name)]) for f in fields(self))
        )

    def picked(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "PatchMemory":
        """Only these rows."""
        return PatchMemory(*(getattr(self, f.name)[rows] for f in fields(self)))

    def replace(self, rows: NDArray[np.intp], patch: Float32) -> None:
        """Put new patches (M, 15, 15) in the given rows."""
        new = PatchMemory.of(patch)
        for f in fields(self):
            getattr(self, f.name)[rows] = getattr(new, f.name)

    def align(self, image: Float32, uv: Array, steps: int) -> Alignment:
        """Align all patches near uv (N, 2); ncc is that of the last sampled position."""
        uv = uv.astype(float)
        ncc = np.zeros(len(uv))
        residual = np.zeros_like(self.flat)
        for _ in range(steps):
            seen, seen_norm = _centred(patches_at(image, uv))
            residual = seen * (self.norm / seen_norm)[:, None] - self.flat
            ncc = np.einsum("ij,ij->i", seen, self.flat) / (seen_norm * self.norm)
            slope = np.einsum("ikp,ip->ik", self.grad, residual)
            # beyond a pixel the linearisation is not to be trusted
            uv = uv - np.clip(np.einsum("ikl,il->ik", self.inverse_hessian, slope), -1.0, 1.0)
        variance = np.einsum("ij,ij->i", residual, residual) / (SIZE * SIZE)
        diagonal = np.diagonal(self.inverse_hessian, axis1=1, axis2=2)
        return Alignment(uv, ncc.astype(float), np.sqrt(variance[:, None] * diagonal))
