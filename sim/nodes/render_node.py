# SPDX-License-Identifier: Apache-2.0
"""The endoscope's process: reads the cell's snapshot, draws it, publishes both pictures.

Topics (sensor data): /endoscope/{left,right}/image_raw and camera_info, all four with the
capture stamp of the snapshot; with `truth:=true` also what truth_topics.py lists.
Parameters: scene, seed (those of the sim process), fps, renderer (auto, egl, tiny), truth,
faults (a schedule: a YAML file or words).  Faults of pictures and stamps change what is published
under /endoscope, never the truth.  /sim/fault (std_msgs/String) takes them too.
"""

import os
import sys
import time
from collections import deque
from dataclasses import replace
from typing import Any

import numpy as np
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String

from trocar.camera import StereoRig
from trocar.errors import ConfigurationError
from trocar.estimates import StereoFrame
from trocar.process import segment_name, write_report
from trocar.sim.faults.camera import CameraFaults
from trocar.sim.faults.desk import FaultDesk
from trocar.sim.faults.schedule import load_faults
from trocar.sim.nodes.camera_messages import camera_info_message, eyes, image_message
from trocar.sim.nodes.runtime import DIAGNOSTICS_PERIOD_NS, Runtime, run_node
from trocar.sim.nodes.snapshot_reader import SnapshotReader
from trocar.sim.nodes.truth_topics import TruthTopics
from trocar.sim.nodes.wounds import WoundReader
from trocar.sim.render.choice import Renderer, make_renderer
from trocar.sim.render.frame import RenderedFrame
from trocar.sim.render.pacer import FramePacer
from trocar.sim.scene import load_scene
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.truth import Truth

NICENESS = 5  # the control loop's threads come first
_WINDOW = 1000  # frames kept for the statistics of the report
_NEIGHBOUR_S = 2.0  # the frame before is a neighbour of this one up to this age
FPS_LIMITS = (1.0, 60.0)


class EndoscopePublisher:
    """Publishes one rendered frame as messages."""

    def __init__(self, runtime: Runtime, rig: StereoRig) -> None:
        """Create the publishers of both eyes."""
        self._rig = rig
        make, qos = runtime.node.create_publisher, qos_profile_sensor_data
        self._images = {
            name: (
                make(Image, f"/endoscope/{name}/image_raw", qos),
                make(CameraInfo, f"/endoscope/{name}/camera_info", qos),
            )
            for name, *_ in eyes(rig)
        }

    def publish(self, frame: StereoFrame) -> None:
        """Both pictures and calibrations."""
        stamp_ns = frame.stamp_ns
        pictures = {"left": frame.left_rgb, "right": frame.right_rgb}
        for name, eye, baseline in eyes(self._rig):
            frame_id = f"endoscope_{name}"
            images, infos = self._images[name]
            images.publish(image_message(pictures[name], stamp_ns, frame_id))
            infos.publish(camera_info_message(eye, baseline, stamp_ns, frame_id))


class RenderLoop:
    """Draws the newest snapshot whenever a frame is due, and keeps the figures."""

    def __init__(
        self,
        runtime: Runtime,
        renderer: Renderer,
        fps: float,
        reader: SnapshotReader,
        wounds: WoundReader,
        truth: TruthTopics | None,
        desk: FaultDesk,
        shutter: bool = False,
    ) -> None:
        """Nothing is drawn before `step`; shutter: motion is smeared, from the frame before."""
        self._desk = desk
        self._faults = CameraFaults(desk.board)
        self._clock = (0.0, time.monotonic())  # the cell's time, and when it was so
        topic = "/sim/fault"
        runtime.node.create_subscription(String, topic, lambda m: desk.hear(m.data, self.now_s), 10)
        self._runtime = runtime
        self._renderer = renderer
        self._reader = reader
        self._truth = truth
        self._shutter = shutter
        self._before: CellSnapshot | None = None
        self._wounds = wounds
        self._publisher = EndoscopePublisher(runtime, renderer.rig)
        self._pacer = FramePacer(round(1e9 / fps))
        self._fps = fps
        self.frames = 0
        self.render_ms: deque[float] = deque(maxlen=_WINDOW)
        self.age_ms: deque[float] = deque(maxlen=_WINDOW)
        self._first_ns = 0
        self._last_ns = 0
        self._diagnosed = (time.monotonic_ns(), 0)

    @property
    def now_s(self) -> float:
        """The cell's time, carried on from the last snapshot."""
        time_s, then = self._clock
        return time_s + time.monotonic() - then

    def step(self) -> None:
        """Serve ROS until the next frame is due, then draw and publish it."""
        self._desk.serve(self.now_s)
        for delivered in self._faults.due(self.now_s):
            self._publisher.publish(delivered.frame)
        wait_s = self._pacer.wait_ns(time.monotonic_ns()) / 1e9
        if wait_s > 0.0:
            self._runtime.spin(min(wait_s, 0.1))
            return
        cut = self._wounds.newest()  # before the snapshot: see wounds.py
        captured = self._reader.newest()
        self._diagnose()
        for name, (faces, parents) in cut.items():
            whole = self._renderer.cast.soft[name]
            self._renderer.set_surface(name, whole.after_cut(faces, parents))
        if captured is None:
            self._runtime.spin(0.02)
            return
        start_ns = time.monotonic_ns()
        self._pacer.taken(start_ns)
        snapshot, stamp_ns = captured
        frame = self._draw(snapshot, stamp_ns)
        self.render_ms.append((time.monotonic_ns() - start_ns) / 1e6)
        self._clock = (snapshot.time_s, time.monotonic() - (time.time_ns() - stamp_ns) / 1e9)
        for delivered in self._faults.apply(frame.stereo, snapshot.time_s):
            self._publisher.publish(delivered.frame)
        if self._truth is not None:
            self._truth.frame(snapshot, frame)
        self.age_ms.append((time.time_ns() - stamp_ns) / 1e6)
        self.frames += 1
        self._last_ns = time.monotonic_ns()
        self._first_ns = self._first_ns or self._last_ns

    def _draw(self, snapshot: CellSnapshot, stamp_ns: int) -> RenderedFrame:
        """The picture, with truth where someone listens to it."""
        before, self._before = self._before, snapshot
        truth = self._truth is not None and self._truth.wants_truth()
        flow = self._truth is not None and self._truth.wants_flow()
        # A cell that began anew is no neighbour of the one before, and its tissue is whole.
        if before is not None and snapshot.time_s < before.time_s and self._wounds.forget():
            for name, whole in self._renderer.cast.soft.items():
                self._renderer.set_surface(name, whole)
        if before is not None and not 0.0 < snapshot.time_s - before.time_s < _NEIGHBOUR_S:
            before = None
        neighbour = before if flow or self._shutter else None
        return self._renderer.render(snapshot, stamp_ns, truth=truth, neighbour=neighbour)

    def _diagnose(self) -> None:
        now_ns = time.monotonic_ns()
        since_ns, frames = self._diagnosed
        if now_ns - since_ns < DIAGNOSTICS_PERIOD_NS:
            return
        self._diagnosed = (now_ns, self.frames)
        rate = (self.frames - frames) * 1e9 / (now_ns - since_ns)
        ok = rate > 0.9 * self._fps
        self._runtime.diagnose(
            "endoscope",
            ok,
            "drawing" if ok else self._reader.why or f"{rate:.1f} of {self._fps:g} frames a second",
            {
                "rate_hz": f"{rate:.2f}",
                "render_ms": f"{self.render_ms[-1]:.1f}" if self.render_ms else "",
                "age_ms": f"{self.age_ms[-1]:.1f}" if self.age_ms else "",
                "dropped": self._pacer.dropped,
                "renderer": self._renderer.device,
                "faults": "; ".join(map(str, self._desk.board.active(time_s=self.now_s))),
            },
        )

    def report(self) -> dict[str, Any]:
        """What the process measured: mean rate, times in ms, frames dropped."""
        span_s = (self._last_ns - self._first_ns) / 1e9
        rate = (self.frames - 1) / span_s if span_s > 0.0 else None
        topics = [f"/endoscope/{name}/image_raw" for name, *_ in eyes(self._renderer.rig)]
        return {
            "rates": dict.fromkeys(topics, rate),
            "frames": self.frames,
            "dropped": self._pacer.dropped,
            "render_ms": _quantiles(self.render_ms),
            "age_ms": _quantiles(self.age_ms),
            "renderer": self._renderer.device,
        }


def _quantiles(values: deque[float]) -> dict[str, float | None]:
    if not values:
        return {"p50": None, "p95": None}
    p50, p95 = np.percentile(list(values), [50, 95])
    return {"p50": float(p50), "p95": float(p95)}


def _say(line: str) -> None:
    sys.stdout.write(f"render: {line}\n")
    sys.stdout.flush()


def _body(runtime: Runtime) -> int:
    scene = load_scene(str(runtime.parameter("scene", "follow")))
    seed = int(runtime.parameter("seed", 0))
    fps = float(runtime.parameter("fps", scene.fps))
    choice = str(runtime.parameter("renderer", ""))
    truth = bool(runtime.parameter("truth", False))
    if not FPS_LIMITS[0] <= fps <= FPS_LIMITS[1]:
        raise ConfigurationError(
            f"parameter fps is {fps:g}; allowed {FPS_LIMITS[0]:g} to {FPS_LIMITS[1]:g}"
        )
    os.nice(NICENESS)
    # One core at most, whatever the software rasteriser finds: the other belongs to the loop.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    renderer, fps_max = make_renderer(scene, seed, _say, choice)
    # The driver compiles its shaders at the first frame: before the first capture, not after it.
    renderer.render(scene.at_rest(), 0)
    reader = SnapshotReader(f"{segment_name()}.cell", scene.layout, _say)
    wounds = WoundReader(f"{segment_name()}.wounds", scene)
    topics = None
    if truth:
        drawn = replace(scene, site=replace(scene.site, endoscope=renderer.rig))
        topics = TruthTopics(runtime.node, Truth(drawn, seed, scene.psms[0]))
    shutter = scene.look.effects.shutter_s > 0.0
    faults = (*scene.faults, *load_faults(str(runtime.parameter("faults", ""))))
    desk = FaultDesk("render", faults, _say, seed=seed)
    loop = RenderLoop(runtime, renderer, min(fps, fps_max), reader, wounds, topics, desk, shutter)
    try:
        while not runtime.stop:
            loop.step()
    finally:
        write_report("render", loop.report())
        desk.close()
        wounds.close()
        reader.close()
        renderer.close()
    return 0


def main() -> int:
    """Entry point `render_node`."""
    return run_node("render", _body)


if __name__ == "__main__":
    sys.exit(main())
