# SPDX-License-Identifier: Apache-2.0
"""The joints of a URDF between two links, axes turned into z, fixed joints folded in.

URDF: T_parent_child = Tr(xyz) Rz(yaw) Ry(pitch) Rx(roll), then the motion about `axis` in the
joint's own frame (wiki.ros.org/urdf/XML/joint).
"""

from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

from trocar import _core
from trocar.geometry import Array, exp_so3, make_transform

MOVING = {
    "revolute": _core.JointType.REVOLUTE,
    "continuous": _core.JointType.REVOLUTE,
    "prismatic": _core.JointType.PRISMATIC,
}


@dataclass(frozen=True)
class UrdfJoint:
    """One moving joint; its frame's z is the axis, `T_parent_joint` (4, 4) is at q = 0."""

    name: str
    type: _core.JointType
    T_parent_joint: Array
    q_min: float
    q_max: float
    velocity_max: float
    effort_max: float


@dataclass(frozen=True)
class UrdfChain:
    """Moving joints from link `base` to link `tip`, and the tip in the last joint's frame."""

    joints: list[UrdfJoint]
    T_last_tip: Array
    base: str
    tip: str


def read_urdf(text: str, base: str | None, tip: str | None) -> UrdfChain:
    """Parse; raises ValueError in one line naming the joint or link and what is allowed."""
    try:
        robot = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"not XML: {error}") from error
    if robot.tag != "robot":
        raise ValueError(f"the root is <{robot.tag}>; a URDF's is <robot>")
    links = [_attribute(link, "name", "a link") for link in robot.findall("link")]
    path = _path(robot, links, base, tip)
    T: Array = np.eye(4)  # the next joint's frame, or the tip's, in the frame of the joint before
    joints = []
    for element in path:
        where = f"joint {element.get('name')}"
        T = T @ _origin(element, where)
        if element.get("type") == "fixed":
            continue
        R_joint_z = _z_to(_axis(element, where))
        joints.append(_moving(element, where, T @ make_transform(R_joint_z)))
        T = make_transform(R_joint_z.T)
    start = path[0].find("parent").get("link")  # type: ignore[union-attr]
    end = path[-1].find("child").get("link")  # type: ignore[union-attr]
    return UrdfChain(joints, T, str(start), str(end))


def _path(
    robot: ElementTree.Element, links: list[str], base: str | None, tip: str | None
) -> list[ElementTree.Element]:
    """The joint elements from base to tip, in order."""
    for name in (base, tip):
        if name is not None and name not in links:
            raise ValueError(f"no link {name!r}; allowed: {', '.join(links)}")
    above: dict[str, ElementTree.Element] = {}  # the joint above a link
    parents = []
    for joint in robot.findall("joint"):
        where = f"joint {_attribute(joint, 'name', 'a joint')}"
        kind = _attribute(joint, "type", where)
        if kind not in (*MOVING, "fixed"):
            allowed = ", ".join((*MOVING, "fixed"))
            raise ValueError(f"{where} has the type {kind!r}; allowed: {allowed}")
        child = _link(joint, "child", where, links)
        if child in above:
            raise ValueError(f"link {child} hangs on two joints; allowed: one")
        above[child] = joint
        parents.append(_link(joint, "parent", where, links))
    if tip is None:
        ends = [name for name in links if name not in parents]
        if len(ends) != 1:
            raise ValueError(f"the URDF branches; choose a tip: {', '.join(ends) or 'none ends'}")
        tip = ends[0]
    path: list[ElementTree.Element] = []
    link = tip
    while link != base and link in above:
        if len(path) > len(links):
            raise ValueError(f"the joints above link {tip} run in a circle")
        path.append(above[link])
        link = str(above[link].find("parent").get("link"))  # type: ignore[union-attr]
    if base is not None and link != base:
        raise ValueError(f"no joints lead from link {base} to link {tip}")
    if not path:
        raise ValueError(f"no joint leads to link {tip}; at least one must move")
    return path[::-1]


def _moving(element: ElementTree.Element, where: str, T_parent_joint: Array) -> UrdfJoint:
    if element.find("mimic") is not None:
        raise ValueError(f"{where} mimics another; allowed: joints that move by themselves")
    limit = element.find("limit")
    kind = str(element.get("type"))
    q_min, q_max, velocity, effort = -np.inf, np.inf, 0.0, 0.0
    if limit is not None:
        velocity = _numbers(limit.get("velocity", "0"), 1, f"{where}: velocity")[0]
        effort = _numbers(limit.get("effort", "0"), 1, f"{where}: effort")[0]
        if kind != "continuous":
            q_min = _numbers(limit.get("lower", "0"), 1, f"{where}: lower")[0]
            q_max = _numbers(limit.get("upper", "0"), 1, f"{where}: upper")[0]
    elif kind != "continuous":
        raise ValueError(f"{where} is {kind} without <limit>; give lower and upper")
    if q_min > q_max:
        raise ValueError(f"{where}: limits are reversed: {q_min:g} > {q_max:g}")
    if velocity < 0.0 or effort < 0.0:
        raise ValueError(f"{where}: velocity and effort must be >= 0 (0: not known)")
    return UrdfJoint(
        str(element.get("name")), MOVING[kind], T_parent_joint, q_min, q_max, velocity, effort
    )


def _origin(element: ElementTree.Element, where: str) -> Array:
    origin = element.find("origin")
    if origin is None:
        return np.eye(4)
    roll, pitch, yaw = _numbers(origin.get("rpy", "0 0 0"), 3, f"{where}: rpy")
    R = exp_so3([0.0, 0.0, yaw]) @ exp_so3([0.0, pitch, 0.0]) @ exp_so3([roll, 0.0, 0.0])
    return make_transform(R, _numbers(origin.get("xyz", "0 0 0"), 3, f"{where}: xyz"))


def _axis(element: ElementTree.Element, where: str) -> Array:
    axis = element.find("axis")
    a = _numbers("1 0 0" if axis is None else axis.get("xyz", "1 0 0"), 3, f"{where}: axis")
    norm = np.linalg.norm(a)
    if not 1e-6 < norm < 1e6:
        raise ValueError(f"{where}: axis {a.tolist()} has no direction; allowed: a unit vector")
    return a / norm


def _z_to(axis: Array) -> Array:
    """A rotation whose z is `axis`; the identity where it is z already."""
    c = np.cross([0.0, 0.0, 1.0], axis)
    sine = np.linalg.norm(c)
    if sine < 1e-12:
        return np.eye(3) if axis[2] > 0.0 else np.diag([1.0, -1.0, -1.0])
    return exp_so3(c / sine * np.arctan2(sine, axis[2]))


def _attribute(element: ElementTree.Element, key: str, where: str) -> str:
    value = element.get(key)
    if not value:
        raise ValueError(f"{where} has no {key}; allowed: a text")
    return value


def _link(joint: ElementTree.Element, tag: str, where: str, links: list[str]) -> str:
    element = joint.find(tag)
    if element is None:
        raise ValueError(f"{where} has no <{tag}>; allowed: a link of the file")
    name = _attribute(element, "link", f"{where}: <{tag}>")
    if name not in links:
        raise ValueError(f"{where}: <{tag}> is {name!r}, which is no link of the file")
    return name


def _numbers(text: str, count: int, where: str) -> Array:
    try:
        values = np.array([float(word) for word in text.split()])
    except ValueError:
        values = np.array([])
    if values.shape != (count,) or not np.isfinite(values).all():
        raise ValueError(f"{where} is {text!r}; allowed: {count} finite number(s)")
    return values
