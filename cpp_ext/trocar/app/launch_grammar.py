# SPDX-License-Identifier: Apache-2.0
"""Grammar of the launch files that Trocar reads: tags, their attributes, their children.

A subset of ROS 2's XML format.  What is not in the table is an error that lists what is.
"""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from trocar.errors import ConfigurationError

CONDITIONS = frozenset({"if", "unless"})
# tag: (attributes required, attributes allowed besides, children)
GRAMMAR: dict[str, tuple[frozenset[str], frozenset[str], frozenset[str]]] = {
    "launch": (
        frozenset(),
        frozenset({"version"}),
        frozenset({"arg", "let", "node", "group", "include", "set_env", "push_ros_namespace"}),
    ),
    "arg": (frozenset({"name"}), frozenset({"default", "description"}), frozenset({"choice"})),
    "choice": (frozenset({"value"}), frozenset(), frozenset()),
    "let": (frozenset({"name", "value"}), CONDITIONS, frozenset()),
    "set_env": (frozenset({"name", "value"}), CONDITIONS, frozenset()),
    "push_ros_namespace": (frozenset({"namespace"}), CONDITIONS, frozenset()),
    "group": (
        frozenset(),
        CONDITIONS,
        frozenset({"let", "node", "group", "include", "set_env", "push_ros_namespace"}),
    ),
    "include": (frozenset({"file"}), CONDITIONS, frozenset({"arg"})),
    "node": (
        frozenset({"pkg", "exec"}),
        CONDITIONS | {"name", "namespace", "output", "args", "on_exit"},
        frozenset({"param", "remap", "env"}),
    ),
    "param": (frozenset(), frozenset({"name", "value", "type", "from"}), frozenset()),
    "remap": (frozenset({"from", "to"}), frozenset(), frozenset()),
    "env": (frozenset({"name", "value"}), frozenset(), frozenset()),
}


def parse(path: Path) -> ElementTree.Element:
    """The `<launch>` element of a file; raises ConfigurationError."""
    try:
        root = ElementTree.parse(path).getroot()
    except OSError as error:
        raise ConfigurationError(f"launch file {path}: {error.strerror}") from error
    except ElementTree.ParseError as error:
        raise ConfigurationError(f"launch file {path}: not well-formed XML: {error}") from error
    if root.tag != "launch":
        raise ConfigurationError(f"launch file {path}: the root is <{root.tag}>, not <launch>")
    check(root, str(path))
    return root


def canonical(tag: str) -> str:
    """The tag by its newer name."""
    return "push_ros_namespace" if tag == "push-ros-namespace" else tag


def check(element: ElementTree.Element, where: str, parent: str = "") -> None:
    """Raise unless tag, attributes and children are of the grammar."""
    required, optional, children = GRAMMAR[canonical(element.tag)]
    if element.tag == "arg" and parent == "include":
        required, optional, children = frozenset({"name", "value"}), frozenset(), frozenset()
    for name in element.attrib:
        if name not in required | optional:
            valid = ", ".join(sorted(required | optional))
            raise ConfigurationError(f"{where}: <{element.tag}> has no {name}; valid: {valid}")
    for name in sorted(required):
        if name not in element.attrib:
            raise ConfigurationError(f"{where}: <{element.tag}> needs {name}")
    for child in element:
        if canonical(child.tag) not in children:
            valid = ", ".join(sorted(children)) or "nothing"
            raise ConfigurationError(
                f"{where}: <{child.tag}> is not known in <{element.tag}>; valid: {valid}"
            )
