# SPDX-License-Identifier: Apache-2.0
"""Types of the compiled core.  Arrays are float64; axes = 6 joints then the jaw (7).

SI units; `T_base_cp` is (4, 4), control point in the RCM base frame; twists are
(linear, angular) of the control point in base axes; stamps are integer ns.
"""

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

NUM_JOINTS: int  # 6
NUM_AXES: int  # 7: the joints, then the jaw
TICK_NS: int  # 1_000_000

# --- kinematics (bind_kinematics.cpp) ------------------------------------------------
class IkStatus(IntEnum):
    OK = 0
    OUT_OF_REACH = 1  # no solution, or non-finite / non-rotation input
    NEAR_RCM = 2  # wrist closer than 45 mm to the RCM
    OUTSIDE_LIMITS = 3  # q holds the clamped, nearest joint vector

class IkBranch(IntEnum):
    FORWARD = 0  # |wrist pitch| < 90 deg, the only one inside the limits of the known PSMs
    BACKWARD = 1

class IkResult:
    q: Array  # (6,)
    T_base_cp: Array  # (4, 4) what q reaches
    status: IkStatus

class NearestPose:
    q: Array  # (6,) inside the ranges, wrist 45 mm past the RCM
    T_base_cp: Array  # (4, 4) what q reaches
    distance: float  # m: sqrt(|dp|^2 + (0.0102 theta)^2); NaN where the goal is no pose
    status: IkStatus  # of the goal itself

class IkCampaign:
    poses: int
    right: int  # named rightly
    max_position_error: float  # m, of those found
    max_rotation_error: float  # rad

def psm_fk(q: ArrayLike) -> Array: ...  # (4, 4) T_base_cp
def psm_link_frames(q: ArrayLike) -> Array: ...  # (7, 4, 4): frames of DH rows 1..6, then the tool frame
def psm_jacobian(q: ArrayLike) -> Array: ...  # (6, 6) at the control point, base axes
def psm_jacobian_rate(q: ArrayLike, qd: ArrayLike) -> Array: ...  # (6, 6), d/dt of the Jacobian
def psm_ik(T_base_cp: ArrayLike, q_seed: ArrayLike, *, q_min: ArrayLike | None = None, q_max: ArrayLike | None = None, branch: IkBranch = ...) -> IkResult: ...  # roll at the turn nearest the seed
def psm_nearest_pose(T_base_cp: ArrayLike, q_seed: ArrayLike, *, q_min: ArrayLike | None = None, q_max: ArrayLike | None = None) -> NearestPose: ...
def psm_fk_batch(q: ArrayLike) -> Array: ...  # (N, 4, 4) of (N, 6); batches release the GIL
def psm_jacobian_batch(q: ArrayLike) -> Array: ...  # (N, 6, 6) of (N, 6)
def psm_ik_batch(T_base_cp: ArrayLike, q_seed: ArrayLike, *, q_min: ArrayLike | None = None, q_max: ArrayLike | None = None) -> tuple[Array, NDArray[np.uint8]]: ...  # q (N, 6), status (N,)
def psm_ik_campaign(poses: int, seed: int, *, near_rcm: bool = False) -> IkCampaign: ...

Q_MIN: Array  # (7,)
Q_MAX: Array  # (7,)
EFFORT_MAX: Array  # (7,)
VELOCITY_MAX: Array  # (7,)
ACCELERATION_MAX: Array  # (7,)

# --- chains and models (bind_chain.cpp, bind_models.cpp) ------------------------------
class JointType(IntEnum):
    REVOLUTE = 0
    PRISMATIC = 1

class DhConvention(IntEnum):
    MODIFIED = 0  # Craig: Rx(alpha) Tx(a) Rz(theta) Tz(d)
    STANDARD = 1  # Rz(theta) Tz(d) Tx(a) Rx(alpha)

class ChainIkStatus(IntEnum):
    OK = 0
    INVALID = 1  # goal or seed cannot be used
    OUT_OF_REACH = 2  # stalled, no joint at a stop
    AT_LIMITS = 3  # stalled, a joint at its stop
    ITERATION_CAP = 4

class ChainIkResult:
    q: Array  # (n,)
    status: ChainIkStatus
    position_error: float  # m
    rotation_error: float  # rad
    iterations: int

class Chain:
    """Serial chain of 1 to 8 joints, z of each joint's frame the axis; never changes."""

    size: int
    types: list[JointType]
    T_parent_joint: Array  # (n, 4, 4) joint frame at q = 0 in the frame before
    T_last_tip: Array  # (4, 4)
    q_min: Array  # (n,)
    q_max: Array  # (n,)
    velocity_max: Array  # (n,) 0: not known
    effort_max: Array  # (n,) 0: not known
    def __init__(self, types: ArrayLike, T_parent_joint: ArrayLike, *, T_last_tip: ArrayLike | None = None, q_min: ArrayLike | None = None, q_max: ArrayLike | None = None, velocity_max: ArrayLike | None = None, effort_max: ArrayLike | None = None) -> None: ...
    @staticmethod
    def from_dh(convention: DhConvention, types: ArrayLike, rows: ArrayLike, *, T_last_tip: ArrayLike | None = None, q_min: ArrayLike | None = None, q_max: ArrayLike | None = None, velocity_max: ArrayLike | None = None, effort_max: ArrayLike | None = None) -> Chain: ...  # rows (n, 4): alpha, a, d, theta
    def fk(self, q: ArrayLike) -> Array: ...  # (4, 4) T_base_tip
    def frames(self, q: ArrayLike) -> Array: ...  # (n + 1, 4, 4): joints, then the tip
    def jacobian(self, q: ArrayLike) -> Array: ...  # (6, n) at the tip, base axes
    def jacobian_rate(self, q: ArrayLike, qd: ArrayLike) -> Array: ...  # (6, n)
    def ik(self, T_base_tip: ArrayLike, q_seed: ArrayLike, *, position_tolerance: float = 1e-10, rotation_tolerance: float = 1e-10, iterations: int = 100, restarts: int = 8) -> ChainIkResult: ...
    def fk_batch(self, q: ArrayLike) -> Array: ...  # (N, 4, 4) of (N, n); batches release the GIL
    def jacobian_batch(self, q: ArrayLike) -> Array: ...  # (N, 6, n) of (N, n)
    def ik_batch(self, T_base_tip: ArrayLike, q_seed: ArrayLike, *, position_tolerance: float = 1e-10, rotation_tolerance: float = 1e-10, iterations: int = 100, restarts: int = 8) -> tuple[Array, NDArray[np.uint8]]: ...

class Scope(IntEnum):
    STRAIGHT = 0
    UP = 1
    DOWN = 2

class EcmIkResult:
    q: Array  # (4,)
    status: IkStatus
    rotation_error: float  # rad by which four joints miss the orientation

def arm_models() -> list[dict[str, Any]]: ...  # see trocar.models
def ecm_ik(T_base_camera: ArrayLike, q_seed: ArrayLike, scope: Scope) -> EcmIkResult: ...

# --- dynamics (bind_dynamics.cpp) ------------------------------------------------------
class DynamicParameters:
    """Serial-chain PSM of 7 links (6 joints + jaw); writable arrays, defaults sourced in dynamics.hpp."""

    mass: Array  # (7,) kg
    com: Array  # (7, 3) m, in the DH frame of the link
    inertia: Array  # (7, 3) kg m2, xx, yy, zz at the com, DH axes
    products: Array  # (7, 3) kg m2, xy, xz, yz at the com, DH axes
    armature: Array  # (7,) kg m2 or kg: motor inertia reflected through the gear
    viscous: Array  # (7,) N m s/rad or N s/m
    coulomb: Array  # (7,) N m or N
    friction_speed: Array  # (7,) rad/s or m/s: Coulomb friction has reached 76 %
    stribeck: Array  # (7,) N m or N, beyond Coulomb friction
    stribeck_speed: Array  # (7,) rad/s or m/s: 37 % of it is left
    gravity_base: Array  # (3,) m/s2, gravity in the arm's base frame
    def __init__(self) -> None: ...
    def perturbed(self, fraction: float, seed: int) -> DynamicParameters: ...

def inverse_dynamics(p: DynamicParameters, q: ArrayLike, qd: ArrayLike, qdd: ArrayLike) -> Array: ...
def gravity_torque(p: DynamicParameters, q: ArrayLike) -> Array: ...
def mass_matrix(p: DynamicParameters, q: ArrayLike) -> Array: ...
def momentum(p: DynamicParameters, q: ArrayLike, qd: ArrayLike) -> Array: ...  # M qd (7,)
def coriolis_transpose(p: DynamicParameters, q: ArrayLike, qd: ArrayLike) -> Array: ...  # C^T qd (7,)
def friction_torque(p: DynamicParameters, qd: ArrayLike) -> Array: ...  # (7,)

# --- quadratic programs (bind_qp.cpp) ----------------------------------------------------
class QpStatus(IntEnum):
    OPTIMAL = 0
    INFEASIBLE = 1
    ITERATION_CAP = 2
    INVALID = 3  # not finite, H not positive definite, or a minimum beyond 1e8

class QpResult:
    status: QpStatus
    x: Array  # (n,)
    row_multipliers: Array  # (m,)
    lower_multipliers: Array  # (n,)
    upper_multipliers: Array  # (n,)
    iterations: int
    residual: float  # of the KKT conditions, relative
    active: int  # bits: row c, 32 + i lower, 40 + i upper; the warm start of a next call

def qp_solve(
    H: ArrayLike,
    g: ArrayLike,
    A: ArrayLike | None = None,
    b: ArrayLike | None = None,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    *,
    warm: int = 0,
    iteration_cap: int = 100,
) -> QpResult: ...
def qp_scale_to_feasible(
    x: ArrayLike,
    A: ArrayLike | None = None,
    b: ArrayLike | None = None,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
) -> float: ...
def standard_parameters(p: DynamicParameters) -> Array: ...  # (70,), ten a link
def integrated_regressor(q: ArrayLike, qd: ArrayLike, gravity_base: ArrayLike, dt: float, window: int) -> Array: ...  # (n, 7, 70)

class ChainDynamics:
    """Dynamics of n <= 8 joints about (or along) the z of their frames (bind_chain_dynamics.cpp)."""

    def __init__(self, is_prismatic: ArrayLike, T_parent_joint: ArrayLike, mass: ArrayLike, com: ArrayLike, inertia: ArrayLike, armature: ArrayLike | None = None, gravity_base: ArrayLike = (0.0, 0.0, -9.81)) -> None: ...
    def inverse_dynamics(self, q: ArrayLike, qd: ArrayLike, qdd: ArrayLike) -> Array: ...  # (n,)
    def gravity_torque(self, q: ArrayLike) -> Array: ...  # (n,)
    def mass_matrix(self, q: ArrayLike) -> Array: ...  # (n, n)
    def momentum(self, q: ArrayLike, qd: ArrayLike) -> Array: ...  # (n,)
    def coriolis_transpose(self, q: ArrayLike, qd: ArrayLike) -> Array: ...  # (n,)

# --- control laws (bind_control.cpp) ----------------------------------------------------
class ControlMode(IntEnum):
    COMPUTED_TORQUE = 0
    JOINT_PD = 1
    IMPEDANCE = 2

class ControllerSettings:
    """A control law and its gains; limits in controller_settings.hpp."""

    mode: ControlMode
    kp: Array  # (7,) N m/rad, N/m, of JOINT_PD
    kd: Array  # (7,) N m s/rad, N s/m, of JOINT_PD
    stiffness: Array  # (6,) N/m, N m/rad, base axes at the control point, of IMPEDANCE
    damping_ratio: float  # of IMPEDANCE, 0.3 to 1.5
    friction_share: float  # of IMPEDANCE, 0 to 0.9
    def __init__(self, mode: ControlMode = ControlMode.COMPUTED_TORQUE) -> None: ...

# --- trajectories (bind_trajectory.cpp) -------------------------------------------------
class AxisMove:
    duration: float  # s, read-only
    goal: float  # read-only
    segments: Array  # (7, 2) jerk and duration, read-only
    def __init__(self, state: ArrayLike, goal: float, limits: ArrayLike) -> None: ...  # (3,) q, v, a; (3,) velocity, acceleration, jerk
    def at(self, t: float) -> Array: ...  # (3,) q, v, a

def axis_move_durations(state: ArrayLike, goal: ArrayLike, limits: ArrayLike) -> Array: ...  # (N,) s, of (N, 3), (N,), (N, 3); releases the GIL

# --- operator shaping (bind_shaping.cpp); bad input raises ValueError and changes nothing ---
class Clutch:
    is_engaged: bool  # read-only
    scale: float  # read-only
    def __init__(self) -> None: ...
    def engage(self, T_camera_master: ArrayLike, T_camera_slave: ArrayLike, scale: float) -> None: ...
    def release(self) -> None: ...
    def map(self, T_camera_master: ArrayLike) -> Array: ...  # (4, 4) T_camera_slave
    def rescale(self, T_camera_master: ArrayLike, scale: float) -> None: ...
    def pull_to(self, T_camera_master: ArrayLike, T_camera_slave: ArrayLike) -> None: ...

class TremorFilter:
    def __init__(self) -> None: ...
    def start(self, T_camera_hand: ArrayLike, stamp_ns: int) -> None: ...
    def step(self, T_camera_hand: ArrayLike, stamp_ns: int) -> Array: ...  # (4, 4)
    @staticmethod
    def delay(hz: float = 1.0) -> float: ...  # s
    @staticmethod
    def gain(hz: float) -> float: ...

class JawSlew:
    RATE: float  # rad/s, 720 deg/s
    REMATCH_RATE: float  # rad/s, 36 deg/s
    angle: float  # rad, read-only
    is_rematching: bool  # read-only
    def __init__(self) -> None: ...
    def engage(self, jaw: float) -> None: ...
    def step(self, target: float, dt: float) -> float: ...  # rad; dt in s
    def pull_to(self, jaw: float) -> None: ...

class PoseExtrapolator:
    def __init__(self) -> None: ...
    def set(self, T_base_target: ArrayLike, twist: ArrayLike) -> None: ...
    def at(self, age_s: float, extrapolate_s: float, hold_s: float) -> Array: ...  # (4, 4)
    def twist_at(self, age_s: float, extrapolate_s: float, hold_s: float) -> Array: ...  # (6,)

# --- arm: the tick (bind_arm.cpp) --------------------------------------------------------
class OperatingState(IntEnum):
    DISABLED = 0
    ENABLED = 1
    PAUSED = 2
    FAULT = 3

class StateCommand(IntEnum):
    ENABLE = 0
    DISABLE = 1
    PAUSE = 2
    RESUME = 3
    HOME = 4
    UNHOME = 5

class Source(IntEnum):
    NONE = 0
    CRTK = 1
    TELEOP = 2
    FOLLOW = 3

class Verdict(IntEnum):
    ACCEPTED = 0
    ALTERED = 1
    REFUSED = 2

class Reason(IntEnum):
    """Why a command was altered or refused; `describe(reason)` gives the sentence."""

    NONE = 0
    NOT_READY = 1
    NOT_IN_CONTROL = 2
    INVALID = 3
    JOINT_LIMIT = 4
    VELOCITY_LIMIT = 5
    NEAR_RCM = 6
    OUT_OF_REACH = 7
    STALE = 8
    IN_FAULT = 9
    CAUSE_PERSISTS = 10
    BAD_TRANSITION = 11
    SUPERSEDED = 12  # altered: a newer command came within the same tick
    QUEUE_FULL = 13
    FIXTURE = 14  # a virtual fixture keeps the arm off that goal, or guides it

class Fault(IntEnum):
    NONE = 0
    ESTOP = 1
    TRACKING_ERROR = 2
    NON_FINITE = 3
    ENCODER_JUMP = 4
    MISSED_DEADLINE = 5  # the plant side braked; PlantReason says why
    EFFORT_LIMIT = 6
    NEAR_RCM = 7
    PLANT_LOST = 8  # no state from the plant within the deadline
    OVERSPEED = 9
    OVERACCELERATION = 10
    OVEREFFORT = 11
    RCM_DRIFT = 12
    FIXTURE_BREACH = 13
    MODEL_RANGE = 14
    STATE_SEQUENCE = 15
    STATE_CHECKSUM = 16
    OUTPUT_LIMIT = 17
    SETPOINT_JUMP = 18
    STOP_OVERRUN = 19
    STALE_COMMAND = 20  # never in ArmState.fault: the arm holds and says `stale`

class Acknowledge(IntEnum):
    """How a fault is left."""

    ENABLE = 0  # `enable` or `disable`, once the cause is gone
    RELEASE = 1  # a person releases it first
    COMMAND = 2  # not latched: the next command of the source goes on

def fault_table() -> list[dict[str, Any]]: ...  # fault, cause, sentence, stop_category, detection_ticks, acknowledge

class SafetyLimits:
    """Bounds of the safety unit; defaults sourced in safety_limits.hpp."""

    overspeed_margin: float
    overacceleration_margin: float
    overeffort_margin: float
    model_range_margin: Array  # (7,)
    rcm_drift_max: float  # m
    fixture_breach_max: float  # m
    missed_consecutive_max: int
    missed_window_max: int
    setpoint_margin: float
    stop_overrun_s: float
    def __init__(self) -> None: ...

def describe(value: Reason | Fault | PlantReason | QpStatus) -> str: ...

class ArmConfig:
    """Limits, gains, ages; writable; defaults sourced in arm_config.hpp."""

    q_min: Array
    q_max: Array
    velocity_max: Array
    acceleration_max: Array
    jerk_max: Array
    effort_max: Array
    natural_frequency: Array  # (7,) rad/s of the joint controller
    observer_gain: Array  # (7,) 1/s of the external-force observer
    tracking_error_max: Array  # (7,)
    home_q: Array  # (7,)
    dynamics: DynamicParameters
    # ages, s (design.md, section 2)
    crtk_stale_s: float
    operator_hold_s: float  # 0.100
    follow_extrapolate_s: float  # 2.5 frame periods
    follow_hold_s: float  # 4 frame periods
    # the rest, described in arm_config.hpp
    move_acceleration_share: float  # of acceleration_max, for move_jp and move_cp
    stop_time_s: float
    damping_ratio: float
    integral_ratio: float
    integral_share: float
    tracking_error_ticks: int
    effort_limit_ticks: int
    encoder_jump_margin: float
    safety: SafetyLimits
    line_velocity: float
    line_acceleration: float
    turn_velocity: float
    turn_acceleration: float
    approach_rate: float
    approach_rate_follow: float
    shaft_radius: float  # m, taken off the shaft's clearance
    def __init__(self) -> None: ...

class Result:
    """What became of one command."""

    seq: int
    source: Source
    verdict: Verdict
    reason: Reason
    stamp_ns: int

# --- virtual fixtures (bind_fixtures.cpp, bind_distance_grid.cpp) ---------------------------
class SignedDistanceGrid:
    """Signed distance of a triangle mesh on a regular grid; never changed, so arms may share it."""

    def __init__(self, vertices: ArrayLike, triangles: ArrayLike, spacing: float, padding: float) -> None: ...  # (N, 3) m, (M, 3)
    def sample(self, points: ArrayLike) -> tuple[Array, Array]: ...  # (N, 3) -> distances (N,), gradients (N, 3)
    @property
    def spacing(self) -> float: ...
    @property
    def lower(self) -> Array: ...  # (3,) m
    @property
    def upper(self) -> Array: ...
    @property
    def shape(self) -> tuple[int, int, int]: ...  # nodes

class FixtureKind(IntEnum):
    PLANE = 0
    SPHERE = 1
    CONE = 2
    TUBE = 3
    MESH = 4
    POINT_GUIDE = 5
    LINE_GUIDE = 6

class Fixture:
    """A forbidden region (`keep_in`: the only allowed one) or a guide; m, rad; immutable."""

    @staticmethod
    def plane(point: ArrayLike, normal: ArrayLike, *, margin: float = 0.0, shaft: bool = True) -> Fixture: ...
    @staticmethod
    def sphere(centre: ArrayLike, radius: float, *, margin: float = 0.0, keep_in: bool = False, shaft: bool = True) -> Fixture: ...
    @staticmethod
    def cone(apex: ArrayLike, axis: ArrayLike, half_angle: float, *, margin: float = 0.0, keep_in: bool = False, shaft: bool = True) -> Fixture: ...
    @staticmethod
    def tube(a: ArrayLike, b: ArrayLike, radius: float, *, margin: float = 0.0, keep_in: bool = False, shaft: bool = True) -> Fixture: ...
    @staticmethod
    def mesh(grid: SignedDistanceGrid, *, margin: float = 0.0, shaft: bool = True) -> Fixture: ...
    @staticmethod
    def point_guide(point: ArrayLike, *, scale: float = 0.0) -> Fixture: ...
    @staticmethod
    def line_guide(point: ArrayLike, direction: ArrayLike, *, scale: float = 0.0) -> Fixture: ...
    def placed(self, T_base_fixture: ArrayLike, twist: ArrayLike | None = None, *, stamp_ns: int = 0, horizon_s: float = 0.1) -> Fixture: ...
    def clearance(self, points: ArrayLike, now_ns: int = 0) -> tuple[Array, Array]: ...  # distances (N,), gradients (N, 3)
    @property
    def kind(self) -> FixtureKind: ...
    @property
    def margin(self) -> float: ...

class Yielding(IntEnum):
    """Which rows gave way, where they could not all be met."""

    NONE = 0
    RETREATS = 1  # those that ask for a retreat, together and as little as possible
    ALL_ROWS = 2
    HELD = 3  # nothing to be trusted: as near to rest as the joints' limits allow

class ConstraintReport:
    """What the fixtures did in a tick; distances in m, below 0 inside, 1e9 without a region."""

    distance: float  # of the set-points
    measured_distance: float
    breach: float  # of the set-points
    measured_breach: float
    index: int  # fixture nearest to the set-points; -1: none
    measured_index: int
    bent: bool  # the set-points were altered
    yielding: Yielding
    expired: list[int]  # fixtures beyond their horizon
    qp_status: QpStatus
    qp_iterations: int

class ArmState:
    """Snapshot of one tick (a copy: nothing in it changes later)."""

    tick: int
    stamp_ns: int  # plant capture
    q: Array  # (7,) measured
    qd: Array
    tau: Array
    setpoint_q: Array  # (7,)
    setpoint_qd: Array
    setpoint_tau: Array
    goal_q: Array
    tau_external: Array  # (7,) N m, N: what the surroundings add
    wrench: Array  # (6,) N, N m on the control point, base axes; 0 where not valid
    wrench_valid: bool
    controller: ControlMode  # the law in force
    operating_state: OperatingState
    is_homed: bool
    is_busy: bool
    stale: bool
    source: Source  # of the command being executed
    fault: Fault
    fault_axis: int  # -1: none in particular
    plant_reason: PlantReason
    estop: bool
    powered: bool
    command_seq: int  # newest motion command taken
    command_stamp_ns: int  # stamp of the datum that command was made from (0: none)
    command_applied_ns: int  # stamp of the tick that first applied it
    commands_refused: int
    results_dropped: int  # answers lost because nobody took them
    causes: list[Fault]  # whose causes are there in this tick
    rcm_drift: float  # m, shaft line to trocar
    constraint: ConstraintReport  # what the fixtures did

class Arm:
    """One arm: the newest command in, the newest state out; never blocks, never allocates in the tick."""

    def __init__(self, config: ArmConfig) -> None: ...
    def servo_jp(self, q: ArrayLike, qd: ArrayLike | None = None, *, source: Source = Source.CRTK, stamp_ns: int = 0) -> int: ...
    def servo_cp(self, T_base_cp: ArrayLike, twist: ArrayLike | None = None, *, source: Source = Source.CRTK, stamp_ns: int = 0) -> int: ...
    def move_jp(self, q: ArrayLike, *, source: Source = Source.CRTK) -> int: ...
    def move_cp(self, T_base_cp: ArrayLike, *, source: Source = Source.CRTK) -> int: ...
    def jaw_servo_jp(self, angle: float, *, source: Source = Source.CRTK) -> int: ...
    def jaw_move_jp(self, angle: float, *, source: Source = Source.CRTK) -> int: ...
    def hold(self) -> int: ...
    def state_command(self, command: StateCommand) -> int: ...
    def set_controller(self, settings: ControllerSettings) -> None: ...  # ValueError outside its limits
    def press_estop(self) -> None: ...
    def set_trocar(self, p_base: ArrayLike) -> None: ...  # (3,) m, base frame
    def set_fixtures(self, fixtures: list[Fixture]) -> None: ...  # up to 8, from the next tick on
    def release_estop(self) -> None: ...
    def state(self) -> ArmState: ...
    def take_results(self) -> list[Result]: ...
    def fault_snapshot(self) -> list[ArmState]: ...  # >= 50 ticks before the first fault, oldest first

# --- seam and loop (bind_loop.cpp) -----------------------------------------------------
class PlantReason(IntEnum):
    NONE = 0
    NOT_CONNECTED = 1
    NO_COMMAND_30MS = 2
    CONSECUTIVE_MISSES = 3
    ESTOP = 4
    NOT_POWERED = 5

class PlantOutput:
    """What the plant does in the coming tick: torque (7,), or brakes on."""

    torque: Array
    brake: bool
    reason: PlantReason
    missed: bool

class LockstepPort:
    """In-process seam: one call = one tick of the arm and of the plant-side supervisor."""

    def __init__(self, arm: Arm) -> None: ...
    def exchange(self, q: ArrayLike, qd: ArrayLike, tau: ArrayLike, stamp_ns: int) -> PlantOutput: ...

class PlantPort:
    """Plant end of the shared-memory seam of one arm; `exchange` releases the GIL while it waits."""

    packet_loss: float  # a fault: of each state and each answer; 0 ends it
    def __init__(self, segment: str, arm_index: int, deadline_s: float = 0.002) -> None: ...
    def exchange(self, q: ArrayLike, qd: ArrayLike, tau: ArrayLike, stamp_ns: int) -> PlantOutput: ...
    def statistics(self) -> dict[str, Any]: ...  # ticks, missed, damaged, handshake_us {p50, p99, max}

class ArmLoop:
    """The 1 kHz thread that joins an Arm to a shared-memory plant (or to the mock).

    arm_index >= 0: that arm of `segment`; segment = "" : the built-in perfect mock, paced by the wall.
    """

    def __init__(self, arm: Arm, segment: str, arm_index: int) -> None: ...
    def start(self, priority: int = 80) -> str: ...  # "" or why real-time priority was refused
    def stop(self) -> None: ...  # controlled stop, power off, join
    def statistics(self) -> dict[str, Any]: ...  # rate_hz, ticks, overruns, missed, missed_fraction, plant_lost, wake_us, tick_us {p50,p99,max}
    @property
    def running(self) -> bool: ...

class Segment:
    """The cell's shared-memory segment: creator side; removed by `close` (or `Segment.remove`)."""

    def __init__(self, name: str, num_arms: int = 2) -> None: ...
    def close(self) -> None: ...
    @staticmethod
    def remove(name: str) -> bool: ...  # True where one was there
    @staticmethod
    def press_estop(name: str) -> bool: ...  # False where no such segment exists
    @staticmethod
    def release_estop(name: str) -> bool: ...
    @staticmethod
    def estop_pressed(name: str) -> bool: ...

class Snapshot:
    """A seqlock-guarded float64 vector with a stamp in shared memory: one writer, many readers."""

    def __init__(self, name: str, size: int, create: bool) -> None: ...
    def write(self, values: ArrayLike, stamp_ns: int) -> None: ...
    def read(self) -> tuple[Array, int, int]: ...  # values, stamp_ns, sequence number (0: never written)
    def close(self) -> None: ...
    @staticmethod
    def remove(name: str) -> bool: ...

def monotonic_ns() -> int: ...
def measure_wake_up(seconds: float, priority: int = 80) -> dict[str, Any]: ...  # wake_us {p50, p99, max}, ticks, skipped, refused
def set_realtime(priority: int) -> str: ...  # this thread to SCHED_FIFO + mlockall; "" or why not

# --- soft tissue (bind_tissue.cpp) ---------------------------------------------------------
class TissueMaterial:
    """Stable neo-Hookean solid; read-only."""

    young: float  # Pa
    poisson: float
    density: float  # kg/m3
    damping: float  # 1/s
    viscosity: float  # s
    def __init__(
        self, young: float = ..., poisson: float = ..., density: float = ..., damping: float = ..., viscosity: float = ...
    ) -> None: ...

class TissueConfig:
    gravity: Array  # (3,) m/s2
    frame_s: float  # s
    substeps: int
    contact_sweeps: int
    bleeding_flux: float  # m3/s per m2
    clotting_s: float  # s
    def __init__(self) -> None: ...

class CutReport:
    faces: int
    new_nodes: int
    area: float  # m2

class BleedSource:
    position: Array  # (3,) m
    rate: float  # m3/s

class TissueBody:
    """Volumetric soft tissue; wrenches are (force, torque), means of the last frame."""

    positions: Array  # (n, 3) m
    velocities: Array  # (n, 3) m/s
    rest: Array  # (n, 3) m
    tets: NDArray[np.int32]  # (m, 4)
    surface: NDArray[np.int32]  # (k, 3)
    parents: NDArray[np.int32]  # (n,)
    anchors: NDArray[np.int32]  # (a,)
    inertia_factors: Array  # (n,)
    masses: Array  # (n,) kg
    limited: int
    time: float  # s
    def __init__(
        self, nodes: ArrayLike, tets: ArrayLike, materials: list[TissueMaterial], anchors: ArrayLike, material_of: ArrayLike | None = None, config: TissueConfig = ...
    ) -> None: ...
    def step(self) -> None: ...
    def reset(self) -> None: ...
    def add_tool(self, radius: float, friction: float = 0.1) -> int: ...
    def place_tool(self, tool: int, a: ArrayLike, b: ArrayLike) -> None: ...
    def move_tool(self, tool: int, a: ArrayLike, b: ArrayLike) -> None: ...
    def set_tool_active(self, tool: int, active: bool) -> None: ...
    def tool_wrench(self, tool: int) -> Array: ...  # (6,) about the tip b
    def move_anchors(self, positions: ArrayLike) -> None: ...
    def anchor_wrench(self) -> Array: ...  # (6,) about the world's origin
    def grasp(self, T_world_jaw: ArrayLike, half_extents: ArrayLike) -> int: ...  # -1: nothing there
    def move_grasp(self, grasp: int, T_world_jaw: ArrayLike) -> None: ...
    def release(self, grasp: int) -> None: ...
    def grasped_nodes(self, grasp: int) -> NDArray[np.int32]: ...
    def grasp_wrench(self, grasp: int) -> Array: ...  # (6,) about the jaw frame
    def cut(self, a: ArrayLike, b: ArrayLike, depth: ArrayLike) -> CutReport: ...
    def bleeding(self) -> list[BleedSource]: ...

# --- simulated arms (bind_plant_model.cpp, bind_plant.cpp, bind_plant_control.cpp) --------
class PlantModel:
    """What a simulated arm of n axes is made of; never changes.  Sources: plant/{psm,ecm}_plant.hpp."""

    size: int
    names: list[str]
    chain: Chain
    stop_low: Array  # (n,) rad, m: mechanical stops
    stop_high: Array
    effort_max: Array  # (n,) N m, N
    brake_max: Array
    acceleration_max: Array  # (n,) rad/s2, m/s2; 0: not known
    viscous: Array  # (n,) N m s/rad, N s/m
    coulomb: Array  # (n,) N m, N
    armature: Array  # (n,) kg m2, kg
    @staticmethod
    def psm(parameters: DynamicParameters) -> PlantModel: ...  # seven axes, jaw last
    @staticmethod
    def ecm(scope: Scope = Scope.STRAIGHT, scope_mass: float = 1.5) -> PlantModel: ...  # four axes
    @staticmethod
    def of_chain(
        chain: Chain,
        mass: ArrayLike,
        com: ArrayLike,
        inertia: ArrayLike,
        *,
        armature: ArrayLike | None = None,
        viscous: ArrayLike | None = None,
        coulomb: ArrayLike | None = None,
        friction_speed: ArrayLike | None = None,
        acceleration_max: ArrayLike | None = None,
        names: list[str] = [],
    ) -> PlantModel: ...

class ArmPlant:
    """One simulated arm, 1 ms a step: links, friction, brakes, stops, cables, encoders (arm_plant.hpp).

    Links have q, motors theta; encoders measure theta.  Faults are set at any tick, as a whole.  ConfigurationError names what is wrong, UnstablePlantError the joint that diverged.
    """

    name: str
    size: int
    model: PlantModel
    q_true: Array  # (n,) of the links
    qd_true: Array
    theta_true: Array  # (n,) of the motors
    tau_applied: Array  # (n,) N m, N of the motors in the last tick
    braked: bool
    T_world_base: Array  # (4, 4)
    T_world_cp: Array  # (4, 4)
    twist_world_cp: Array  # (6,) linear, angular, world axes
    faults: dict[str, Any]  # encoder_jump, effort_share, cable_slip, is_stuck (n,)
    def __init__(
        self,
        model: PlantModel,
        T_world_base: ArrayLike,
        q: ArrayLike,
        *,
        name: str = "arm",
        seed: int = 0,
        count: ArrayLike | None = None,
        noise: ArrayLike | None = None,
        velocity_noise: ArrayLike | None = None,
        bias: ArrayLike | None = None,
        stiffness: ArrayLike | None = None,
        backlash: ArrayLike | None = None,
        settling_s: float = 0.005,
    ) -> None: ...
    def reset(self, q: ArrayLike) -> None: ...  # at rest, braked, no load, no fault
    def measure(self) -> tuple[Array, Array, Array]: ...  # q, qd, tau (n,); draws noise
    def step(self, output: PlantOutput) -> None: ...
    def step_torque(self, torque: ArrayLike, brake: bool = False) -> None: ...
    def apply_wrench(self, force: ArrayLike, torque: ArrayLike = (0.0, 0.0, 0.0), grip: float = 0.0) -> None: ...
    def external_effort(self) -> Array: ...  # (n,)
    def bias_effort(self) -> Array: ...  # (n,) gravity and Coriolis of the links
    def rigid_mass_matrix(self) -> Array: ...  # (n, n) without the motors
    def link_frames(self) -> Array: ...  # T_world_link (n + 1, 4, 4), T_world_cp last
    def set_faults(
        self,
        *,
        encoder_jump: ArrayLike | None = None,
        effort_share: ArrayLike | None = None,
        cable_slip: ArrayLike | None = None,
        is_stuck: ArrayLike | None = None,
    ) -> None: ...  # (n,) each, the whole of what is wrong from now on; None: well

class LockstepArm:
    """An Arm and its ArmPlant in one process, over a link with delay and loss; bit-repeatable."""

    output: PlantOutput  # of the last tick
    ticks: int
    stamp_ns: int  # of the present state
    missed: int
    packet_loss: float  # a fault, beside the link's own; 0 ends it
    def __init__(
        self,
        arm: Arm,
        plant: ArmPlant,
        *,
        state_delay: int = 0,
        command_delay: int = 0,
        loss: float = 0.0,
        seed: int = 0,
        first_stamp_ns: int = 1_000_000_000,
    ) -> None: ...
    def run(self, ticks: int = 1) -> PlantOutput: ...  # GIL released

class ServoOutput:
    """What a servo tells its plant."""

    torque: Array  # (n,)
    brake: bool

class JointServo:
    """Drives any chain to goals: jerk-limited profiles, computed torque (joint_servo.hpp).

    Starts disabled.  A fault lets go (brakes) until enabled again.
    """

    name: str
    is_enabled: bool
    is_busy: bool
    fault: str  # "" or why it let go
    setpoint_q: Array  # (n,)
    setpoint_qd: Array
    goal: Array
    def __init__(self, model: PlantModel, T_world_base: ArrayLike, *, name: str = "servo", natural_frequency: float = 40.0, rise_s: float = 0.05) -> None: ...
    def enable(self) -> None: ...
    def disable(self) -> None: ...  # controlled stop, then brakes
    def hold(self) -> None: ...  # controlled stop
    def move(self, q: ArrayLike) -> None: ...  # CommandRefusedError says why not
    def tick(self, q: ArrayLike, qd: ArrayLike) -> ServoOutput: ...

class LockstepServo:
    """A JointServo and its ArmPlant in one process; bit-repeatable."""

    ticks: int
    def __init__(self, servo: JointServo, plant: ArmPlant) -> None: ...
    def run(self, ticks: int = 1) -> ServoOutput: ...  # GIL released
