# SPDX-License-Identifier: Apache-2.0
"""What a scene file says of its task, before the task has looked at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TaskSpec:
    """`name` of the task, `values` its numbers in SI."""

    name: str
    values: Mapping[str, float] = field(default_factory=dict)
