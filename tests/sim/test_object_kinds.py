# SPDX-License-Identifier: Apache-2.0
"""Kinds of rigid objects: closed meshes of the right size, honest masses, clear refusals."""

import numpy as np
import pytest

from trocar.errors import ConfigurationError
from trocar.geometry import exp_so3, make_transform
from trocar.sim.objects.kinds import KINDS, kind_of, shape_of
from trocar.sim.objects.needle import DENSITY, Needle
from trocar.sim.objects.peg_board import PegBoard
from trocar.sim.objects.shape import Part, mass_centre_and_inertia
from trocar.sim.objects.spec import ObjectSpec

WHERE = "scene file x.yaml: objects: thing"


def spec(kind: str, **values: float) -> ObjectSpec:
    return ObjectSpec(kind, np.eye(4), values)


def enclosed(mesh) -> float:
    a, b, c = (mesh.vertices[mesh.triangles[:, i]] for i in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mesh_is_closed_and_its_faces_look_outwards(kind: str) -> None:
    mesh = shape_of(spec(kind)).mesh
    a, b, c = (mesh.vertices[mesh.triangles[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    assert np.abs(face.sum(axis=0)).max() < 1e-12  # m2: a closed surface's normals cancel
    assert enclosed(mesh) > 0.0
    shading = mesh.normals[mesh.triangles].mean(axis=1)
    with_it = np.einsum("ij,ij->i", face, shading) >= -1e-15
    assert np.mean(with_it) > 0.98  # where a fold is sharp a smooth normal may lean over
    length = np.linalg.norm(mesh.normals[np.unique(mesh.triangles)], axis=1)
    assert length == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "tolerance"),
    # A needle tapers and its capsules overlap; a fold is rounded; bevels take a little.
    [("needle", 0.40), ("gauze", 0.05), ("block", 0.03), ("peg_board", 0.01), ("tray", 1e-9)],
)
def test_what_collides_is_as_large_as_what_is_seen(kind: str, tolerance: float) -> None:
    shape = shape_of(spec(kind))
    assert enclosed(shape.mesh) == pytest.approx(
        sum(part.volume for part in shape.parts), rel=tolerance
    )
    low, high = shape.mesh.vertices.min(axis=0), shape.mesh.vertices.max(axis=0)
    for part in shape.parts:
        assert np.all(part.T_object_part[:3, 3] > low - 1e-4)
        assert np.all(part.T_object_part[:3, 3] < high + 1e-4)


def test_a_needle_weighs_what_its_wire_weighs_and_its_capsules_follow_the_arc() -> None:
    needle = Needle()
    shape = needle.shape(WHERE)
    length = needle.radius * needle.angle
    assert shape.mass == pytest.approx(DENSITY * np.pi * needle.wire**2 * length)
    # Centre of an arc: R sin(a) / a from the arc's centre, a = half its angle; chords lie inside.
    half = needle.angle / 2.0
    assert shape.com[0] == pytest.approx(needle.radius * np.sin(half) / half, rel=0.02)
    for share in np.linspace(0.0, 1.0, 33):
        assert nearest(shape.parts, needle.point(share)) < 0.007 * needle.radius
    assert needle.tangent(0.5) == pytest.approx([0.0, 1.0, 0.0])


def nearest(parts: tuple[Part, ...], point: np.ndarray) -> float:
    """Distance of a point from the axes of capsules."""
    found = []
    for part in parts:
        local = part.T_object_part[:3, :3].T @ (point - part.T_object_part[:3, 3])
        half = 0.5 * part.size[2]
        found.append(np.linalg.norm(local - [0.0, 0.0, np.clip(local[2], -half, half)]))
    return float(min(found))


def test_inertia_of_a_split_box_is_the_boxs() -> None:
    R = exp_so3([0.3, -0.2, 0.5])
    halves = [
        Part("box", make_transform(R, R @ [x, 0.0, 0.0] + [1.0, 2.0, 3.0]), (0.02, 0.03, 0.05))
        for x in (-0.01, 0.01)
    ]
    com, inertia = mass_centre_and_inertia(halves, 0.7)
    whole = 0.7 / 12.0 * np.diag([0.03**2 + 0.05**2, 0.04**2 + 0.05**2, 0.04**2 + 0.03**2])
    assert com == pytest.approx([1.0, 2.0, 3.0])
    assert inertia == pytest.approx(R @ whole @ R.T, rel=1e-9, abs=1e-12)


def test_pegs_stand_where_they_are_said_to_stand() -> None:
    board = kind_of(spec("peg_board", rows=2, columns=2, spacing_x=0.02, spacing_y=0.03))
    assert isinstance(board, PegBoard)
    corners = [[-0.01, -0.015], [-0.01, 0.015], [0.01, -0.015], [0.01, 0.015]]
    assert board.peg_feet[:, :2].tolist() == corners
    pegs = [part for part in board.shape(WHERE).parts if part.kind == "cylinder"]
    assert [part.T_object_part[2, 3] for part in pegs] == [0.5 * board.peg_height] * 4


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("sword", {}, "unknown kind 'sword'; kinds: needle, block"),
        ("needle", {"lenght": 0.01}, "needle: unknown key 'lenght'; keys: radius, angle, wire"),
        ("needle", {"wire": 0.5}, "needle: wire is 0.5, allowed 0.0002 to 0.0015"),
        ("needle", {"radius": 0.004, "wire": 0.0012}, "wire is 0.0012, allowed up to radius / 5"),
        ("needle", {"angle": float("nan")}, "angle is nan, allowed 1 to 3.6"),
        ("block", {"colour": 1.5}, "colour is 1.5; give a whole number"),
        ("block", {"hole": 0.005, "wall": 0.004}, "wall is 0.004, allowed up to half of hole"),
        ("peg_board", {"peg_radius": 0.004, "spacing_x": 0.01}, "peg_radius is 0.004, allowed"),
        ("gauze", {"fold": 0.006, "side": 0.008}, "fold is 0.006, allowed up to half of side"),
    ],
)
def test_a_bad_object_is_one_line_that_names_place_key_and_what_is_allowed(
    kind: str, values: dict[str, float], said: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        shape_of(spec(kind, **values), WHERE)
    line = str(refusal.value)
    assert line.startswith(WHERE) and said in line and "\n" not in line
