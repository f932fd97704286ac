# SPDX-License-Identifier: Apache-2.0
"""Reads the part of ROS 2's XML launch format that Trocar uses, strictly.

`load(path, given)` gives the nodes to start with everything substituted.  Unknown tags,
attributes, substitutions and arguments are errors that list the valid ones; the same file
is run by `ros2 launch`.
"""

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from trocar.app.launch_grammar import canonical, check, parse
from trocar.app.substitution import Scope, expand
from trocar.errors import ConfigurationError

TYPES = {"bool": bool, "int": int, "float": float, "str": str}


@dataclass(frozen=True)
class Argument:
    """One declared launch argument; `default` None = must be given, `choices` () = any value."""

    name: str
    default: str | None
    description: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class NodeSpec:
    """One process: everything substituted, nothing started."""

    package: str
    executable: str
    name: str = ""
    namespace: str = ""
    arguments: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()  # in order: `name:=value` in YAML, or the path of a file
    remaps: tuple[tuple[str, str], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ends_all: bool = False  # on_exit="shutdown"

    def ros_arguments(self) -> list[str]:
        """Command-line arguments, as ros2 launch passes them."""
        words = [*self.arguments, "--ros-args"]
        if self.name:
            words += ["-r", f"__node:={self.name}"]
        if self.namespace:
            words += ["-r", f"__ns:={self.namespace}"]
        for parameter in self.parameters:
            words += ["-p" if ":=" in parameter else "--params-file", parameter]
        for source, target in self.remaps:
            words += ["-r", f"{source}:={target}"]
        return words


@dataclass(frozen=True)
class LaunchDescription:
    """What a launch file says once its arguments are known."""

    path: Path
    nodes: tuple[NodeSpec, ...]
    variables: Mapping[str, str]  # every argument and `let` of the top level
    environment: Mapping[str, str]  # as the last node sees it


def declared_arguments(path: Path) -> dict[str, Argument]:
    """The arguments that a launch file declares, without evaluating anything else."""
    root = parse(path)
    arguments = {}
    for element in root.iter("arg"):
        if element.get("value") is not None:
            continue  # an argument passed to an include
        check(element, str(path))
        choices = tuple(child.get("value", "") for child in element)
        name = element.get("name", "")
        arguments[name] = Argument(
            name, element.get("default"), element.get("description", ""), choices
        )
    return arguments


def load(
    path: Path, given: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> LaunchDescription:
    """Evaluate a launch file with the given arguments; raises ConfigurationError."""
    arguments = declared_arguments(path)
    unknown = sorted(set(given) - set(arguments))
    if unknown:
        raise ConfigurationError(
            f"{path.name}: unknown launch argument {unknown[0]}; valid: {', '.join(arguments)}"
        )
    scope = Scope() if environment is None else Scope(environment=dict(environment))
    reader = _Reader(path, given)
    reader.read_children(parse(path), scope)
    return LaunchDescription(path, tuple(reader.nodes), scope.variables, scope.environment)


class _Reader:
    """Walks a file and collects nodes in order."""

    def __init__(self, path: Path, given: Mapping[str, str]) -> None:
        self.where = path.name
        self.folder = path.parent
        self.given = given
        self.nodes: list[NodeSpec] = []

    def read_children(self, parent: ElementTree.Element, scope: Scope) -> None:
        for element in parent:
            check(element, self.where)
            if self._is_wanted(element, scope):
                getattr(self, f"_read_{canonical(element.tag)}")(element, scope)

    def _get(self, element: ElementTree.Element, name: str, scope: Scope) -> str:
        return expand(element.get(name, ""), scope, f"{self.where} <{element.tag}>")

    def _is_wanted(self, element: ElementTree.Element, scope: Scope) -> bool:
        for name in ("if", "unless"):
            if element.get(name) is None:
                continue
            value = self._get(element, name, scope).lower()
            if value not in ("true", "false", "1", "0"):
                raise ConfigurationError(
                    f'{self.where}: {name}="{value}" is no condition; valid: true, false, 1, 0'
                )
            if (value in ("true", "1")) != (name == "if"):
                return False
        return True

    def _read_arg(self, element: ElementTree.Element, scope: Scope) -> None:
        name = element.get("name", "")
        if name in self.given:
            value = self.given[name]
        elif element.get("default") is not None:
            value = self._get(element, "default", scope)
        else:
            raise ConfigurationError(f"{self.where}: argument {name} is needed: {name}:=VALUE")
        choices = [choice.get("value", "") for choice in element]
        if choices and value not in choices:
            raise ConfigurationError(f"unknown {name} {value}; valid: {', '.join(choices)}")
        scope.variables[name] = value

    def _read_let(self, element: ElementTree.Element, scope: Scope) -> None:
        scope.variables[element.get("name", "")] = self._get(element, "value", scope)

    def _read_set_env(self, element: ElementTree.Element, scope: Scope) -> None:
        scope.environment[self._get(element, "name", scope)] = self._get(element, "value", scope)

    def _read_push_ros_namespace(self, element: ElementTree.Element, scope: Scope) -> None:
        scope.namespace = join(scope.namespace, self._get(element, "namespace", scope))

    def _read_group(self, element: ElementTree.Element, scope: Scope) -> None:
        self.read_children(element, scope.nested())

    def _read_include(self, element: ElementTree.Element, scope: Scope) -> None:
        path = self.folder / self._get(element, "file", scope)
        for child in element:
            check(child, self.where, "include")
        given = {child.get("name", ""): self._get(child, "value", scope) for child in element}
        unknown = sorted(set(given) - set(declared_arguments(path)))
        if unknown:
            raise ConfigurationError(
                f"{path.name}: unknown launch argument {unknown[0]};"
                f" valid: {', '.join(declared_arguments(path))}"
            )
        reader = _Reader(path, given)
        reader.read_children(parse(path), scope.nested())
        self.nodes += reader.nodes

    def _read_node(self, element: ElementTree.Element, scope: Scope) -> None:
        environment, parameters, remaps = dict(scope.environment), [], []
        for child in element:
            check(child, self.where)
            if child.tag == "env":
                environment[self._get(child, "name", scope)] = self._get(child, "value", scope)
            elif child.tag == "remap":
                remaps.append((self._get(child, "from", scope), self._get(child, "to", scope)))
            else:
                parameters.append(self._parameter(child, scope))
        on_exit = self._get(element, "on_exit", scope)
        if on_exit not in ("", "shutdown"):
            raise ConfigurationError(f"{self.where}: on_exit={on_exit}; valid: shutdown")
        self.nodes.append(
            NodeSpec(
                package=self._get(element, "pkg", scope),
                executable=self._get(element, "exec", scope),
                name=self._get(element, "name", scope),
                namespace=join(scope.namespace, self._get(element, "namespace", scope)),
                arguments=tuple(self._get(element, "args", scope).split()),
                parameters=tuple(parameters),
                remaps=tuple(remaps),
                environment=environment,
                ends_all=on_exit == "shutdown",
            )
        )

    def _parameter(self, element: ElementTree.Element, scope: Scope) -> str:
        if element.get("from") is not None:
            path = self._get(element, "from", scope)
            if set(element.attrib) != {"from"}:
                raise ConfigurationError(f"{self.where}: <param from> takes nothing else")
            if not Path(path).is_file():
                raise ConfigurationError(f"{self.where}: parameter file {path} does not exist")
            return path
        if element.get("name") is None or element.get("value") is None:
            raise ConfigurationError(f"{self.where}: <param> needs name and value, or from")
        name, text = self._get(element, "name", scope), self._get(element, "value", scope)
        return f"{name}:={_yaml_value(name, text, element.get('type'), self.where)}"


def _yaml_value(name: str, text: str, kind: str | None, where: str) -> str:
    """The YAML of a parameter's value, of the declared type where there is one."""
    if kind is None:
        return text
    if kind not in TYPES:
        raise ConfigurationError(f"{where}: type={kind}; valid: {', '.join(TYPES)}")
    value: object = text
    if kind != "str":
        value = yaml.safe_load(text)
        if kind == "float" and type(value) is int:
            value = float(value)
        if type(value) is not TYPES[kind]:
            raise ConfigurationError(f"{name} must be {kind}, not {text!r}")
    return yaml.safe_dump(value, default_flow_style=True).removesuffix("\n...\n").strip()


def join(outer: str, inner: str) -> str:
    """A namespace inside another; an absolute one stands alone.  "" = the root."""
    if not inner or inner.startswith("/"):
        return inner or outer
    return f"{outer.rstrip('/')}/{inner}"
