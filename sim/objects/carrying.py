# SPDX-License-Identifier: Apache-2.0
"""Held objects for one millisecond: they go with the jaws, yield to what they meet, and weigh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from trocar.geometry import Array
from trocar.sim.objects.bullet import GRAVITY, Near
from trocar.sim.objects.grasp import Grasp, slip
from trocar.sim.objects.held import rest
from trocar.sim.objects.load import Load
from trocar.sim.objects.things import Things
from trocar.sim.objects.tool import ToolPose
from trocar.sim.objects.vectors import relative


def carry(
    things: Things,
    name: str,
    holds: Sequence[tuple[str, Grasp]],
    before: Mapping[str, ToolPose],
    tools: Mapping[str, ToolPose],
    push: Array,
) -> Array:
    """Take an object along with its first holder; returns the force (3,) N on it, weight included.

    push (3,) N: what else pulls at its centre.
    """
    first = holds[0][0]
    T = tools[first].T_world_cp @ relative(before[first].T_world_cp, things.poses[name])
    tool = tools[first]
    things.carry(name, T, tool.velocity_at(T[:3, 3]), tool.twist[3:])
    return push + np.array([0.0, 0.0, -GRAVITY * things.shapes[name].mass])


def balance(
    things: Things,
    name: str,
    holds: Sequence[tuple[str, Grasp]],
    tools: Mapping[str, ToolPose],
    wrench: Array,
    contacts: Sequence[Near],
    loads: Mapping[str, Load],
) -> float:
    """Bring a carried object to rest between jaws and contacts, and load the arms that hold it.

    wrench (6,) N and N m at its centre.  Returns the strongest contact force in N.
    """
    shape = things.shapes[name]
    targets = [tools[tool].T_world_cp @ grasp.T_cp_object for tool, grasp in holds]
    held = rest(things.poses[name], shape.com, targets, wrench, contacts)
    first = tools[holds[0][0]]
    things.carry(
        name, held.T_world_object, first.velocity_at(held.T_world_object[:3, 3]), first.twist[3:]
    )
    centre = things.centre(name)
    for (tool, grasp), f, m in zip(holds, held.forces, held.torques):
        carried_f, carried_m = slip(grasp, tools[tool], f, m, centre)
        loads[tool].add(tools[tool], -carried_f, centre)
        loads[tool].torque = loads[tool].torque - carried_m
    return held.contact_force
