# SPDX-License-Identifier: Apache-2.0
"""A scene: what stands in the simulated cell, and the seeded errors nobody is told about.

`load_scene("follow")` reads `sim/scenes/follow.yaml`; `Scene.realise(seed)` draws one cell from
it.  SI units; a YAML key may end in `_mm` or `_deg` and is converted on reading.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from trocar.camera import StereoRig
from trocar.errors import ConfigurationError
from trocar.geometry import Array, inverse
from trocar.models import Model, get
from trocar.sim.errors import draw_errors
from trocar.sim.faults.schedule import ScheduledFault, check_names
from trocar.sim.marks import Mark
from trocar.sim.objects.spec import ObjectSpec
from trocar.sim.render.options import RenderOptions
from trocar.sim.scene_file import read_scene
from trocar.sim.scene_parameters import (
    DriveParameters,
    EncoderParameters,
    ErrorParameters,
    InstrumentParameters,
    LinkParameters,
    TissueParameters,
)
from trocar.sim.snapshot import CellSnapshot, SnapshotLayout
from trocar.sim.soft.spec import SoftParameters
from trocar.sim.tasks.spec import TaskSpec
from trocar.site import Site, load_site

SCENE_FOLDER = Path(__file__).resolve().parent / "scenes"
DEFAULT_SCENE = "follow"
SITE_VARIABLE = "TROCAR_SITE"  # path of a site file, for a laboratory's own
ECM = "ECM"  # the arm that holds the endoscope
CUT_NODES = 200  # room in a snapshot for what cuts add to a soft body


@cache
def ecm_model() -> Model:
    """The ECM with its straight scope."""
    return get("ECM_0")


@dataclass(frozen=True)
class CellTruth:
    """What a seed decided.  Known to the simulator, the renderer and the truth only.

    T_world_base (4, 4) per arm name, joint_bias (7,) per arm (measured = true + bias),
    seeds for the tissue and the plant's noise, and the sense (+1, -1) of the sweep in y.
    """

    seed: int
    T_world_base: dict[str, Array]
    joint_bias: dict[str, Array]
    tissue_seed: int
    noise_seed: int
    sweep_sense: int


@dataclass(frozen=True)
class Scene:
    """One simulated cell.

    `T_world_camera` is the left optical frame at the start; where the scene has an ECM it carries
    the camera.  `initial_q` per arm: (7,) of a PSM, jaw last, (4,) of the ECM.
    """

    name: str
    fps: float
    T_world_camera: Array
    site: Site
    initial_q: dict[str, Array]
    tissue: TissueParameters
    errors: ErrorParameters
    encoder: EncoderParameters
    instrument: InstrumentParameters
    drive: DriveParameters = field(default_factory=DriveParameters)
    link: LinkParameters = field(default_factory=LinkParameters)
    objects: dict[str, ObjectSpec] = field(default_factory=dict)
    task: TaskSpec | None = None
    look: RenderOptions = field(default_factory=RenderOptions)
    soft: dict[str, SoftParameters] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    faults: tuple[ScheduledFault, ...] = ()

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the driven arms."""
        return tuple(self.initial_q)

    @property
    def psms(self) -> tuple[str, ...]:
        """Names of the driven arms that hold an instrument."""
        return tuple(arm for arm in self.arms if arm != ECM)

    def check_faults(self, faults: Iterable[ScheduledFault], where: str = "") -> None:
        """Refuse faults of arms, axes or soft bodies that the scene does not have."""
        joints = {arm: q.size for arm, q in self.initial_q.items()}
        check_names(faults, joints, self.soft, where or f"scene {self.name}")

    @property
    def layout(self) -> SnapshotLayout:
        """How this scene's snapshots lie in shared memory."""
        nodes = {name: len(p.mesh.nodes) + CUT_NODES for name, p in self.soft.items()}
        joints = {arm: q.size for arm, q in self.initial_q.items()}
        return SnapshotLayout(joints, tuple(self.objects), nodes)

    def at_rest(self) -> CellSnapshot:
        """The cell before its first tick, without any error."""
        objects = {name: spec.T_world_object for name, spec in self.objects.items()}
        soft = {name: p.mesh.nodes for name, p in self.soft.items()}
        return CellSnapshot(0.0, self.initial_q, None, objects, soft)

    def camera_pose(self, snapshot: CellSnapshot) -> Array:
        """`T_world_camera` (4, 4), the left optical frame, where the ECM holds it now."""
        if ECM not in self.initial_q:
            return self.T_world_camera
        return self.T_world_base(ECM) @ ecm_model().fk(snapshot.q[ECM])

    @property
    def rig(self) -> StereoRig:
        """The stereo endoscope."""
        return self.site.endoscope

    def T_world_base(self, arm: str) -> Array:
        """Nominal pose (4, 4) of an arm's base (RCM) in the world; refuses an unknown arm."""
        if arm not in self.initial_q:
            raise ConfigurationError(
                f"scene {self.name}: no arm {arm!r}; arms: {', '.join(self.arms)}"
            )
        if arm == ECM:
            return self.T_world_camera @ inverse(ecm_model().fk(self.initial_q[ECM]))
        return self.T_world_camera @ self.site.T_camera_base[arm]

    def gravity_base(self, arm: str, gravity: float = 9.81) -> Array:
        """Gravity (3,) in m/s2 in the nominal base frame of an arm."""
        return self.T_world_base(arm)[:3, :3].T @ np.array([0.0, 0.0, -gravity])

    def realise(self, seed: int) -> CellTruth:
        """Draw the errors of one cell; the same seed gives the same cell."""
        rng = np.random.default_rng([seed, 0])
        T_world_base, joint_bias = {}, {}
        for arm in self.psms:
            T_base_true, joint_bias[arm] = draw_errors(self.errors, rng)
            T_world_base[arm] = self.T_world_base(arm) @ T_base_true
        senses = {"+y": 1, "-y": -1}
        sense = senses.get(self.instrument.direction, int(rng.choice([-1, 1])))
        tissue_seed, noise_seed = (int(s) for s in rng.integers(0, 2**31, 2))
        return CellTruth(seed, T_world_base, joint_bias, tissue_seed, noise_seed, sense)


def scene_names() -> list[str]:
    """Names that `load_scene` knows."""
    return sorted(path.stem for path in SCENE_FOLDER.glob("*.yaml"))


def default_site_path() -> Path:
    """The site file in use: `TROCAR_SITE`, else the source tree's, else the installed one."""
    named = os.environ.get(SITE_VARIABLE)
    if named:
        return Path(named)
    relative = Path("launch") / "config" / "site.yaml"
    package = Path(__file__).resolve().parent.parent  # the checkout, or the installed package
    roots = [package, *(folder / "share" / "trocar" for folder in package.parents)]
    found = (root / relative for root in roots if (root / relative).is_file())
    return next(found, Path(sys.prefix) / "share" / "trocar" / relative)


def load_scene(name: str = DEFAULT_SCENE, site: Site | None = None) -> Scene:
    """Read a scene by name; ConfigurationError lists the valid names or keys."""
    if name not in scene_names():
        raise ConfigurationError(f"unknown scene {name!r}; scenes: {', '.join(scene_names())}")
    site = site or load_site(default_site_path())
    sections: dict[str, type] = {
        "tissue": TissueParameters,
        "errors": ErrorParameters,
        "drive": DriveParameters,
        "link": LinkParameters,
        "encoder": EncoderParameters,
        "instrument": InstrumentParameters,
    }
    arms = {**dict.fromkeys(site.T_camera_base, 7), ECM: 4}
    values: dict[str, Any] = read_scene(SCENE_FOLDER / f"{name}.yaml", sections, arms)
    scene = Scene(name=name, site=site, **values)
    scene.check_faults(scene.faults, f"scene file {name}.yaml: faults")
    return scene
