# SPDX-License-Identifier: Apache-2.0
"""package.xml, setup.py, the folders, the constraints and the commands agree with each other."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

import trocar
from trocar.app.libexec import MODULES

ROS_PACKAGES = {
    *("rclpy", "std_msgs", "geometry_msgs", "sensor_msgs", "diagnostic_msgs", "std_srvs"),
    *("rosgraph_msgs", "visualization_msgs", "rcl_interfaces", "builtin_interfaces"),
}


def manifest(root: Path) -> ElementTree.Element:
    return ElementTree.parse(root / "package.xml").getroot()


def text(element: ElementTree.Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def test_every_folder_of_modules_is_a_package_and_every_package_a_folder(
    modules: dict[str, Path], setup_values: dict[str, Any]
) -> None:
    folders = {
        name if path.name == "__init__.py" else name.rpartition(".")[0]
        for name, path in modules.items()
    }
    assert sorted(setup_values["packages"]) == sorted(folders)
    for name in folders:
        assert modules[name].name == "__init__.py", f"{name} has no __init__.py"


def test_manifest_and_setup_say_the_same(root: Path, setup_values: dict[str, Any]) -> None:
    xml = manifest(root)
    assert text(xml, "name") == setup_values["name"] == "trocar"
    assert text(xml, "version") == setup_values["version"] == trocar.__version__
    assert text(xml, "description") == setup_values["description"]
    assert text(xml, "license") == setup_values["license"]
    assert text(xml, "maintainer") == setup_values["maintainer"]
    assert xml.find("maintainer").attrib["email"] == setup_values["maintainer_email"]  # type: ignore[union-attr]
    assert text(xml, "export/build_type") == "ament_python"


def test_every_ros_package_that_nodes_import_is_in_the_manifest(
    modules: dict[str, Path], root: Path
) -> None:
    used = set()
    for name, path in modules.items():
        if ".nodes" in name:
            for found in re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.MULTILINE):
                used |= {found} & ROS_PACKAGES
    declared = {e.text for e in manifest(root).findall("exec_depend")}
    assert used <= declared, f"add to package.xml: {sorted(used - declared)}"


def test_every_console_script_leads_to_a_main(
    modules: dict[str, Path], setup_values: dict[str, Any]
) -> None:
    scripts = dict(line.split(" = ") for line in setup_values["entry_points"]["console_scripts"])
    assert set(scripts) == {"trocar", *MODULES}
    for name, target in scripts.items():
        module, _, function = target.partition(":")
        assert module in modules, f"{name}: {module} does not exist"
        assert re.search(rf"^def {function}\(", modules[module].read_text(), re.MULTILINE)
        assert MODULES.get(name, module) == module


def test_every_data_file_exists_and_none_is_forgotten(
    root: Path, setup_values: dict[str, Any]
) -> None:
    listed = {name for _, names in setup_values["data_files"] for name in names}
    assert all((root / name).is_file() for name in listed)
    wanted = {str(p.relative_to(root)) for p in (root / "launch").rglob("*") if p.is_file()}
    assert wanted <= listed, f"not installed: {sorted(wanted - listed)}"


def test_package_data_covers_every_file_that_is_not_python(
    root: Path, setup_values: dict[str, Any]
) -> None:
    patterns = setup_values["package_data"]
    for room in ("perception", "control", "sim", "console"):
        for path in (root / room).rglob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc", ".md"):
                relative = path.relative_to(root / room)
                assert any(relative.match(p) for p in patterns.get(f"trocar.{room}", [])), (
                    f"{path} would not be installed; add it to package_data in setup.py"
                )


@pytest.mark.parametrize("version", ["310", "311", "312"])
def test_constraints_pin_every_requirement(version: str, root: Path) -> None:
    lines = (root / f"constraints/py{version}.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    names = {re.sub(r"[-_.]+", "-", name).lower() for name in pins}
    command = [sys.executable, ".ci/requirements.py", "ros", "test", "lint", "bench"]
    command += ["anatomy", "gym"]
    wanted = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    for line in wanted.split():
        name = re.split(r"[<>=]", line)[0].lower()
        assert name in names, f"{name} is not pinned for {version}"
    assert int(pins["setuptools"].split(".")[0]) < 80, "colcon's symlink install needs < 80"


def test_make_help_lists_every_target_of_the_design(root: Path) -> None:
    listed = subprocess.run(["make", "help"], cwd=root, capture_output=True, text=True, check=True)
    targets = ("setup", "run", "test", "test-cpp", "lint", "bench", "bench-instructions")
    for target in (*targets, "gallery", "crtk-msgs", "clean"):
        assert re.search(rf"^\s+make {target} ", listed.stdout, re.MULTILINE), target


def tracked(root: Path) -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout: the list of tracked files is not known")
    return [root / name for name in listed.stdout.splitlines() if (root / name).is_file()]


def test_no_path_of_a_machine_in_any_file(root: Path) -> None:
    pattern = re.compile(r"/(?:home|root|work|Users)/[a-z]", re.IGNORECASE)
    found = []
    for path in tracked(root):
        if path.suffix in (".png", ".npz") or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(root)}:{number}: {line.strip()[:80]}")
    assert found == []


def test_every_source_file_says_its_licence(root: Path) -> None:
    for path in tracked(root):
        if path.suffix in (".py", ".hpp", ".cpp", ".sh", ".js") and path.stat().st_size:
            head = "\n".join(path.read_text().splitlines()[:3])
            assert "SPDX-License-Identifier: Apache-2.0" in head, path


def test_no_source_file_is_longer_than_the_hard_stop(root: Path) -> None:
    long = {
        str(path.relative_to(root)): count
        for path in tracked(root)
        if path.suffix in (".py", ".hpp", ".cpp", ".js")
        and "tests" not in path.relative_to(root).parts
        and (count := len(path.read_text().splitlines())) > 300
    }
    assert long == {}
