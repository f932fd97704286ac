# SPDX-License-Identifier: Apache-2.0
"""The mesher of imported anatomy: shape, volume, closed outside, refusals."""

import numpy as np
import pytest

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.sim.anatomy.distance_grid import DistanceGrid
from trocar.sim.anatomy.quality import dihedrals, quality
from trocar.sim.anatomy.stuffing import stuff
from trocar.sim.anatomy.surface import Surface, outside
from trocar.sim.anatomy.surface_check import bodies, checked
from trocar.sim.anatomy.tet_fit import fit_tets
from trocar.sim.anatomy.triangles import distance_to_surface, distances
from trocar.sim.soft.bodies import bottom_nodes, soft_tissue
from trocar.sim.soft.tet_mesh import TetMesh, block


def tube_ring(ring: float, tube: float, n: int = 60, m: int = 24) -> Surface:
    """A torus about z."""
    u, v = np.meshgrid(np.arange(n) * 2 * np.pi / n, np.arange(m) * 2 * np.pi / m, indexing="ij")
    r = ring + tube * np.cos(v)
    x = np.stack([r * np.cos(u), r * np.sin(u), tube * np.sin(v)], -1).reshape(-1, 3)
    i, j = (k.ravel() for k in np.meshgrid(np.arange(n), np.arange(m), indexing="ij"))
    a, b = i * m + j, (i + 1) % n * m + j
    c, d = (i + 1) % n * m + (j + 1) % m, i * m + (j + 1) % m
    return Surface(x, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]))


def box(size: tuple[float, float, float]) -> Surface:
    return outside(block((1, 1, 1), size))


@pytest.mark.parametrize("seed", range(6))
def test_tets_of_a_random_field_fill_it_once_and_are_well_shaped(seed: int) -> None:
    rng = np.random.default_rng(seed)
    waves, phases = rng.normal(size=(4, 3)) * 45.0, rng.uniform(0, 6.0, 4)

    def field(p: np.ndarray) -> np.ndarray:  # a lumpy ball
        return 0.03 - np.linalg.norm(p, axis=1) + 0.002 * np.sin(p @ waves.T + phases).sum(axis=1)

    made = stuff(field, np.full(3, -0.045), np.full(3, 0.045), 0.008)
    assert made is not None and made.kept > 0.99
    assert outside(made.mesh).volume == pytest.approx(made.mesh.volume, rel=1e-12)
    assert np.degrees(dihedrals(made.mesh).min()) > 8.0
    assert np.all(field(made.mesh.nodes) > -1e-4)


def test_a_regular_tetrahedron_has_shape_one() -> None:
    x = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=float)
    found = quality(TetMesh.of(x, [[0, 1, 2, 3]]))
    assert found.min_shape == pytest.approx(1.0)
    assert found.min_dihedral_deg == pytest.approx(np.degrees(np.arccos(1 / 3)))
    assert found.shortest_edge == pytest.approx(np.sqrt(8.0))


@pytest.mark.parametrize("nodes", [300, 1000])
def test_a_fit_has_the_nodes_the_volume_and_a_closed_outside(nodes: int) -> None:
    ring = checked(tube_ring(0.035, 0.012), "ring")
    fit = fit_tets(ring, nodes, ring.volume, "ring")
    assert len(fit.mesh.nodes) == pytest.approx(nodes, rel=0.12)
    assert fit.mesh.volume == pytest.approx(ring.volume, rel=0.005)
    skin = checked(outside(fit.mesh), "skin")  # raises where it is not closed
    assert skin.volume == pytest.approx(fit.mesh.volume, rel=1e-12)
    away = distance_to_surface(ring.vertices, skin)
    assert np.percentile(away, 95) < 0.1 * fit.side


def test_the_same_surface_gives_the_same_mesh_and_it_steps() -> None:
    ring = tube_ring(0.035, 0.012)
    one, two = (fit_tets(ring, 400, ring.volume, "ring").mesh for _ in range(2))
    assert one.nodes.tobytes() == two.nodes.tobytes() and one.tets.tobytes() == two.tets.tobytes()
    body = soft_tissue(one, bottom_nodes(one, 0.004), _core.TissueMaterial(young=5e3, poisson=0.45))
    for _ in range(30):
        body.step()
    moved = np.linalg.norm(body.positions - body.rest, axis=1)
    assert 1e-5 < moved.max() < 0.01


def test_a_body_too_thin_for_its_nodes_is_refused_with_a_number() -> None:
    wire = tube_ring(0.1, 0.001)
    with pytest.raises(ConfigurationError, match="wire: the body is too thin for 60 nodes; say"):
        fit_tets(wire, 60, wire.volume, "wire")


def test_signed_distance_of_a_box_with_a_cavity() -> None:
    shell, hole = box((0.04, 0.03, 0.02)), box((0.01, 0.01, 0.01))
    inner = hole.vertices - [0.0, 0.0, 0.005]
    faces = np.concatenate([shell.faces, hole.faces[:, ::-1] + len(shell.vertices)])
    grid = DistanceGrid(Surface(np.concatenate([shell.vertices, inner]), faces), 0.001)
    probe = np.array([[0, 0, -0.01], [0, 0, -0.0045], [0, 0.0142, -0.01], [0, 0.016, -0.01]])
    assert grid(probe) == pytest.approx([-grid.band, 0.0005, 0.0008, -0.001], abs=2e-6)
    assert grid(np.array([[1.0, 0, 0]])) == pytest.approx(-grid.band)


def test_distance_from_a_triangle_over_its_face_edges_and_corners(rng: np.random.Generator) -> None:
    p, a, b, c = rng.normal(size=(4, 200, 3))
    u = np.linspace(0, 1, 60)
    s, t = (k.ravel() for k in np.meshgrid(u, u))
    s, t = s[s + t <= 1.0 + 1e-12], t[s + t <= 1.0 + 1e-12]
    spots = a[:, None] + s[:, None] * (b - a)[:, None] + t[:, None] * (c - a)[:, None]
    brute = np.linalg.norm(spots - p[:, None], axis=2).min(axis=1)
    found = distances(p, a, b, c)
    assert np.all(found <= brute + 1e-12) and np.all(brute - found < 0.05)


def test_faces_are_turned_outwards_and_bodies_counted(rng: np.random.Generator) -> None:
    ring = tube_ring(0.035, 0.012)
    mixed = ring.faces.copy()
    some = rng.random(len(mixed)) < 0.4
    mixed[some] = mixed[some][:, ::-1]
    assert checked(Surface(ring.vertices, mixed), "x").volume == pytest.approx(ring.volume)
    two = Surface(
        np.concatenate([ring.vertices, ring.vertices + 0.2]),
        np.concatenate([ring.faces, ring.faces + len(ring.vertices)]),
    )
    assert bodies(two).max() == 1 and bodies(ring).max() == 0


def test_what_has_no_inside_is_refused_with_its_number_of_edges() -> None:
    ring = tube_ring(0.035, 0.012)
    with pytest.raises(ConfigurationError, match="open: the surface is not closed: 3 boundary"):
        checked(Surface(ring.vertices, ring.faces[1:]), "open")
    fin = np.concatenate([ring.faces, ring.faces[:1]])
    with pytest.raises(ConfigurationError, match="3 edges belong to more than two faces"):
        checked(Surface(ring.vertices, fin), "fin")
    broken = ring.vertices.copy()
    broken[7, 1] = np.nan
    with pytest.raises(ConfigurationError, match="1 vertices are not finite, the first is .* 7"):
        checked(Surface(broken, ring.faces), "nan")
