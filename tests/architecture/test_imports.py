# SPDX-License-Identifier: Apache-2.0
"""Who may import whom (design, section 1), checked on the syntax trees."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROS = {
    *("rclpy", "rcl_interfaces", "builtin_interfaces", "rosgraph_msgs", "tf2_msgs", "crtk_msgs"),
    *("std_msgs", "geometry_msgs", "sensor_msgs", "diagnostic_msgs", "std_srvs", "stereo_msgs"),
    *("visualization_msgs", "nav_msgs", "ament_index_python", "launch", "launch_ros"),
}
# Room -> what its pure part may import beside the standard library and itself.  "trocar" is
# the root package without rooms, app and _core.
ALLOWED = {
    "root": {"trocar", "trocar._core", "numpy", "yaml"},
    "app": {
        *("trocar", "trocar._core", "trocar.perception", "trocar.control", "trocar.sim"),
        *("trocar.console", "numpy", "scipy", "cv2", "yaml", "tqdm", "aiohttp", "moderngl"),
        *("pybullet", "matplotlib", "pytracik", "quadprog", "daqp", "ruckig"),  # the benchmark's
    },
    "perception": {"trocar", "numpy", "scipy", "cv2", "yaml", "onnxruntime", "torch"},
    "control": {"trocar", "trocar._core", "numpy", "yaml"},
    # The last lines are extras: `anatomy`, imported by sim/anatomy/packages.py when needed, and
    # `gym`, by sim/tasks/gym.py.
    "sim": {
        *("trocar", "trocar._core", "numpy", "scipy", "yaml", "pybullet", "moderngl", "cv2"),
        *("SimpleITK", "skimage", "trimesh", "fast_simplification"),
        "gymnasium",
    },
    # _core: the console presses the emergency stop in shared memory; cv2: its JPEG encoder.
    "console": {"trocar", "trocar._core", "numpy", "aiohttp", "cv2"},
}


def room_of(module: str) -> str:
    part = (module.split(".") + [""])[1]
    return part if part in ALLOWED else "root"


def is_node(module: str) -> bool:
    return module.split(".")[2:3] == ["nodes"]


def imports(module: str, path: Path) -> set[str]:
    """Absolute names of everything a file imports, at any depth of its code."""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            # `from trocar import control` imports a room; `from trocar.x import f` a name of x
            deeper = origin == "trocar" or (origin.startswith("trocar") and node.module is None)
            names |= {f"{origin}.{a.name}" for a in node.names} if deeper else {origin}
    return names


def group(name: str) -> str:
    """What ALLOWED calls an imported name."""
    parts = name.split(".")
    if parts[0] != "trocar":
        return parts[0]
    if len(parts) > 1 and parts[1] in (*ALLOWED, "_core"):
        return f"trocar.{parts[1]}"
    return "trocar"


def breaches(module: str, path: Path) -> list[str]:
    room = room_of(module)
    own = "trocar" if room == "root" else f"trocar.{room}"
    allowed = ALLOWED[room] | {own}
    if is_node(module):
        allowed |= ROS
    found = []
    for name in sorted(imports(module, path)):
        if group(name) in allowed or group(name) in sys.stdlib_module_names:
            continue
        found.append(f"{module} imports {name}; {room} may import {', '.join(sorted(allowed))}")
    return found


def test_every_import_is_allowed_in_its_room(modules: dict[str, Path]) -> None:
    assert len(modules) > 30
    assert [line for module, path in modules.items() for line in breaches(module, path)] == []


def test_ros_is_imported_in_nodes_and_nowhere_else(modules: dict[str, Path]) -> None:
    found = [
        f"{module} imports {name}"
        for module, path in modules.items()
        if not is_node(module)
        for name in imports(module, path)
        if name.split(".")[0] in ROS
    ]
    assert found == []


def test_nobody_imports_app(modules: dict[str, Path]) -> None:
    found = [
        f"{module} imports {name}"
        for module, path in modules.items()
        if room_of(module) != "app"
        for name in imports(module, path)
        if group(name) == "trocar.app"
    ]
    assert found == []


@pytest.mark.parametrize(
    ("module", "line", "is_breach"),
    [
        ("trocar.perception.x", "import rclpy", True),
        ("trocar.perception.nodes.x", "import rclpy", False),
        ("trocar.perception.x", "from trocar.control import arbiter", True),
        ("trocar.perception.x", "from trocar import control", True),
        ("trocar.perception.x", "from trocar import _core", True),
        ("trocar.perception.nodes.x", "from trocar.sim.scene import Scene", True),
        ("trocar.control.x", "import cv2", True),
        ("trocar.control.x", "from trocar import _core, geometry", False),
        ("trocar.control.x", "from . import arbiter", False),
        ("trocar.control.x", "from .. import sim", True),
        ("trocar.control.x", "def f():\n    import pybullet", True),
        ("trocar.geometry", "from trocar.sim import scene", True),
        ("trocar.sim.x", "from trocar.app import report", True),
        ("trocar.app.x", "from trocar.sim import scene", False),
        ("trocar.app.x", "import rclpy", True),
        ("trocar.sim.x", "import control", True),
    ],
)
def test_the_rule_itself(tmp_path: Path, module: str, line: str, is_breach: bool) -> None:
    path = tmp_path / "x.py"
    path.write_text(line + "\n")
    assert bool(breaches(module, path)) == is_breach


def test_no_bare_room_is_ever_loaded(modules: dict[str, Path], root: Path) -> None:
    code = (
        "import importlib, importlib.util, sys\n"
        "has_ros = importlib.util.find_spec('rclpy') is not None\n"
        f"for name in {sorted(modules)!r}:\n"
        "    if '.nodes' in name and not has_ros:\n"
        "        continue\n"
        "    importlib.import_module(name)\n"
        "bare = {'perception', 'control', 'sim', 'console', 'launch', 'tests', 'app'}\n"
        "print(sorted(bare & set(sys.modules)))\n"
        "hook = {'trocar.tests', 'trocar.launch', 'trocar.setup', 'trocar.docs'}\n"
        "print(sorted(hook & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[-3:-1] == ["[]", "[]"], done.stdout
