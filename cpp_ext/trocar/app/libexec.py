# SPDX-License-Identifier: Apache-2.0
"""Links `<prefix>/lib/trocar/NODE` to `<prefix>/bin/NODE`, where ros2 run and ros2 launch look.

pip puts console scripts into bin/, colcon into lib/trocar/; after a pip install this module
(`python -m trocar.app.libexec`, called by `make setup` and by every `trocar launch`) makes up
the difference, and puts the package's marker beside it where an editable install has none.
"""

import shutil
import sys
from pathlib import Path

from trocar.app.share import PACKAGE, prefix, source_root

# The executables and their modules, as in setup.py.
MODULES = {
    "sim_node": "trocar.sim.nodes.sim_node",
    "render_node": "trocar.sim.nodes.render_node",
    "perception_node": "trocar.perception.nodes.perception_node",
    "control_node": "trocar.control.nodes.control_node",
    "console_node": "trocar.console.nodes.console_node",
}


def link_executables() -> list[str]:
    """Make the missing links; returns the names made, nothing where the prefix is not ours."""
    root = prefix()
    scripts = Path(sys.prefix) / "bin"
    folder = root / "lib" / PACKAGE
    made = []
    try:
        for name in MODULES:
            target, link = scripts / name, folder / name
            if not target.is_file() or link.exists():
                continue
            folder.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)  # a dangling link of an older environment
            link.symlink_to(target)
            made.append(name)
        if made:
            _link_share(root)
    except OSError:
        return made  # a read-only prefix: `ros2 launch` is the only thing that misses the links
    return made


def _link_share(root: Path) -> None:
    """Let a checkout installed with `pip install -e` be found by ROS through its prefix."""
    source = source_root()
    if source is None:
        return
    marker = root / "share/ament_index/resource_index/packages" / PACKAGE
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    share = root / "share" / PACKAGE
    share.mkdir(parents=True, exist_ok=True)
    for name in ("package.xml", "launch"):
        link = share / name
        if link.is_dir() and not link.is_symlink():
            shutil.rmtree(link)  # left by an installed copy that this checkout replaced
        link.unlink(missing_ok=True)
        link.symlink_to(source / name)


def find_executable(name: str) -> Path | None:
    """The executable of a node: `<prefix>/lib/trocar`, else beside the interpreter."""
    for folder in (
        prefix() / "lib" / PACKAGE,
        Path(sys.prefix) / "bin",
        Path(sys.executable).parent,
    ):
        if (folder / name).is_file():
            return folder / name
    return None


if __name__ == "__main__":
    link_executables()
