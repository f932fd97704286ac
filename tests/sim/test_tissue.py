# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar.sim.scene import load_scene
from trocar.sim.tissue import BreathingTissue

CENTRE = np.array([0.5, 0.5])
SEEDS = range(10)
coordinate = st.floats(0.05, 0.95)
time = st.floats(0.0, 60.0)


@pytest.fixture(scope="module")
def scene():
    return load_scene("follow")


def tissue_of(seed, scene):
    return BreathingTissue.of(scene, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_breathes_6_mm_along_the_normal_and_at_least_3_mm_across_it(scene, seed):
    tissue = tissue_of(seed, scene)
    times = np.arange(0.0, 4.0, 0.005)  # one breath
    path = np.array([tissue.point(CENTRE, t) for t in times])
    normal = np.cross(*_tangents(tissue, CENTRE, None))  # of the surface at rest
    normal /= np.linalg.norm(normal)
    along = path @ normal
    across = path - np.outer(along, normal)
    assert np.ptp(along) == pytest.approx(0.006, abs=2e-5)
    spread = np.linalg.norm(across[:, None, :] - across[None, ::20, :], axis=-1)
    assert spread.max() >= 0.003


@pytest.mark.parametrize("seed", SEEDS)
def test_drifts_1_mm_in_10_s(scene, seed):
    tissue = tissue_of(seed, scene)
    # The breath's period is 4 s: instants two breaths apart differ by the drift alone.
    late = tissue.point(CENTRE, 10.0) - tissue.point(CENTRE, 2.0)
    early = tissue.point(CENTRE, 8.0) - tissue.point(CENTRE, 0.0)
    sine = [np.sin(np.pi / 2.0 * t / 10.0) for t in (2.0, 8.0, 10.0)]
    assert np.linalg.norm(late) == pytest.approx(0.001 * (sine[2] - sine[0]), rel=1e-6)
    assert np.linalg.norm(early) == pytest.approx(0.001 * sine[1], rel=1e-6)
    assert sine[2] == 1.0  # 1 mm from 0 to 10 s


def test_rests_through_the_origin_of_the_world(scene):
    tissue = tissue_of(0, scene)
    rest = tissue.point(CENTRE, 0.0) - tissue.displacement(CENTRE, 0.0)
    np.testing.assert_allclose(rest, 0.0, atol=1e-15)


@settings(max_examples=60, deadline=None)
@given(u=coordinate, v=coordinate, t=time, seed=st.integers(0, 50))
def test_normals_agree_with_finite_differences(u, v, t, seed):
    tissue = tissue_of(seed, load_scene("follow"))
    uv = np.array([u, v])
    expected = np.cross(*_tangents(tissue, uv, t))
    expected /= np.linalg.norm(expected)
    normal = tissue.normal(uv, t)
    assert normal[2] > 0.5
    np.testing.assert_allclose(normal, expected, atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(u=coordinate, v=coordinate, t=time, d=st.floats(-0.01, 0.02))
def test_signed_distance_of_a_point_off_the_surface_is_its_offset(u, v, t, d):
    tissue = tissue_of(1, load_scene("follow"))
    uv = np.array([u, v])
    point = tissue.point(uv, t) + d * tissue.normal(uv, t)
    if 0.15 < u < 0.85 and 0.15 < v < 0.85:  # the foot of the normal stays on the patch
        assert tissue.signed_distance(point, t) == pytest.approx(d, abs=1e-7)
        np.testing.assert_allclose(tissue.closest_uv(point, t), uv, atol=1e-5)


def test_the_mesh_is_the_surface(scene):
    tissue = tissue_of(2, scene)
    t = 3.3
    vertices, normals = tissue.vertices(t), tissue.normals(t)
    np.testing.assert_array_equal(vertices, tissue.point(tissue.uv, t))
    np.testing.assert_array_equal(normals, tissue.normal(tissue.uv, t))
    a, b, c = (vertices[tissue.triangles[:, k]] for k in range(3))
    facets = np.cross(b - a, c - a)
    facets /= np.linalg.norm(facets, axis=1, keepdims=True)
    nearest = normals[tissue.triangles[:, 0]]
    assert np.min(np.sum(facets * nearest, axis=1)) > 0.97  # all face outwards
    assert len(vertices) == 45 * 45
    np.testing.assert_allclose(np.ptp(vertices[:, :2], axis=0), 0.12, atol=0.004)


def test_the_seed_decides_the_shape_and_the_motion(scene):
    same = tissue_of(5, scene).vertices(1.0)
    np.testing.assert_array_equal(same, tissue_of(5, scene).vertices(1.0))
    assert np.max(np.abs(same - tissue_of(6, scene).vertices(1.0))) > 1e-3


def _tangents(tissue, uv, t):
    """Central differences of the surface in x and y; t None: of the surface at rest."""

    def position(at):
        rest = tissue.point(at, 0.0) - tissue.displacement(at, 0.0)
        return rest if t is None else tissue.point(at, t)

    h = 1e-4
    return [
        (position(uv + step) - position(uv - step)) / (2.0 * h * tissue.parameters.side)
        for step in (np.array([h, 0.0]), np.array([0.0, h]))
    ]
