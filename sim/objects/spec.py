# SPDX-License-Identifier: Apache-2.0
"""What a scene file says of one rigid object, before its kind has looked at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trocar.geometry import Array


@dataclass(frozen=True)
class ObjectSpec:
    """`kind` names a shape, `T_world_object` (4, 4) its start, `values` its sizes in SI."""

    kind: str
    T_world_object: Array
    values: Mapping[str, float] = field(default_factory=dict)
