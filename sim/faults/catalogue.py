# SPDX-License-Identifier: Apache-2.0
"""The catalogue of faults, as data: what each does, where, with what, and what follows from it.

`follows` is what a system without a further fault does; a test forces each line of it.
"""

from dataclasses import dataclass
from enum import Enum

from trocar.errors import ConfigurationError
from trocar.sim.faults.parameter import Parameter


class Place(Enum):
    """Where a fault acts."""

    PLANT = "plant"
    LINK = "link"
    CAMERA = "camera"
    CLOCK = "clock"
    PROCESS = "process"
    TISSUE = "tissue"

    @property
    def process(self) -> str:
        """Name of the process of a running system that serves it."""
        return _SERVED_BY[self]


_SERVED_BY = {
    Place.PLANT: "sim",
    Place.LINK: "sim",
    Place.TISSUE: "sim",
    Place.CAMERA: "render",
    Place.CLOCK: "render",
    Place.PROCESS: "launch",
}


class Lasting(Enum):
    """UNTIL_CLEARED: for `for` s or until it is cleared; ONCE: no `for`; TIMED: `for` needed."""

    UNTIL_CLEARED = "until cleared"
    ONCE = "once"
    TIMED = "timed"


@dataclass(frozen=True)
class FaultKind:
    """One row: `what` happens, at which `place`, its `parameters`, and what `follows`."""

    name: str
    place: Place
    what: str
    follows: str
    parameters: tuple[Parameter, ...] = ()
    lasting: Lasting = Lasting.UNTIL_CLEARED

    def parameter_table(self) -> dict[str, Parameter]:
        """Own parameters and those of time by name."""
        timing = [AT] if self.lasting is Lasting.ONCE else [AT, _FOR[self.lasting]]
        return {p.name: p for p in (*timing, *self.parameters)}


AT = Parameter("at", "when it begins; of a command: from now", "s", 0.0, 0.0, 1e6)
_FOR = {
    Lasting.UNTIL_CLEARED: Parameter("for", "how long; 0: until cleared", "s", 0.0, 0.0, 1e6),
    # A minute is longer than any age limit; a process that stops for longer is dead to others.
    Lasting.TIMED: Parameter("for", "how long", "s", 0.5, 0.001, 60.0),
}
_ARM = Parameter("arm", "name of the arm", default="PSM1", is_name=True)
_AXIS = Parameter(
    "axis", "joint, counted from 1; 7 is a PSM's jaw", low=1, high=7, is_whole=True, default=1
)
_EYE = Parameter("eye", "which eye", default="both", choices=("both", "left", "right"))

_KINDS = (
    FaultKind(
        "encoder_jump",
        Place.PLANT,
        "one encoder says `amount` more than before, from one tick to the next",
        "farther than a joint can move in a tick: ENCODER_JUMP, brakes at once; less: the tool is "
        "moved by it, unseen",
        (
            _ARM,
            _AXIS,
            Parameter("amount", "size of the jump", "rad or m", 0.05, -1.0, 1.0),
        ),
    ),
    FaultKind(
        "stuck_joint",
        Place.PLANT,
        "one joint jams where it is",
        "at rest nobody can tell; in motion the motor pushes until EFFORT_LIMIT or TRACKING_ERROR: "
        "controlled stop, power off",
        (_ARM, _AXIS),
    ),
    FaultKind(
        "torque_saturation",
        Place.PLANT,
        "one motor, or all, has only `factor` of its effort left",
        "calm motions go on while it suffices; where it does not carry the arm, that sinks until "
        "OVERSPEED or TRACKING_ERROR puts the brakes on",
        (
            _ARM,
            Parameter("axis", "joint, counted from 1; 0: all", "", 0, 0, 7, is_whole=True),
            Parameter("factor", "share of effort_max that is left", "", 0.1, 0.0, 1.0),
        ),
    ),
    FaultKind(
        "cable_slip",
        Place.PLANT,
        "the link's side of a cable shifts against the motor's by `amount`",
        "encoders do not see it: the tool is beside where the kinematics say; only sight notices",
        (
            _ARM,
            Parameter(
                "axis", "joint, counted from 1", low=1, high=7, is_whole=True, default=5
            ),
            Parameter("amount", "shift of the link", "rad or m", 0.05, -1.0, 1.0),
        ),
    ),
    FaultKind(
        "packet_loss",
        Place.LINK,
        "packets between arm and controller are lost, each way, with probability `share`",
        "each a missed deadline: the torque is held, then damped; 30 ms without a command: the "
        "plant brakes itself; 100 ms without a state: PLANT_LOST",
        (_ARM, Parameter("share", "probability", "", 0.2, 0.0, 1.0)),
    ),
    FaultKind(
        "camera_freeze",
        Place.CAMERA,
        "the same picture again and again, with new stamps or with the old one",
        "stamp=old: pictures that are not newer are dropped and following holds by age; "
        "stamp=new: nobody notices, the tool stands off by what the tissue moves meanwhile",
        (
            Parameter("stamp", "of the repeated picture", default="new", choices=("new", "old")),
            _EYE,
        ),
    ),
    FaultKind(
        "blackout",
        Place.CAMERA,
        "the picture is black: no light",
        "every point is lost; the target is carried on by its motion, ever less certain; beyond "
        "4 mm (0.8 s of the default cell) following holds, 1 s after the last good one it gives up",
        (_EYE,),
    ),
    FaultKind(
        "wrong_exposure",
        Place.CAMERA,
        "the picture is `ev` stops too bright (or, below 0, too dark)",
        "points are found again by their shape at up to some 2 stops; a sudden change may lose "
        "them, then following holds and comes back from above",
        (Parameter("ev", "stops", "", 2.0, -10.0, 10.0), _EYE),
    ),
    FaultKind(
        "frame_delay",
        Place.CAMERA,
        "pictures come `delay` late, with their true stamps",
        "estimates are extrapolated by their age; beyond 2.5 frame periods the arm slows, "
        "from 4 on it holds",
        (Parameter("delay", "how late", "s", 0.2, 0.0, 5.0),),
    ),
    FaultKind(
        "frame_reorder",
        Place.CAMERA,
        "of each `group` pictures the newest comes first",
        "older pictures after newer ones are dropped",
        (Parameter("group", "pictures", "", 2, 2, 10, is_whole=True),),
    ),
    FaultKind(
        "frame_loss",
        Place.CAMERA,
        "pictures are lost with probability `share`",
        "the same as a lower camera rate; gaps are extrapolated, those of 4 periods are held",
        (Parameter("share", "probability", "", 0.3, 0.0, 1.0),),
    ),
    FaultKind(
        "stamp_lag",
        Place.CLOCK,
        "stamps of the pictures are `lag` later than their captures (below 0: earlier)",
        "pictures are paired with joints of another time: the tool's estimate is wrong while it "
        "moves, by speed times lag, and nobody notices",
        (Parameter("lag", "stamp less true capture", "s", 0.05, -1.0, 1.0),),
    ),
    FaultKind(
        "process_pause",
        Place.PROCESS,
        "one process is stopped (SIGSTOP), and goes on after `for`",
        "render, perception: following holds by age; control: the plant damps, then brakes; "
        "console: the operator's input ages; sim: everything waits for it",
        (
            Parameter(
                "process",
                "which",
                default="perception",
                choices=("sim", "render", "perception", "control", "console"),
            ),
        ),
        Lasting.TIMED,
    ),
    FaultKind(
        "tissue_tear",
        Place.TISSUE,
        "soft tissue tears along a straight line on its surface",
        "nodes part, the rim retracts, the tear bleeds",
        (
            Parameter("body", "soft body; empty: the only one", default="", is_name=True),
            Parameter("x", "middle of the tear, world", "m", 0.0, -1.0, 1.0),
            Parameter("y", "middle of the tear, world", "m", 0.0, -1.0, 1.0),
            Parameter("azimuth", "direction, about the world's z", "rad", 0.0, -6.3, 6.3),
            Parameter("length", "of the tear", "m", 0.02, 0.001, 0.5),
            Parameter("depth", "of the tear, downwards", "m", 0.005, 0.0005, 0.2),
        ),
        Lasting.ONCE,
    ),
)  # fmt: skip
CATALOGUE: dict[str, FaultKind] = {kind.name: kind for kind in _KINDS}


def kind_of(name: str, where: str) -> FaultKind:
    """The row of a fault; ConfigurationError lists the names."""
    if name not in CATALOGUE:
        raise ConfigurationError(
            f"{where}: no fault {name!r}; faults: {', '.join(CATALOGUE)} (trocar fault --list)"
        )
    return CATALOGUE[name]
