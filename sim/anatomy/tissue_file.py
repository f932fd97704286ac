# SPDX-License-Identifier: Apache-2.0
"""Imported tissue on disk: a folder with `tissue.npz` (mesh) and `tissue.yaml` (its card).

tissue.npz: nodes (n, 3) float64 m; tets (m, 4) int32, right-handed; labels (m,) int32.
tissue.yaml: format, version, name, labels (number: name), materials (number: properties, source),
source (file, sha256, units), frame, mesh (counts, volume, area, quality), npz_sha256.
"""

import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.anatomy.materials import Material
from trocar.sim.anatomy.surface import underside
from trocar.sim.soft.tet_mesh import TetMesh

FORMAT, VERSION = "trocar tissue", 1
CARD, MESH, PICTURE = "tissue.yaml", "tissue.npz", "tissue.png"


@dataclass(frozen=True)
class Tissue:
    """A mesh whose tetrahedra have labels (m,), each with a name and a material."""

    mesh: TetMesh
    labels: NDArray[np.int32]
    names: dict[int, str]
    materials: dict[int, Material]
    card: Mapping[str, Any]  # everything else that the card says

    def body(
        self, anchors: ArrayLike | None = None, config: _core.TissueConfig | None = None
    ) -> _core.TissueBody:
        """Ready to step; without `anchors` its underside is held, as if it lay in its bed."""
        order = sorted(self.materials)
        return _core.TissueBody(
            self.mesh.nodes,
            self.mesh.tets,
            [self.materials[label].core() for label in order],
            underside(self.mesh) if anchors is None else anchors,
            material_of=np.searchsorted(order, self.labels),
            config=config or _core.TissueConfig(),
        )

    def nodes_of(self, label: int) -> NDArray[np.intp]:
        """Nodes of the tetrahedra with a label."""
        return np.unique(self.mesh.tets[self.labels == label]).astype(np.intp)


def check_folder(folder: Path) -> None:
    """A folder that holds anything but an earlier import is not written over."""
    if folder.is_dir():
        kept = {entry.name for entry in folder.iterdir()} - {CARD, MESH, PICTURE}
        if not kept:
            return
        what = f"holds {sorted(kept)[0]}"
    elif folder.exists():
        what = "is a file"
    else:
        return
    raise ConfigurationError(f"--out {folder} {what}; name a new folder or that of an import")


def write_tissue(folder: Path, tissue: Tissue, picture: bytes | None = None) -> None:
    """Write the folder, whole or not at all; an earlier import there is replaced."""
    check_folder(folder)
    data = io.BytesIO()
    np.savez_compressed(data, nodes=tissue.mesh.nodes, tets=tissue.mesh.tets, labels=tissue.labels)
    card = {
        "format": FORMAT,
        "version": VERSION,
        **tissue.card,
        "labels": tissue.names,
        "materials": {label: asdict(made) for label, made in tissue.materials.items()},
        "npz_sha256": hashlib.sha256(data.getvalue()).hexdigest(),
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise ConfigurationError(f"cannot write {folder}: {error.strerror}") from error
    earlier = partial.with_name(partial.name + "-earlier")
    try:
        partial.chmod(0o755)
        (partial / MESH).write_bytes(data.getvalue())
        (partial / CARD).write_text(yaml.safe_dump(card, sort_keys=False, allow_unicode=True))
        if picture is not None:
            (partial / PICTURE).write_bytes(picture)
        if folder.is_dir():
            os.replace(folder, earlier)
        os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(earlier, ignore_errors=True)


def load_tissue(folder: str | Path) -> Tissue:
    """The tissue in a folder; ConfigurationError where the folder is not whole."""
    folder = Path(folder)
    try:
        card = yaml.safe_load((folder / CARD).read_text())
        data = (folder / MESH).read_bytes()
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"{folder}: no imported tissue: {error}; make one: trocar sim import"
        ) from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise ConfigurationError(f"{folder / CARD}: format is not '{FORMAT}'; import it again")
    if card.get("version") != VERSION:
        raise ConfigurationError(
            f"{folder / CARD}: version is {card.get('version')}, allowed {VERSION}; import it again"
        )
    if hashlib.sha256(data).hexdigest() != card.get("npz_sha256"):
        raise ConfigurationError(f"{folder / MESH}: not the mesh of its card; import it again")
    try:
        names = {int(label): str(name) for label, name in card["labels"].items()}
        made = {int(label): Material(**values) for label, values in card["materials"].items()}
        arrays = np.load(io.BytesIO(data))
        nodes: Array = arrays["nodes"]
        labels: NDArray[np.int32] = arrays["labels"]
        mesh = TetMesh(nodes, arrays["tets"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"{folder / CARD}: {error!r}; import it again") from error
    if not set(np.unique(labels).tolist()) <= set(made):
        raise ConfigurationError(f"{folder / CARD}: materials: a label has none; import it again")
    rest = ("format", "version", "labels", "materials", "npz_sha256")
    return Tissue(mesh, labels, names, made, {k: v for k, v in card.items() if k not in rest})
