# SPDX-License-Identifier: Apache-2.0
"""Where the package's shared files are: an installed copy or the source tree, laid out alike.

`launch/trocar.launch.xml` and `launch/config/*` have the same path below the share folder
of an installation (`<prefix>/share/trocar`) and below the root of a checkout.
"""

import sys
from pathlib import Path

import trocar
from trocar.errors import ConfigurationError

PACKAGE = "trocar"


def source_root() -> Path | None:
    """Root of the checkout that this package runs from, None for an installed copy."""
    root = Path(trocar.__file__).resolve().parents[2]
    return root if (root / "package.xml").is_file() and (root / "perception").is_dir() else None


def prefix() -> Path:
    """The installation prefix: below it lie `bin`, `lib/trocar` and, installed, `share/trocar`.

    A checkout (editable install) has none of its own: the interpreter's prefix.
    """
    if source_root() is None:
        for folder in Path(trocar.__file__).resolve().parents:
            if (folder / "share" / PACKAGE / "package.xml").is_file():
                return folder
    return Path(sys.prefix)


def share_folder() -> Path:
    """The share folder; raises ConfigurationError where the installation has none."""
    root = source_root()
    if root is not None:
        return root
    folder = prefix() / "share" / PACKAGE
    if not (folder / "package.xml").is_file():
        raise ConfigurationError(
            f"{folder}: no share folder in this installation of trocar; use pip or colcon"
        )
    return folder


def find_launch_file(name: str) -> Path:
    """A launch file by path, or by name in the share folder's `launch/`."""
    given = Path(name)
    if given.is_file():
        return given.resolve()
    folder = share_folder() / "launch"
    if given.name == name and (folder / name).is_file():
        return folder / name
    known = ", ".join(sorted(p.name for p in folder.glob("*.xml")))
    raise ConfigurationError(f"launch file {name} not found; give a path or one of: {known}")


def config_file(name: str) -> Path:
    """A file of `launch/config`."""
    return share_folder() / "launch" / "config" / name
