# SPDX-License-Identifier: Apache-2.0
"""PyBullet, imported without the banner it writes to standard error.

A command that refuses something says one line and no more; the banner would be a second.  It is
written by C code at import, so the descriptor itself is turned away for that moment.
"""

import os
import sys

from trocar.errors import MissingDependencyError

sys.stderr.flush()
_kept = os.dup(2)
_nowhere = os.open(os.devnull, os.O_WRONLY)
os.dup2(_nowhere, 2)
try:
    import pybullet
except ImportError as error:
    raise MissingDependencyError(f"no PyBullet here ({error}); pip install pybullet") from error
finally:
    os.dup2(_kept, 2)
    os.close(_kept)
    os.close(_nowhere)

__all__ = ["pybullet"]
