# SPDX-License-Identifier: Apache-2.0
"""One trial of tissue following, in lockstep: plant, images, perception, control, core.

Everything that the real system does in five processes happens here in one, in simulated
time and bit-repeatably; the way from an image to its estimates takes `LATENCY_S`, as there.
Truth is read for the score only.  `faults` takes faults at any time.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from trocar import _core
from trocar.control.follow import FollowState
from trocar.control.registration import Registration
from trocar.control.supervisor import ArmSupervisor
from trocar.estimates import Health, StereoFrame, TargetEstimate
from trocar.geometry import Array, transform_points
from trocar.kinematics import T_CONTROL_POINT_JAW_TIP
from trocar.perception.joint_history import JointHistory
from trocar.perception.pipeline import PerceptionResult, Pipeline
from trocar.sim.cell import Cell
from trocar.sim.faults.camera import CameraFaults
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.scene import Scene, load_scene
from trocar.sim.snapshot import CellSnapshot

ARM = "PSM1"
CONTROL_TICKS = 5  # the supervisor's 200 Hz
SCORE_TICKS = 5  # 200 Hz
LATENCY_S = 0.080  # capture to estimate: rendering, transport, perception
MODEL_ERROR = 0.1  # of masses and friction in the controller
FOLLOW_S = 10.0
SETTLE_S = 2.0
PASS_AFTER_S = 4.0  # of following, when the second instrument comes in
PREPARE_MAX_S = 10.0  # power, home, register, and the first command of `follow`
VARIANTS = ("full", "first_frame", "uncorrected")


@dataclass
class Trial:
    """What one trial gave, errors in m: n scored instants, m frames of them.

    `error` (n,) jaw tip to (point + stand-off along the normal), `hidden` (n,) whether the second
    instrument was in the cavity, `target_error` (m,) and `tool_error` (m,) of perception alone.
    """

    seed: int
    variant: str
    error: list[float] = field(default_factory=list)
    hidden: list[bool] = field(default_factory=list)
    target_error: list[float] = field(default_factory=list)
    tool_error: list[float] = field(default_factory=list)
    prepared_s: float = float("nan")
    clearance: float = float("nan")
    failure: str = ""


class FollowTrial:
    """The cell of one seed and everything that follows in it.

    variant "full"; "first_frame" keeps the first target and trusts the kinematics (control a);
    "uncorrected" tracks the tissue but trusts the kinematics (control b).
    """

    def __init__(self, seed: int, variant: str = "full", scene: Scene | None = None) -> None:
        """Build it; nothing moves before `run`."""
        self.trial = Trial(seed, variant)
        self._variant = variant
        self.scene = scene or load_scene("follow")
        config = _core.ArmConfig()
        dynamics = _core.DynamicParameters()
        dynamics.gravity_base = self.scene.gravity_base(ARM)
        config.dynamics = dynamics.perturbed(MODEL_ERROR, seed)
        arm = _core.Arm(config)
        self.cell = Cell(self.scene, seed, {ARM: arm}, second_instrument_at=-1.0)
        self._renderer = EndoscopeRenderer.of(self.scene, seed)
        self.faults = self.cell.faults
        self._camera = CameraFaults(self.faults)
        self._newest_ns = 0
        self._pipeline = Pipeline(self.scene.site)
        nominal = self.scene.site.T_camera_base[ARM]
        self.supervisor = ArmSupervisor(arm, nominal, "follow")
        if variant != "full":
            self.supervisor.registration = Registration(nominal, is_fixed=True)
        self._history = JointHistory()
        self._in_flight: deque[tuple[int, PerceptionResult]] = deque()
        self._frame_ticks = round(1000.0 / self.scene.fps)
        self._first_target: TargetEstimate | None = None
        self._point_uv: Array | None = None  # surface coordinates of the followed point (truth)
        self._following_from: float | None = None

    def run(self) -> Trial:
        """Run to the end of following, or to the first failure."""
        try:
            while not self.trial.failure and not self._is_over():
                self._tick()
            self.trial.clearance = min(self.cell.lowest.tissue, self.cell.lowest.instrument)
            if self.cell.touched:
                self.trial.failure = f"touched {', '.join(sorted(self.cell.touched))}"
        finally:
            self.cell.close()
            self._renderer.close()
        return self.trial

    # --- time ------------------------------------------------------------------------
    def _is_over(self) -> bool:
        since = self._since_following()
        if since is None and self.cell.time_s > PREPARE_MAX_S:
            reason = self.supervisor.follower.reason
            self.trial.failure = f"not following after {PREPARE_MAX_S:g} s: {reason}"
        return since is not None and since >= FOLLOW_S

    def _since_following(self) -> float | None:
        return None if self._following_from is None else self.cell.time_s - self._following_from

    def _tick(self) -> None:
        cell = self.cell
        cell.tick()
        now_ns, ticks = cell.stamp_ns, cell.ticks
        if ticks % self._frame_ticks == 0:
            self._capture(now_ns)
        if ticks % CONTROL_TICKS == 0:
            for delivered in self._camera.due(cell.time_s):
                self._perceive(delivered.frame, now_ns)
            self._deliver(now_ns)
            self.supervisor.tick(now_ns)
            state = self.supervisor.state
            self._history.add(state.stamp_ns, state.q[:6])
            self._watch(state)
        if ticks % SCORE_TICKS == 0:
            self._score()

    def _watch(self, state: _core.ArmState) -> None:
        follower = self.supervisor.follower
        if self._following_from is None and follower.is_commanding:
            self._following_from = self.trial.prepared_s = self.cell.time_s
        if state.fault != _core.Fault.NONE:
            self.trial.failure = f"fault: {_core.describe(state.fault)}"
        elif follower.state == FollowState.GIVEN_UP:
            self.trial.failure = f"gave up: {follower.reason}"
        since = self._since_following()
        if since is not None and abs(since - PASS_AFTER_S) < 0.5 * CONTROL_TICKS * 1e-3:
            self.cell.start_pass()

    # --- images ----------------------------------------------------------------------
    def _capture(self, now_ns: int) -> None:
        """Render and process the present state; its estimates arrive LATENCY_S later."""
        if self._variant == "first_frame" and self._first_target is not None:
            self._in_flight.append((now_ns, self._frozen(now_ns)))
            return
        snapshot = self.cell.snapshot()
        frame = self._renderer.render(snapshot, now_ns).stereo
        for delivered in self._camera.apply(frame, snapshot.time_s):
            result = self._perceive(delivered.frame, now_ns)
            if result is not None and delivered.captured_ns == now_ns:
                self._score_perception(snapshot, result)

    def _perceive(self, frame: StereoFrame, now_ns: int) -> PerceptionResult | None:
        """Process a picture that arrives now; None for one that is not newer than the last."""
        if frame.stamp_ns <= self._newest_ns:  # as the node's pairing does
            return None
        self._newest_ns = frame.stamp_ns
        result = self._pipeline.process(frame, self._history.at(frame.stamp_ns).q)
        if result.target is not None and self._point_uv is None:
            self._point_uv = self._surface_point(self.cell.time_s)
        if result.target is not None and result.target.health == Health.GOOD:
            self._first_target = self._first_target or result.target
        self._in_flight.append((now_ns, result))
        return result

    def _frozen(self, now_ns: int) -> PerceptionResult:
        first = self._first_target
        assert first is not None  # for the type checker: `_capture` has checked
        target = TargetEstimate(
            now_ns, first.T_camera_target, np.zeros(6), first.covariance,
            first.twist_covariance, first.visible, Health.GOOD,
        )  # fmt: skip
        return PerceptionResult(None, target, None, {})  # type: ignore[arg-type]

    def _deliver(self, now_ns: int) -> None:
        while self._in_flight and now_ns - self._in_flight[0][0] >= LATENCY_S * 1e9:
            _, result = self._in_flight.popleft()
            if result.target is not None:
                self.supervisor.add_target(result.target)
            if result.tool is not None:
                self.supervisor.add_tool(result.tool, now_ns)

    # --- truth -----------------------------------------------------------------------
    def _surface_point(self, time_s: float) -> Array:
        """Surface coordinates of the material point where the selected pixel's ray goes in."""
        eye = self.scene.rig.left
        centre = np.array([0.5 * (eye.width - 1), 0.5 * (eye.height - 1)])
        tissue = self.cell.truth.tissue
        near, far = 0.03, 0.15  # m: above and below any tissue in view
        for _ in range(40):
            depth = 0.5 * (near + far)
            p_world = transform_points(self.scene.T_world_camera, eye.unproject(centre, depth))
            is_above = float(tissue.signed_distance(p_world, time_s)) > 0.0
            near, far = (depth, far) if is_above else (near, depth)
        return tissue.closest_uv(p_world, time_s)

    def _score(self) -> None:
        since = self._since_following()
        if since is None or since < SETTLE_S or self._point_uv is None:
            return
        snapshot = self.cell.snapshot()
        truth = self.cell.truth
        goal = truth.target_world(snapshot.time_s, self._point_uv)
        self.trial.error.append(float(np.linalg.norm(truth.jaw_tip_world(snapshot) - goal)))
        self.trial.hidden.append(snapshot.passing is not None)

    def _score_perception(self, snapshot: CellSnapshot, result: PerceptionResult) -> None:
        since = self._since_following()
        if since is None or since < SETTLE_S or self._point_uv is None:
            return
        truth = self.cell.truth
        if result.target is not None:
            p_world = transform_points(
                self.scene.T_world_camera, result.target.T_camera_target[:3, 3]
            )
            error = p_world - truth.tissue.point(self._point_uv, snapshot.time_s)
            self.trial.target_error.append(float(np.linalg.norm(error)))
        if result.tool is not None and result.tool.health != Health.LOST:
            p_tip = (result.tool.T_camera_tool @ T_CONTROL_POINT_JAW_TIP)[:3, 3]
            error = p_tip - truth.jaw_tip_camera(snapshot)
            self.trial.tool_error.append(float(np.linalg.norm(error)))
