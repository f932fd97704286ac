# SPDX-License-Identifier: Apache-2.0
"""Gymnasium, or one line that says how to get it."""

from trocar.errors import MissingDependencyError

try:
    import gymnasium
except ImportError as error:
    raise MissingDependencyError(
        f"no Gymnasium here ({error}); pip install 'trocar[gym]' or gymnasium"
    ) from error

__all__ = ["gymnasium"]
