# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from trocar.app.launch_checks import check_variables, parse_assignments
from trocar.app.launch_file import LaunchDescription, declared_arguments, join, load
from trocar.app.share import find_launch_file
from trocar.errors import ConfigurationError


def read(tmp_path: Path, body: str, **given: str) -> LaunchDescription:
    path = tmp_path / "test.launch.xml"
    path.write_text(f"<launch>{body}</launch>")
    return load(path, given, environment={"PATH": "/bin"})


def test_node_gets_the_arguments_that_ros2_launch_would_pass(tmp_path: Path) -> None:
    parameters = tmp_path / "p.yaml"
    parameters.write_text("/**: {ros__parameters: {a: 1}}")
    description = read(
        tmp_path,
        f"""<arg name="who" default="sim"/>
        <group><push_ros_namespace namespace="lab"/><set_env name="IN" value="group"/>
          <node pkg="trocar" exec="sim_node" name="$(var who)" namespace="cell" on_exit="shutdown">
            <param name="rate" value="15" type="float"/>
            <param name="label" value="15" type="str"/>
            <param from="{parameters}"/>
            <remap from="image" to="/camera/image"/>
            <env name="OWN" value="$(var who)"/>
          </node></group>
        <node pkg="trocar" exec="control_node"/>""",
    )
    first, second = description.nodes
    assert first.ros_arguments() == [
        *["--ros-args", "-r", "__node:=sim", "-r", "__ns:=/lab/cell"],
        *["-p", "rate:=15.0", "-p", "label:='15'", "--params-file", str(parameters)],
        *["-r", "image:=/camera/image"],
    ]
    assert first.ends_all and not second.ends_all
    assert first.environment["OWN"] == "sim" and first.environment["IN"] == "group"
    assert second.ros_arguments() == ["--ros-args"]
    assert "IN" not in second.environment, "what a group sets must not leave it"


@pytest.mark.parametrize(("value", "count"), [("true", 1), ("1", 1), ("False", 0), ("0", 0)])
def test_conditions(tmp_path: Path, value: str, count: int) -> None:
    body = """<arg name="c"/><node pkg="trocar" exec="sim_node" if="$(var c)"/>
              <group unless="$(var c)"><node pkg="trocar" exec="render_node"/></group>"""
    nodes = read(tmp_path, body, c=value).nodes
    assert [node.executable for node in nodes] == (["sim_node"] if count else ["render_node"])


def test_include_passes_only_what_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "inner.xml").write_text(
        '<launch><arg name="a" default="x"/><node pkg="trocar" exec="sim_node" name="$(var a)"/>'
        "</launch>"
    )
    body = """<include file="inner.xml"/>
              <include file="inner.xml"><arg name="a" value="y"/></include>"""
    assert [node.name for node in read(tmp_path, body).nodes] == ["x", "y"]
    with pytest.raises(ConfigurationError, match="unknown launch argument b; valid: a"):
        read(tmp_path, '<include file="inner.xml"><arg name="b" value="y"/></include>')


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<timer/>", ["<timer>", "node", "group"]),
        ('<node pkg="trocar"/>', ["needs exec"]),
        ('<node pkg="trocar" exec="a" respawn="true"/>', ["respawn", "on_exit"]),
        ('<node pkg="trocar" exec="a" on_exit="restart"/>', ["on_exit=restart", "shutdown"]),
        ('<node pkg="trocar" exec="a" if="maybe"/>', ["maybe", "true, false"]),
        ('<node pkg="trocar" exec="a"><param name="x"/></node>', ["name and value"]),
        (
            '<node pkg="trocar" exec="a"><param name="x" value="y" type="int"/></node>',
            ["x must be int", "'y'"],
        ),
        (
            '<node pkg="trocar" exec="a"><param name="x" value="1" type="long"/></node>',
            ["type=long", "bool, int, float, str"],
        ),
        ('<node pkg="trocar" exec="a"><param from="/no/file"/></node>', ["/no/file"]),
        ('<arg name="needed"/>', ["needed:=VALUE"]),
        ('<arg name="a" default="z"><choice value="x"/></arg>', ["unknown a z", "valid: x"]),
        ("<node", ["not well-formed"]),
    ],
)
def test_what_is_not_understood_is_one_line_with_the_valid_ones(
    tmp_path: Path, body: str, words: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, body)
    assert "\n" not in str(caught.value)
    assert all(word in str(caught.value) for word in words), caught.value


def test_unknown_argument_lists_the_declared_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="unknown launch argument b; valid: a"):
        read(tmp_path, '<arg name="a" default="1"/>', b="2")


def test_namespaces() -> None:
    assert join("", "a") == "/a"
    assert join("/a", "b") == "/a/b"
    assert join("a", "/b") == "/b"
    assert join("/a", "") == "/a"


# --- the system's own launch file ---------------------------------------------------------


def system(**given: str) -> LaunchDescription:
    return load(find_launch_file("trocar.launch.xml"), given)


def test_system_is_the_five_processes_and_each_one_ends_all() -> None:
    nodes = system().nodes
    assert [node.name for node in nodes] == ["sim", "render", "perception", "control", "console"]
    assert all(node.ends_all for node in nodes)
    for node in nodes:
        assert node.environment["TROCAR_WATCH_PARENT"] == "1"
        assert Path(node.environment["FASTDDS_DEFAULT_PROFILES_FILE"]).name == "fastdds.xml"


@pytest.mark.parametrize("arm", ["external", "mock"])
def test_only_the_simulated_arm_brings_the_cell_and_its_camera(arm: str) -> None:
    nodes = system(arm=arm).nodes
    assert [node.name for node in nodes] == ["perception", "control", "console"]
    assert f"mock:={str(arm == 'mock').lower()}" in nodes[1].parameters


def test_console_can_be_left_out() -> None:
    assert "console" not in [node.name for node in system(console="false").nodes]


def test_autostart_is_none_by_default_and_reaches_control() -> None:
    def autostart(description: LaunchDescription) -> str:
        control = next(n for n in description.nodes if n.name == "control")
        return next(p for p in control.parameters if p.startswith("autostart"))

    assert autostart(system()) == "autostart:=none"
    assert autostart(system(autostart="follow")) == "autostart:=follow"


def test_scenes_of_the_launch_file_are_the_scenes_that_exist(root: Path) -> None:
    argument = declared_arguments(find_launch_file("trocar.launch.xml"))["scene"]
    assert sorted(argument.choices) == sorted(p.stem for p in (root / "sim/scenes").glob("*.yaml"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"scene": "heart"}, ["unknown scene heart", "follow"]),
        ({"arm": "PSM9"}, ["unknown arm PSM9", "simulated, mock, external"]),
        ({"autostart": "follow", "arm": "external"}, ["refused", "arm:=external"]),
        ({"autostart": "follow", "arm": "mock"}, ["refused", "arm:=mock"]),
        ({"fps": "0"}, ["fps:=0", "1 to 60"]),
        ({"fps": ".nan"}, ["fps:=.nan"]),
        ({"port": "80"}, ["port:=80", "1024 to 65535"]),
        ({"seed": "-1"}, ["seed:=-1"]),
        ({"seed": "one"}, ["seed must be int"]),
        ({"site": "/no/site.yaml"}, ["/no/site.yaml"]),
    ],
)
def test_bad_values_are_refused_before_anything_starts(
    given: dict[str, str], words: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_variables(system(**given))
    assert all(word in str(caught.value) for word in words), caught.value


def test_assignments() -> None:
    assert parse_assignments(["a:=1", "b:=x:=y"]) == {"a": "1", "b": "x:=y"}
    for bad in ("a=1", ":=1", "a"):
        with pytest.raises(ConfigurationError, match="name:=value"):
            parse_assignments([bad])
