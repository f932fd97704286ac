# SPDX-License-Identifier: Apache-2.0
"""Trocar: an open surgical-robotics perception and control stack.

The root package holds what every room shares: frames, geometry, cameras,
estimates, errors and the compiled core (`trocar._core`).  The rooms are
`trocar.perception`, `trocar.control`, `trocar.sim` and `trocar.console`.
"""

from pathlib import Path as _Path

__version__ = "0.1.0"

# The one path hook (docs/packaging.md): in a source checkout the rooms are
# sibling folders of cpp_ext/, so the repository root joins the search path of
# this package.  An installed copy never takes the branch.
_root = _Path(__file__).resolve().parent.parent.parent
if (_root / "package.xml").is_file() and (_root / "perception").is_dir():
    __path__.append(str(_root))
