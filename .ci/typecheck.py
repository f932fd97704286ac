# SPDX-License-Identifier: Apache-2.0
"""Runs `mypy -p trocar` on the package as it looks when installed.

Static tools cannot follow the root package's run-time path, so the installed tree is laid
out as links in build/typecheck.  Arguments are passed on to mypy.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / "build/typecheck/trocar"


def link(name: str, target: Path) -> None:
    """Make TREE/name a link to target, replacing an older one."""
    path = TREE / name
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def main() -> int:
    """Lay the links and run mypy."""
    TREE.mkdir(parents=True, exist_ok=True)
    for old in TREE.iterdir():
        old.unlink()
    for source in sorted((ROOT / "cpp_ext/trocar").iterdir()):
        if source.suffix in (".py", ".pyi", ".typed") or (source / "__init__.py").is_file():
            link(source.name, source)
    for room in ("perception", "control", "sim", "console"):
        if (ROOT / room / "__init__.py").is_file():
            link(room, ROOT / room)
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    environment = {**os.environ, "MYPYPATH": str(TREE.parent)}
    return subprocess.call(
        [*command, "-p", "trocar", *sys.argv[1:]], cwd=TREE.parent, env=environment
    )


if __name__ == "__main__":
    sys.exit(main())
