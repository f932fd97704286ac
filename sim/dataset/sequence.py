# SPDX-License-Identifier: Apache-2.0
"""Makes one sequence of a data set: every file of it as bytes, a function of the order alone."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from trocar import _core
from trocar.estimates import StereoFrame
from trocar.geometry import Array, inverse
from trocar.sim.dataset.expert_shots import ExpertShots
from trocar.sim.dataset.labels import COLUMNS, Row, TrackedPoints, label_rows, statistics
from trocar.sim.dataset.pictures import encode_depth, encode_flow, encode_ids, encode_rgb
from trocar.sim.dataset.ranges import Range, draw
from trocar.sim.dataset.realise import realise
from trocar.sim.dataset.shots import FIRST_STAMP_NS, KinematicShots, Shot, Shots
from trocar.sim.dataset.tables import calibration_text, csv_text, intrinsics_data
from trocar.sim.faults.board import FaultBoard
from trocar.sim.faults.camera import CameraFaults, Delivered, exposure_table
from trocar.sim.faults.schedule import ScheduledFault
from trocar.sim.render.frame import RenderedFrame
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.scene import ErrorParameters, Scene, load_scene

Write = Callable[[str, bytes], None]  # a file of the sequence: its relative name and contents
JOINTS_HEADER = "frame,stamp_ns,q1,q2,q3,q4,q5,q6,jaw"


@dataclass(frozen=True)
class Order:
    """What is asked for.  The same order and index give the same bytes (on the same driver)."""

    scene: str
    frames: int
    fps: float
    seed: int
    size: tuple[int, int] | None = None
    flow: bool = False
    points: int = 48
    ranges: dict[str, Range] = field(default_factory=dict)
    faults: tuple[ScheduledFault, ...] = ()


class SequenceMaker:
    """One sequence: `make` draws, renders and hands every file to `write`."""

    def __init__(self, order: Order, index: int) -> None:
        """Draw what this sequence is like, and find the paths of its tools."""
        self.order, self.index = order, index
        self.drawn = draw(order.ranges, order.seed, index)
        self.cell_seed = int(np.random.SeedSequence([order.seed, index]).generate_state(1)[0] >> 1)
        duration_s = order.frames / order.fps
        base = load_scene(order.scene)
        setting = realise(base, self.drawn, self.cell_seed, order.size, duration_s)
        # Experts work without hidden errors, and their labels say so.
        exact = replace(setting.scene, errors=ErrorParameters())
        self.scene: Scene = setting.scene if base.task is None else exact
        self.shots: Shots = (
            KinematicShots(setting, duration_s)
            if base.task is None
            else ExpertShots(setting, duration_s)
        )
        self._balance = [exposure_table(ev) if ev else None for ev in setting.balance_ev]
        self._tables: dict[str, list[Row]] = {name: [] for name in COLUMNS}
        self._times: list[Row] = []
        self._figures: list[dict[str, float]] = []
        self._points = TrackedPoints(np.zeros((0, 2)))
        self._captures: dict[int, tuple[dict[str, bytes], dict[str, list[Row]]]] = {}
        self._delivered = 0

    def make(self, write: Write, progress: Callable[[], object] = lambda: None) -> dict[str, Any]:
        """Every file goes to `write`; `progress` is called once a frame; returns the figures."""
        camera = CameraFaults(FaultBoard(self.order.faults, self.cell_seed))
        renderer = EndoscopeRenderer.of(self.scene, self.cell_seed)
        device = renderer.device
        try:
            for shot in self.shots.frames(self.order.frames, self.order.fps):
                frame = self._capture(renderer, shot)
                for delivered in camera.apply(frame.stereo, shot.time_s):
                    self._deliver(delivered, shot, write)
                if not self.order.faults:
                    self._captures.clear()
                progress()
        finally:
            renderer.close()
        self._write_tables(write)
        figures = self._summary()
        data = self._description(figures) | {"renderer": device}
        write("sequence.json", (json.dumps(data, indent=1) + "\n").encode())
        return figures | {"renderer": device}

    def _capture(self, renderer: EndoscopeRenderer, shot: Shot) -> RenderedFrame:
        """Draw a shot and keep its truth until its picture is delivered."""
        moves = self.order.flow or self.scene.look.effects.shutter_s > 0.0
        frame = renderer.render(
            shot.now,
            shot.stamp_ns,
            truth=True,
            neighbour=shot.following if moves else None,
            T_world_camera=shot.T_world_camera,
            T_world_camera_neighbour=shot.T_world_camera_following,
        )
        frame = replace(frame, stereo=self._balanced(frame.stereo))
        rig, cast = self.scene.rig, self.shots.cast
        if not self._figures:
            self._points = TrackedPoints.choose(
                shot, frame, cast, rig, self.cell_seed, self.order.points
            )
        self._figures.append(statistics(frame))
        rows = label_rows(shot, frame, cast, rig, self._points)
        self._captures[shot.stamp_ns] = (self._truth_files(frame), rows)
        return frame

    def _balanced(self, stereo: StereoFrame) -> StereoFrame:
        """The pictures with this sequence's white balance, as a camera that is off makes them."""
        pictures = []
        for picture in (stereo.left_rgb, stereo.right_rgb):
            channels = [
                picture[..., c] if table is None else table[picture[..., c]]
                for c, table in enumerate(self._balance)
            ]
            pictures.append(np.stack(channels, axis=-1))
        return StereoFrame(stereo.stamp_ns, *pictures)

    def _truth_files(self, frame: RenderedFrame) -> dict[str, bytes]:
        files = {}
        for eye, truth in (("left", frame.left), ("right", frame.right)):
            assert truth is not None
            files[f"depth_{eye}"] = encode_depth(truth.depth)
            files[f"part_{eye}"] = encode_ids(truth.part)
            files[f"instance_{eye}"] = encode_ids(truth.instance)
            if self.order.flow and truth.flow is not None:
                files[f"flow_{eye}"] = encode_flow(truth.flow)
        return files

    def _deliver(self, delivered: Delivered, shot: Shot, write: Write) -> None:
        """One picture as a consumer gets it: truth of what it shows, joints at its stamp."""
        k, frame = self._delivered, delivered.frame
        self._delivered += 1
        write(f"left/{k:06d}.png", encode_rgb(frame.left_rgb))
        write(f"right/{k:06d}.png", encode_rgb(frame.right_rgb))
        files, rows = self._captures[delivered.captured_ns]
        for folder, data in files.items():
            write(f"{folder}/{k:06d}.png", data)
        for name, table in rows.items():
            self._tables[name] += [[k, *row] for row in table]
        self._times.append([k, frame.stamp_ns, delivered.captured_ns, shot.stamp_ns])

    def _write_tables(self, write: Write) -> None:
        def text(name: str, header: str, rows: list[Row]) -> None:
            write(name, csv_text(header, rows).encode())

        for name, rows in self._tables.items():
            if rows:
                text(name, f"frame,{COLUMNS[name]}", rows)
        text("frames.csv", "frame,stamp_ns,captured_ns,delivered_ns", self._times)
        first = [row[1:4] for row in self._tables["truth.csv"] if row[0] == 0]
        text("points.csv", "id,u,v", first)
        for arm in self.scene.psms:
            true, measured = self._joints(arm)
            text(f"joints_{arm}.csv", JOINTS_HEADER, measured)
            text(f"joints_true_{arm}.csv", JOINTS_HEADER, true)
        write("calibration.yaml", calibration_text(self.scene.rig).encode())

    def _joints(self, arm: str) -> tuple[list[Row], list[Row]]:
        """True and measured joints at each picture's stamp."""
        cell = self.scene.realise(self.cell_seed)
        encoder = self.scene.encoder
        plant = _core.ArmPlant(  # for its encoders alone: it stands wherever the path says
            _core.PlantModel.psm(_core.DynamicParameters()),
            cell.T_world_base[arm],
            self.scene.initial_q[arm],
            name=arm,
            seed=cell.noise_seed + self.scene.arms.index(arm),
            count=encoder.resolution,
            noise=encoder.noise,
            velocity_noise=encoder.velocity_noise,
            bias=cell.joint_bias[arm],
        )
        true: list[Row] = []
        measured: list[Row] = []
        for k, stamp_ns, *_ in self._times:
            q = self.shots.joints(arm, (int(stamp_ns) - FIRST_STAMP_NS) * 1e-9)
            true.append([k, stamp_ns, *q])
            plant.reset(q)
            measured.append([k, stamp_ns, *plant.measure()[0]])
        return true, measured

    def _summary(self) -> dict[str, Any]:
        figures = {
            name: float(np.mean([f[name] for f in self._figures])) for name in self._figures[0]
        }
        seen = [float(row[-1]) for row in self._tables["truth.csv"]]
        tool = [f["first_instrument"] > 0.002 for f in self._figures]  # 600 px of 640 x 480
        return figures | {
            "frames": self._delivered,
            "points": len(self._points),
            "points_visible": float(np.mean(seen)) if seen else float("nan"),
            "frames_with_tool": float(np.mean(tool)),
            "path_attempts": self.shots.attempts,
        }

    def _description(self, figures: dict[str, Any]) -> dict[str, Any]:
        scene, order = self.scene, self.order
        cell = scene.realise(self.cell_seed)
        T_camera_world = inverse(scene.T_world_camera)
        return {
            "index": self.index,
            "scene": order.scene,
            "seed": order.seed,
            "cell_seed": self.cell_seed,
            "fps": order.fps,
            "drawn": dict(sorted(self.drawn.items())),
            "faults": [str(fault) for fault in order.faults],
            "effects": scene.look.effects.active(),
            "left": intrinsics_data(scene.rig.left),
            "right": intrinsics_data(scene.rig.right),
            "T_left_right": _rows(scene.rig.T_left_right),
            "T_world_camera_at_rest": _rows(scene.T_world_camera),
            "arms": {
                arm: {
                    "T_camera_base_nominal": _rows(scene.site.T_camera_base[arm]),
                    "T_camera_base_true": _rows(T_camera_world @ cell.T_world_base[arm]),
                    "joint_bias": cell.joint_bias[arm].tolist(),
                }
                for arm in scene.psms
            },
            "statistics": figures,
        }


def _rows(T: Array) -> list[list[float]]:
    return [[float(x) for x in row] for row in T]
