# SPDX-License-Identifier: Apache-2.0
"""A procedural abdomen: a lobe of the liver, the gallbladder under it, vessels inside it.

Implicit functions over a grid, drawn from a seed; exact labels.  x right, y away from the viewer,
z up (the simulator's world), origin in the middle of the lobe.  Sizes are those of an adult's
lobe; the shape is a stand-in, no anatomy of anyone.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.anatomy.label_names import write_names
from trocar.sim.anatomy.packages import need

NAMES = {1: "liver", 2: "gallbladder", 3: "vessels"}
SPACING = (0.0005, 0.004)  # m, allowed
_HALF = np.array([0.078, 0.062, 0.052])  # m, of the box


@dataclass(frozen=True)
class Capsule:
    """A round cone from a to b (3,) m with radii (m)."""

    a: Array
    b: Array
    radius_a: float
    radius_b: float

    def depth(self, p: Array) -> Array:
        """(n,) m inside its surface at points (n, 3), below 0 outside; exact for a cylinder."""
        along = self.b - self.a
        t = np.clip((p - self.a) @ along / (along @ along), 0.0, 1.0)
        radius = self.radius_a + t * (self.radius_b - self.radius_a)
        return np.asarray(radius - np.linalg.norm(p - self.a - t[:, None] * along, axis=1))


class Abdomen:
    """The shapes of one seed."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._half = np.array([0.068, 0.050, 0.030]) * rng.uniform(0.92, 1.06, 3)
        self._waves = rng.normal(size=(5, 3)) * 45.0  # 1/m
        self._phases = rng.uniform(0.0, 2.0 * np.pi, 5)
        self._tilt = rng.uniform(-0.15, 0.15)
        self.bladder = self._pear(rng)
        self.vessels = self._tree(rng)

    def labels(self, p: Array) -> NDArray[np.uint8]:
        """(n,) label at points (n, 3) m; vessels before gallbladder before liver."""
        out = np.zeros(len(p), dtype=np.uint8)
        inside = self.liver_depth(p)
        out[inside > 0.0] = 1
        out[self._bladder_depth(p) > 0.0] = 2
        near = inside > 0.004  # the tree ends under the capsule of the liver
        tubes = np.max([v.depth(p[near]) for v in self.vessels], axis=0) > 0.0
        out[np.flatnonzero(near)[tubes & (out[near] == 1)]] = 3
        return out

    def liver_depth(self, p: Array) -> Array:
        """(n,) m, about the distance inside the lobe."""
        x, y, z = p.T
        z = z + self._tilt * x
        # A round body that grows thin to the left, with a flat, hollowed lower face.
        thick = np.stack([np.ones_like(x), np.ones_like(x), 1.0 - 0.35 * np.tanh(x / 0.05)], 1)
        radius = np.linalg.norm(p / (self._half * thick), axis=1)
        body = (1.0 - radius) * self._half[2]
        below = z + 0.014 + 4.0 * (x**2 + y**2) - 0.10 * y
        lumps = 0.0018 * np.sin(p @ self._waves.T + self._phases).sum(axis=1) / np.sqrt(5.0)
        return np.asarray(_smooth_min(body, 0.7 * below, 0.004) + lumps)

    def _bladder_depth(self, p: Array) -> Array:
        depth = [part.depth(p) for part in self.bladder]
        return -_smooth_min(-depth[0], -depth[1], 0.004)

    def _pear(self, rng: np.random.Generator) -> list[Capsule]:
        """Fundus and body, then the neck, in the bed under the lobe."""
        x = rng.uniform(-0.006, 0.006)
        fundus = np.array([x, -0.022, -0.026])
        body = np.array([x + rng.uniform(-0.003, 0.003), 0.004, -0.0255])
        neck = np.array([x + rng.uniform(-0.006, 0.006), 0.026, -0.024])
        wide = rng.uniform(0.0125, 0.0145)
        return [Capsule(fundus, body, wide, wide - 0.002), Capsule(body, neck, wide - 0.003, 0.005)]

    def _tree(self, rng: np.random.Generator) -> list[Capsule]:
        """A trunk from the hilum and two generations of branches, in the upper half of the lobe."""
        hilum = np.array([0.008, 0.034, 0.001])
        fork = np.array([0.002, 0.010, 0.009]) + rng.uniform(-0.003, 0.003, 3)
        tree = [Capsule(hilum, fork, 0.0050, 0.0045)]
        for side in (-1.0, 1.0):
            step = np.array([side * 0.024, -0.008, 0.002]) + rng.uniform(-0.003, 0.003, 3)
            knee = fork + step
            tree.append(Capsule(fork, knee, 0.0042, 0.0036))
            for turn in (-1.0, 1.0):
                twig = np.array([side * 0.018, turn * 0.015 - 0.004, -0.002])
                tree.append(
                    Capsule(knee, knee + twig + rng.uniform(-0.003, 0.003, 3), 0.0034, 0.0026)
                )
        return tree


def write_phantom(path: Path, seed: int, spacing: float = 0.001) -> dict[int, int]:
    """Label volume (NIfTI or NRRD by the name) and its names; voxels of each label."""
    sitk = need("SimpleITK")
    if not path.name.lower().endswith((".nii", ".nii.gz", ".nrrd")):
        raise ConfigurationError(f"--out {path.name}: allowed endings .nii, .nii.gz, .nrrd")
    if not 0 <= seed < 2**32:
        raise ConfigurationError(f"--seed is {seed}, allowed 0 to {2**32 - 1}")
    if not SPACING[0] <= spacing <= SPACING[1]:
        low, high = (1e3 * s for s in SPACING)
        raise ConfigurationError(f"--spacing is {1e3 * spacing:g} mm, allowed {low:g} to {high:g}")
    values, origin = phantom(seed, spacing)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing([spacing * 1e3] * 3)
    image.SetOrigin((origin * 1e3).tolist())
    partial = path.with_name("." + path.name)  # keeps the ending, by which the format is chosen
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image, str(partial), useCompression=True)
        write_names(path, NAMES)
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        raise ConfigurationError(f"cannot write {path}: {str(error).splitlines()[-1]}") from error
    finally:
        partial.unlink(missing_ok=True)
    return {label: int((values == label).sum()) for label in NAMES}


def phantom(seed: int, spacing: float) -> tuple[NDArray[np.uint8], Array]:
    """Labels [k, j, i] and the centre (3,) m of the first voxel."""
    counts = np.ceil(2.0 * _HALF / spacing).astype(int)
    origin = -spacing * (counts - 1) / 2.0
    abdomen = Abdomen(seed)
    x, y = (origin[a] + spacing * np.arange(counts[a]) for a in (0, 1))
    flat = np.stack(np.meshgrid(x, y, indexing="xy"), -1).reshape(-1, 2)
    out = np.empty(counts[::-1], dtype=np.uint8)
    for k in range(counts[2]):
        z = np.full((len(flat), 1), origin[2] + spacing * k)
        out[k] = abdomen.labels(np.concatenate([flat, z], 1)).reshape(counts[1], counts[0])
    return out, origin


def _smooth_min(a: Array, b: Array, width: float) -> Array:
    """Polynomial smooth minimum: rounds the edge over `width`."""
    h = np.maximum(width - np.abs(a - b), 0.0) / width
    return np.asarray(np.minimum(a, b) - h * h * width / 4.0)
