# SPDX-License-Identifier: Apache-2.0
"""The optional packages of anatomy, imported when they are needed."""

import importlib
from typing import Any

from trocar.errors import MissingDependencyError

REMEDY = "make setup EXTRAS=anatomy, or: pip install 'trocar[anatomy]'"
_PIP = {
    "SimpleITK": "SimpleITK",
    "skimage.measure": "scikit-image",
    "trimesh": "trimesh",
    "fast_simplification": "fast-simplification",
}


def need(module: str) -> Any:
    """The module; raises MissingDependencyError with what to type."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(f"{_PIP[module]} is not installed; type: {REMEDY}") from error
