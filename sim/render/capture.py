# SPDX-License-Identifier: Apache-2.0
"""One capture: what is asked of the renderer, checked once."""

from dataclasses import dataclass

import numpy as np

from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.render.options import RenderOptions
from trocar.sim.snapshot import CellSnapshot


def check_pose(name: str, T: Array) -> None:
    """Refuse what is no rigid transform (4, 4)."""
    T = np.asarray(T, dtype=float)
    if T.shape != (4, 4) or not np.isfinite(T).all():
        raise ConfigurationError(
            f"{name}: a finite (4, 4) transform is needed, got shape {T.shape}"
        )
    if np.abs(T[:3, :3] @ T[:3, :3].T - np.eye(3)).max() > 1e-6 or np.linalg.det(T[:3, :3]) < 0.0:
        raise ConfigurationError(f"{name}: its rotation is not orthonormal to 1e-6")


@dataclass(frozen=True)
class Capture:
    """The cell now and in a neighbouring frame, each with its `T_world_camera`; see `render`."""

    now: CellSnapshot
    neighbour: CellSnapshot | None
    T_world_camera: Array
    T_world_camera_neighbour: Array
    stamp_ns: int
    truth: bool
    options: RenderOptions

    def __post_init__(self) -> None:
        """Refuse broken poses, and a smear over no time."""
        check_pose("T_world_camera", self.T_world_camera)
        check_pose("T_world_camera_neighbour", self.T_world_camera_neighbour)
        same = self.neighbour is not None and self.neighbour.time_s == self.now.time_s
        if same and self.options.effects.shutter_s > 0.0:
            raise ConfigurationError(
                f"neighbour: at the frame's own time, {self.now.time_s:g} s; the blur needs another"
            )

    @property
    def with_flow(self) -> bool:
        """Whether flow is read back."""
        return self.truth and self.neighbour is not None

    @property
    def shutter(self) -> float:
        """Exposure time over the time to the neighbour, signed; 0: nothing is smeared."""
        if self.neighbour is None or self.options.effects.shutter_s == 0.0:
            return 0.0
        return self.options.effects.shutter_s / (self.neighbour.time_s - self.now.time_s)

    @property
    def moved(self) -> bool:
        """Whether the motion of each pixel is drawn at all."""
        return self.with_flow or self.shutter != 0.0
