# SPDX-License-Identifier: Apache-2.0
"""From a file to tissue: read, clean, thin out, mesh, and say what was done."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import trocar
from trocar.errors import ConfigurationError
from trocar.sim.anatomy import surface_file, volume_file
from trocar.sim.anatomy.crossings import crossings
from trocar.sim.anatomy.label_names import chosen_labels
from trocar.sim.anatomy.materials import DEFAULT, Material, material, materials
from trocar.sim.anatomy.quality import quality
from trocar.sim.anatomy.smoothing import decimated, smoothed
from trocar.sim.anatomy.surface import Surface, outside
from trocar.sim.anatomy.surface_check import REPAIR, bodies, checked
from trocar.sim.anatomy.tet_fit import NODES, fit_tets
from trocar.sim.anatomy.tissue_file import Tissue
from trocar.sim.anatomy.triangles import distance_to_surface
from trocar.sim.anatomy.volume_file import Volume
from trocar.sim.anatomy.volume_surface import (
    largest_piece,
    mask_surface,
    mask_volume,
    nearest_labels,
)

Progress = Callable[[str, float], None]  # what is being done, share of the whole (0 to 1)

_SPECKS = 0.05  # share of the volume that smaller bodies may have before a person must choose
_SLOW = 100.0  # times the inertia: a tenth of the speed
_MOST_FACES = 60_000  # of a surface in which crossings are looked for before it is thinned out


@dataclass(frozen=True)
class Request:
    """What to import and how."""

    file: Path
    nodes: int = 1000
    units: str = "mm"
    label: str | None = None  # number or name; several joined by +; all
    threshold: tuple[float, float] | None = None  # of a picture's values: a label of its own
    material: Material | None = None  # of everything; None: by the label's name
    largest_only: bool = False  # several bodies: leave out all but the largest


@dataclass(frozen=True)
class Imported:
    """The tissue, the surface that it was made from, and remarks for a person."""

    tissue: Tissue
    surface: Surface
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Source:
    surface: Surface
    volume: float  # m3 that the mesh shall have
    names: dict[int, str]
    voxels: Volume | None
    remarks: list[str]


def import_tissue(request: Request, progress: Progress = lambda what, share: None) -> Imported:
    """Tissue of a surface file or a label volume; ConfigurationError says what is wrong."""
    check(request)
    where = request.file.name
    progress("reading", 0.0)
    is_volume = volume_file.is_volume(request.file)
    source = _from_volume(request, progress) if is_volume else _from_surface(request, progress)
    progress("thinning out", 0.3)
    surface = decimated(source.surface, max(4000, 6 * request.nodes))
    progress("meshing", 0.4)
    fit = fit_tets(
        surface,
        request.nodes,
        source.volume,
        where,
        lambda share: progress("meshing", 0.4 + 0.5 * share),
    )
    progress("measuring", 0.9)
    only = next(iter(source.names))
    labels = np.full(len(fit.mesh.tets), only, dtype=np.int32)
    if source.voxels is not None:
        centres = fit.mesh.nodes[fit.mesh.tets].mean(axis=1)
        labels = nearest_labels(source.voxels, centres, list(source.names))
    skin = outside(fit.mesh)
    away = distance_to_surface(surface.vertices, skin)
    p95 = float(np.percentile(away, 95))
    figures: dict[str, Any] = {
        "nodes": len(fit.mesh.nodes),
        "tets": len(fit.mesh.tets),
        "volume_m3": fit.mesh.volume,
        "source_volume_m3": source.volume,
        "area_m2": skin.area,
        "lattice_m": fit.side,
        "offset_m": fit.offset,
        "surface_distance_m": {"mean": float(away.mean()), "p95": p95},
        **asdict(quality(fit.mesh)),
    }
    card = {
        "name": "+".join(source.names.values()),
        "source": {
            "file": where,
            "sha256": sha256(request.file),
            "units": request.units,
            "kind": "volume" if is_volume else "surface",
        },
        "frame": "the file's own (a volume: ITK's, LPS), m",
        "mesh": figures,
        "made_by": f"trocar {trocar.__version__}",
    }
    made = {k: request.material or _by_name(name) for k, name in source.names.items()}
    tissue = Tissue(fit.mesh, labels, source.names, made, card)
    raised = float(tissue.body().inertia_factors.max())
    figures["inertia_factor"] = raised
    remarks = source.remarks + _remarks(p95, fit.side, raised)
    progress("done", 1.0)
    return Imported(tissue, surface, tuple(remarks))


def check(request: Request) -> None:
    """Raise ConfigurationError for what can be seen before anything is read."""
    file = request.file
    if not NODES[0] <= request.nodes <= NODES[1]:
        raise ConfigurationError(
            f"--nodes is {request.nodes}, allowed {NODES[0]} to {NODES[1]}; 1000 run in real time"
        )
    if request.units not in surface_file.UNITS:
        raise ConfigurationError(f"--units is {request.units}, allowed mm or m")
    if not file.exists():
        raise ConfigurationError(f"{file}: no such file; name a surface or a volume")
    kinds = (*surface_file.SUFFIXES, *volume_file.SUFFIXES)
    if not file.is_dir() and not file.name.lower().endswith(kinds):
        raise ConfigurationError(
            f"{file.name}: not a kind that is read: {', '.join(kinds)}, or a folder with a DICOM "
            "series; convert it"
        )
    if not volume_file.is_volume(file) and (request.label or request.threshold):
        raise ConfigurationError(
            f"{file.name}: a surface has no labels; leave --label and --threshold out"
        )
    if request.label and request.threshold:
        raise ConfigurationError(f"{file.name}: --label and --threshold exclude each other")


def sha256(path: Path) -> str:
    """Of a file, or of the files of a folder in the order of their names."""
    total = hashlib.sha256()
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if file.is_file():
            total.update(file.read_bytes())
    return total.hexdigest()


def _remarks(away: float, side: float, raised: float) -> list[str]:
    """What a person should know about a mesh that is sound but not what was meant."""
    remarks = []
    if away > side / 3.0:
        remarks.append(
            f"parts of the surface thinner than the lattice of {1e3 * side:.1f} mm are lost; "
            "say more --nodes to keep them"
        )
    if raised > _SLOW:
        remarks.append(
            f"stiff for its size: the inertia of nodes is raised up to {raised:.0f} times, so that "
            "they answer slowly (they rest where they should); fewer --nodes or a softer material "
            "mends it"
        )
    return remarks


def _by_name(label: str) -> Material:
    return material(label if label in materials() else DEFAULT)


def _from_surface(request: Request, progress: Progress) -> _Source:
    where = request.file.name
    raw = surface_file.read_surface(request.file, request.units)
    progress("checking", 0.1)
    surface = checked(raw, where)
    remarks = []
    if len(surface.faces) > _MOST_FACES:
        surface = decimated(surface, _MOST_FACES)
        remarks.append(f"thinned out to {len(surface.faces)} faces before crossings are sought")
    crossed = crossings(surface)
    if crossed is None:
        remarks.append("its faces are too unlike in size to seek crossings: none were sought")
    elif crossed:
        raise ConfigurationError(
            f"{where}: {crossed} pairs of faces cross each other, so that the inside is not clear; "
            f"{REPAIR}"
        )
    surface = _one_body(surface, request.largest_only, where, remarks)
    if surface.volume <= 0.0:
        raise ConfigurationError(f"{where}: the surface encloses nothing; {REPAIR}")
    return _Source(surface, surface.volume, {1: request.file.stem}, None, remarks)


def _one_body(surface: Surface, largest_only: bool, where: str, remarks: list[str]) -> Surface:
    """The largest body with its cavities."""
    body = bodies(surface)
    if body.max() == 0:
        return surface
    volumes = np.bincount(body, surface.face_volumes)
    best = int(volumes.argmax())
    shells = volumes > 0.0  # cavities look inwards and stay
    shells[best] = False
    if not shells.any():
        return surface
    share = volumes[shells].sum() / abs(volumes).sum()
    _refuse_or_say(int(shells.sum()), share, largest_only, where, remarks)
    keep = body == best
    inside = surface.part(keep)
    low, high = inside.vertices.min(axis=0), inside.vertices.max(axis=0)
    for k in np.flatnonzero(volumes <= 0.0):  # a cavity of a body left out goes with it
        x = surface.part(body == k).vertices
        if (x > low).all() and (x < high).all():
            keep |= body == k
    return surface.part(keep)


def _refuse_or_say(
    count: int, share: float, largest_only: bool, where: str, remarks: list[str]
) -> None:
    """Specks are left out and said; larger bodies want a word from a person."""
    if share > _SPECKS and not largest_only:
        raise ConfigurationError(
            f"{where}: {count + 1} separate bodies, the smaller ones {100 * share:.0f} % of the "
            "volume; say --largest to leave them out, or import each from a file of its own"
        )
    remarks.append(f"left out: {count} smaller bodies, {100 * share:.2g} % of the volume")


def _from_volume(request: Request, progress: Progress) -> _Source:
    where = request.file.name
    volume = volume_file.read_volume(request.file, surface_file.UNITS[request.units])
    progress("choosing the label", 0.1)
    mask, names = _mask(volume, request, where)
    remarks: list[str] = []
    body = largest_piece(mask)
    if body.others:
        _refuse_or_say(body.others, body.others_share, request.largest_only, where, remarks)
    progress("marching cubes", 0.15)
    surface = checked(smoothed(mask_surface(volume, body.mask, where)), where)
    surface_file.check_extent(surface.extent, request.units, where)
    voxels = volume if len(names) > 1 else None
    return _Source(surface, mask_volume(volume, body), names, voxels, remarks)


def _mask(volume: Volume, request: Request, where: str) -> tuple[NDArray[np.bool_], dict[int, str]]:
    if request.threshold:
        low, high = request.threshold
        mask = (volume.values >= low) & (volume.values <= high)
        if not mask.any():
            raise ConfigurationError(
                f"{where}: --threshold {low:g} {high:g}: no voxel; its values are "
                f"{volume.values.min():g} to {volume.values.max():g}"
            )
        return mask, {1: f"threshold {low:g} to {high:g}"}
    chosen = chosen_labels(request.label, volume.labels(where), volume.names, where)
    return np.isin(volume.values, chosen), {k: volume.names.get(k, f"label_{k}") for k in chosen}
