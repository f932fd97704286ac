# SPDX-License-Identifier: Apache-2.0
"""Values for the fuzz: good ones of each annotation, made by trying, and nasty ones."""

import os
import re
from collections.abc import Callable
from typing import Any

import fuzz_stub
import numpy as np

from trocar import _core
from trocar.errors import ConfigurationError, TrocarError

NUMBERS = (
    *(0.0, -0.0, 1.0, -1.0, 0.1, 5e-324, 2.2e-308, 1e-300, 1e-12, 1e3, 1e15, 1e154, 1e308),
    *(np.inf, -np.inf, np.nan),
)
INTEGERS = (
    0,
    1,
    2,
    3,
    7,
    33,
    -1,
    10**6,
    2**31 - 1,
    2**31,
    -(2**31),
    2**63 - 1,
    2**63,
    2**64,
    10**30,
)
STRINGS = ("", "x", "a" * 300, "a/b", "\0", "é😀", "../up", "%s%n", " ")
WRONG = (None, "text", b"bytes", object(), {}, {"a": 1}, [], [[1.0], [1.0, 2.0]], ..., 1j, print)
SHAPES = ((), (0,), (3,), (6,), (7,), (4, 4), (3, 3), (2, 6), (2, 4, 4), (7, 6), (0, 6), (6, 1))
REFUSALS = (ValueError, TypeError, OverflowError, TrocarError)
PREFIX = f"trocar-fuzz-{os.getpid()}"
# Values that would disturb the machine that the test runs on, or wait as they are asked to.
TAME: dict[tuple[str, str], tuple[Any, ...]] = {
    ("set_realtime", "priority"): (0, -1, 100, 2**40, 1.5, "x", None),
    ("measure_wake_up", "seconds"): (0.01, 0.0, -1.0, np.nan, np.inf, 1e308, 5e-324, "x", None),
    ("measure_wake_up", "priority"): (0, -1, 100, 2**40, 1.5, "x", None),
    ("ArmLoop.start", "priority"): (0, -1, 100, 2**40, 1.5, "x", None),
    **{
        (f"{name}.run", "ticks"): (1, 0, -1, 2000, 10**6 + 1, 2**63, 1.5, "x", None)
        for name in ("LockstepArm", "LockstepServo")
    },
}
# What cannot be made from its annotations alone.
RECIPES: dict[str, Callable[[], Any]] = {
    "PlantPort": lambda: _core.PlantPort(segment(), 0, 0.001),
    "Segment": lambda: _core.Segment(fresh_name(), 1),
    "Snapshot": lambda: _core.Snapshot(fresh_name(), 4, True),
    "ArmLoop": lambda: _core.ArmLoop(_core.Arm(_core.ArmConfig()), "", 0),
    "TissueBody": lambda: tissue(),
    "SignedDistanceGrid": lambda: _core.SignedDistanceGrid(CUBE, CUBE_FACES, 0.005, 0.005),
    "Chain": lambda: _core.Chain(TYPES, np.broadcast_to(np.eye(4), (3, 4, 4))),
    "PlantOutput": lambda: _core.LockstepPort(_core.Arm(_core.ArmConfig())).exchange(
        np.full(7, 0.1), np.zeros(7), np.zeros(7), 1
    ),
    "PlantModel": lambda: _core.PlantModel.psm(_core.DynamicParameters()),
    "JointServo": lambda: begun(_core.JointServo(_core.PlantModel.ecm(), np.eye(4)), "enable"),
    "ServoOutput": lambda: RECIPES["JointServo"]().tick(np.full(4, 0.1), np.zeros(4)),
    "LockstepServo": lambda: lockstep_servo(),
    "Clutch": lambda: begun(_core.Clutch(), "engage", np.eye(4), np.eye(4), 1.0),
    "TremorFilter": lambda: begun(_core.TremorFilter(), "start", np.eye(4), 0),
    "JawSlew": lambda: begun(_core.JawSlew(), "engage", 0.0),
}
TYPES = np.array([0.0, 1.0, 0.0])  # of a chain of three joints
# A cube of 20 mm in five tetrahedra, held below.
CUBE = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)]) * 0.02
CUBE_TETS = np.array([[0, 1, 2, 4], [1, 3, 2, 7], [1, 4, 5, 7], [2, 4, 7, 6], [1, 2, 4, 7]])
# The same cube as a surface.
CUBE_FACES = np.array(
    [[0, 2, 1], [1, 2, 3], [4, 5, 6], [5, 7, 6], [0, 1, 4], [1, 5, 4]]
    + [[2, 6, 3], [3, 6, 7], [0, 4, 2], [2, 4, 6], [1, 3, 5], [3, 7, 5]]
)
# Arguments whose meaning the annotation does not tell.
GOOD: dict[tuple[str, str], Callable[[], Any]] = {
    ("PlantPort.__init__", "segment"): lambda: segment(),
    ("PlantPort.__init__", "arm_index"): lambda: 0,
    ("ArmLoop.__init__", "segment"): lambda: "",
    ("ArmLoop.__init__", "arm_index"): lambda: 0,
    ("PlantModel.ecm", "scope_mass"): lambda: 1.5,
    ("JointServo.move", "q"): lambda: np.full(4, 0.1),
    ("JointServo.tick", "q"): lambda: np.full(4, 0.1),
    ("JointServo.tick", "qd"): lambda: np.zeros(4),
    ("LockstepServo.__init__", "plant"): lambda: _core.ArmPlant(
        _core.PlantModel.ecm(), np.eye(4), np.full(4, 0.1)
    ),
    ("Chain.__init__", "types"): lambda: TYPES.copy(),
    ("Chain.__init__", "T_parent_joint"): lambda: np.tile(np.eye(4), (3, 1, 1)),
    ("Chain.from_dh", "types"): lambda: TYPES.copy(),
    ("Chain.from_dh", "rows"): lambda: np.full((3, 4), 0.1),
    ("SignedDistanceGrid.__init__", "vertices"): lambda: CUBE.copy(),
    ("SignedDistanceGrid.__init__", "triangles"): lambda: CUBE_FACES.copy(),
    ("SignedDistanceGrid.__init__", "spacing"): lambda: 0.005,
    ("SignedDistanceGrid.__init__", "padding"): lambda: 0.005,
    ("TissueBody.__init__", "nodes"): lambda: CUBE.copy(),
    ("TissueBody.__init__", "tets"): lambda: CUBE_TETS.copy(),
    ("TissueBody.__init__", "anchors"): lambda: np.arange(4),
    ("TissueBody.add_tool", "radius"): lambda: 0.004,
    ("TissueBody.move_anchors", "positions"): lambda: CUBE[:4].copy(),
    ("TissueMaterial.__init__", "young"): lambda: 3000.0,
    ("TissueMaterial.__init__", "poisson"): lambda: 0.4,
    ("TissueMaterial.__init__", "density"): lambda: 1000.0,
    ("TissueBody.cut", "a"): lambda: np.array([0.005, -0.01, 0.03]),
    ("TissueBody.cut", "b"): lambda: np.array([0.006, 0.03, 0.03]),
    ("TissueBody.cut", "depth"): lambda: np.array([0.0, 0.0, -0.02]),
    **{
        (f"TissueBody.{name}", "tool"): lambda: 0
        for name in ("place_tool", "move_tool", "set_tool_active", "tool_wrench")
    },
    **{
        (f"TissueBody.{name}", "grasp"): lambda: 0
        for name in ("move_grasp", "release", "grasped_nodes", "grasp_wrench")
    },
    ("TissueBody.grasp", "half_extents"): lambda: np.full(3, 0.005),
}
USES = 20
_names = iter(range(10**9))
_kept: list[Any] = []  # shared memory lives as long as its creator


def fresh_name() -> str:
    return f"{PREFIX}-{next(_names)}"


def segment() -> str:
    name = fresh_name()
    _kept.append(_core.Segment(name, 1))
    return name


def lockstep_servo() -> _core.LockstepServo:
    plant = _core.ArmPlant(_core.PlantModel.ecm(), np.eye(4), np.full(4, 0.1))
    return _core.LockstepServo(RECIPES["JointServo"](), plant)


def tissue() -> _core.TissueBody:
    """A body with one tool, and a grasp of its corner."""
    body = _core.TissueBody(CUBE, CUBE_TETS, [_core.TissueMaterial()], np.arange(4))
    body.add_tool(0.004)
    T_world_jaw = np.eye(4)
    T_world_jaw[:3, 3] = CUBE[7]
    body.grasp(T_world_jaw, np.full(3, 0.005))
    return body


def begun(thing: Any, method: str, *arguments: Any) -> Any:
    """The object after its first call, without which it refuses the others."""
    getattr(thing, method)(*arguments)
    return thing


class Learner:
    """Good arguments of an entry: shapes are read off the error messages, then remembered."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self.shapes: dict[tuple[str, str], tuple[int, ...]] = {}
        self.objects: dict[str, list[Any]] = {}  # of each class: an object and its uses

    def good_array(self, label: str, name: str) -> np.ndarray:
        shape = self.shapes.get((label, name), (6,))
        if shape[-2:] == (4, 4):
            return np.broadcast_to(np.eye(4), shape).copy()
        if shape[-2:] == (3, 3):
            return np.broadcast_to(np.eye(3), shape).copy()
        return self.random.uniform(0.05, 0.1, shape)

    def good(self, label: str, p: fuzz_stub.Parameter) -> Any:
        """A value that the annotation allows."""
        first = p.annotation.split("|")[0].strip()
        simple = {
            "float": 0.1,
            "int": 1,
            "bool": True,
            "str": "trocar-x",
            "Any": None,
            "None": None,
        }
        if (label, p.name) in TAME:
            return TAME[label, p.name][0]
        if (label, p.name) in GOOD:
            return GOOD[label, p.name]()
        if first in ("ArrayLike", "Array") or first.startswith("NDArray"):
            return self.good_array(label, p.name)
        if first in simple:
            return simple[first]
        if first in fuzz_stub.enums():
            return pick(self.random, tuple(getattr(_core, first)))
        if first.startswith(("list", "Sequence", "tuple")):
            inner = re.search(r"\[(.*?)[\],]", first)
            if inner and hasattr(_core, inner[1]):
                return [self.instance(inner[1])]
            return []
        return self.instance(first)

    def shared(self, name: str) -> Any:
        """An object that several calls in a row are made on."""
        if name not in self.objects or self.objects[name][1] >= USES:
            self.objects[name] = [self.instance(name), 0]
        self.objects[name][1] += 1
        return self.objects[name][0]

    def forget(self) -> None:
        self.objects.clear()

    def instance(self, name: str) -> Any:
        """An object of a class of the module."""
        if name in RECIPES:
            return RECIPES[name]()
        for entry in fuzz_stub.entries():
            if entry.owner == name and entry.kind == "init":
                return self.call(entry, getattr(_core, name), {})
        for entry in fuzz_stub.entries():  # a factory: something that returns one
            if entry.owner == name and entry.kind == "static":
                return self.call(entry, getattr(getattr(_core, name), entry.name), {})
        raise LookupError(f"no way to make a {name}: add a recipe to fuzz_values.py")

    def call(self, entry: fuzz_stub.Entry, function: Any, given: dict[str, Any]) -> Any:
        """Call with `given` and good values for the rest; wrong shapes are learnt and retried."""
        for _ in range(6):
            values = {
                p.name: given[p.name] if p.name in given else self.good(entry.label, p)
                for p in entry.parameters
                if p.name in given or not p.has_default
            }
            try:
                return apply(entry, function, values)
            except (ValueError, ConfigurationError) as error:
                if not self.learn(entry, values, str(error)):
                    raise
        raise ValueError(f"{entry.label}: no shapes found")

    def learn(self, entry: fuzz_stub.Entry, values: dict[str, Any], message: str) -> bool:
        """Whether the message told a shape that was not known."""
        found = re.search(r"(\w+)(?:\[\d+\])? has shape (\(.*?\)), allowed (\(.*?\))", message)
        if found is None:
            return False
        numbers = re.findall(r"\d+|[A-Za-z]\w*", found[3])
        shape = tuple(int(n) if n.isdigit() else 2 for n in numbers)
        names = [p.name for p in entry.parameters if p.name == found[1]]
        names = names or [n for n, v in values.items() if str(np.shape(v)) == found[2]]
        new = False
        for name in names:
            new |= self.shapes.get((entry.label, name)) != shape
            self.shapes[entry.label, name] = shape
        return new

    def nasty(self, label: str, p: fuzz_stub.Parameter) -> Any:
        """Anything but what is wanted, or just what is wanted with terrible numbers in it."""
        if (label, p.name) in TAME:
            return pick(self.random, TAME[label, p.name])
        kind = self.random.integers(10)
        if kind == 0:
            return pick(self.random, WRONG)
        if "Array" in p.annotation or kind == 1:
            return self.nasty_array(label, p.name)
        if "str" in p.annotation:
            return pick(self.random, STRINGS)
        if "int" in p.annotation or "IntEnum" in p.annotation:
            return pick(self.random, INTEGERS)
        if "float" in p.annotation:
            return pick(self.random, NUMBERS)
        return self.good(label, p) if kind < 6 else pick(self.random, (*WRONG, *INTEGERS, *NUMBERS))

    def nasty_array(self, label: str, name: str) -> Any:
        if self.random.random() < 0.7:  # the right shape
            array = self.good_array(label, name)
        else:
            array = self.random.uniform(-1, 1, pick(self.random, SHAPES))
        if array.size and self.random.random() < 0.9:
            flat = array.reshape(-1)
            for _ in range(int(self.random.integers(1, 3))):
                flat[self.random.integers(flat.size)] = pick(self.random, NUMBERS)
            if self.random.random() < 0.1:
                flat[:] = pick(self.random, NUMBERS)
        kind = self.random.integers(12)
        if kind == 0:
            return array.tolist()
        if kind == 1:
            return array.astype(pick(self.random, (object, np.float32, str, complex)))
        return (
            np.asfortranarray(array)
            if kind == 2
            else array[::-1]
            if kind == 3 and array.ndim
            else array
        )


def pick(random: np.random.Generator, values: tuple[Any, ...]) -> Any:
    return values[int(random.integers(len(values)))]


def apply(entry: fuzz_stub.Entry, function: Any, values: dict[str, Any]) -> Any:
    """Call with positional arguments where the stub has them so."""
    keyword = {
        p.name: values[p.name] for p in entry.parameters if p.keyword_only and p.name in values
    }
    positional = []
    for p in entry.parameters:
        if p.keyword_only:
            continue
        if p.name not in values:
            break
        positional.append(values[p.name])
    return function(*positional, **keyword)
