# SPDX-License-Identifier: Apache-2.0
"""The pieces of the renderer that need no graphics: meshes, skin, pictures on disk, pacing."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar.errors import CommandRefusedError
from trocar.geometry import inverse, transform_points
from trocar.kinematics import T_CONTROL_POINT_JAW_TIP, forward_kinematics
from trocar.sim.render.instrument import PART_IDS, instrument_meshes
from trocar.sim.render.mesh import box, loft, merge, revolve
from trocar.sim.render.noise_field import fractal_noise
from trocar.sim.render.optics import NOISE_GAIN, soften
from trocar.sim.render.pacer import FramePacer
from trocar.sim.render.png import write_png
from trocar.sim.render.texture import tissue_texture
from trocar.sim.render.tool_path import joints_at
from trocar.sim.scene import load_scene

SCENE = load_scene("follow")


def volume(mesh):
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    return np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0


def test_volumes_of_closed_meshes():
    assert volume(box([0.02, 0.03, 0.04])) == pytest.approx(2.4e-5)
    cone = revolve([(0.0, 0.0), (1e-9, 0.01), (0.03, 0.0)], 256, 0.0)
    assert volume(cone) == pytest.approx(np.pi * 1e-4 * 0.03 / 3.0, rel=1e-3)
    pyramid = loft([(0.0, -1.0, 1.0, -1.0, 1.0), (3.0, 0.0, 0.0, 0.0, 0.0)], 1.0)
    assert volume(pyramid) == pytest.approx(4.0)


@pytest.mark.parametrize("part", list(PART_IDS))
def test_part_meshes_are_sound(part):
    mesh = instrument_meshes()[part]
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    facing = np.cross(b - a, c - a)
    real = np.linalg.norm(facing, axis=1) > 1e-13
    shading = mesh.normals[mesh.triangles].mean(axis=1)
    assert (np.einsum("ij,ij->i", facing, shading)[real] > 0.0).all()
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-9)
    assert volume(mesh) > 0.0


def test_dimensions_of_the_needle_driver():
    meshes = instrument_meshes()
    sleeve = np.hypot(*meshes["shaft"].vertices[:, :2].T).max()
    assert 2.0 * sleeve == pytest.approx(0.00835, rel=1e-3)
    for jaw in ("jaw_a", "jaw_b"):
        assert meshes[jaw].vertices[:, 2].max() == pytest.approx(0.0102)
    assert sum(len(m.triangles) for m in meshes.values()) < 2000


def test_merge_keeps_every_triangle():
    one, two = box([1.0, 1.0, 1.0]), box([2.0, 1.0, 1.0])
    both = merge([one, two])
    assert volume(both) == pytest.approx(3.0)
    assert both.triangles.dtype == np.int32


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31))
def test_noise_is_normalised_and_tiles(seed):
    field = fractal_noise(128, (4, 8, 16), np.random.default_rng(seed))
    assert field.std() == pytest.approx(1.0, abs=1e-3)
    assert abs(field.mean()) < 1e-3
    inner = np.abs(np.diff(field, axis=0)).max()
    assert np.abs(field[0] - field[-1]).max() <= 1.5 * inner  # no seam


def test_skin_is_a_function_of_its_seed():
    one, again, other = (tissue_texture(np.random.default_rng(s), 256) for s in (3, 3, 4))
    np.testing.assert_array_equal(one.albedo, again.albedo)
    assert (one.albedo != other.albedo).mean() > 0.5
    rgb = one.albedo[..., :3].astype(float)
    assert (rgb[..., 0] > rgb[..., 1]).mean() > 0.99  # red everywhere
    assert one.bump.shape == (256, 256, 2)


def test_softening_blurs_without_shift_or_bias():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (2, 60, 80, 3), dtype=np.uint8)
    soft = soften(noise)
    inner = np.s_[:, 2:-2, 2:-2]
    assert abs(soft[inner].mean() - noise[inner].mean()) < 1.0
    assert soft[inner].std() / noise.std() == pytest.approx(NOISE_GAIN, rel=0.05)
    dot = np.zeros((1, 9, 9, 1), np.uint8)
    dot[0, 4, 4] = 160
    expected = np.outer([1, 2, 1], [1, 2, 1]) * 10
    assert np.abs(soften(dot)[0, 3:6, 3:6, 0].astype(int) - expected).max() <= 1
    edge = np.zeros((1, 9, 9, 3), np.uint8)
    edge[:, :, 5:] = 200
    np.testing.assert_array_equal(soften(edge)[0, 4, :, 1], [0, 0, 0, 0, 50, 150, 200, 200, 200])


def test_png_holds_the_pixels(tmp_path):
    image = np.random.default_rng(1).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    write_png(tmp_path / "a.png", image)
    data = (tmp_path / "a.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (5, 7)
    length = struct.unpack(">I", data[33:37])[0]
    rows = np.frombuffer(zlib.decompress(data[41 : 41 + length]), np.uint8).reshape(7, 16)
    assert (rows[:, 0] == 1).all()
    decoded = np.cumsum(rows[:, 1:].reshape(7, 5, 3), axis=1, dtype=np.uint8)
    np.testing.assert_array_equal(decoded, image)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=50))
def test_pacer_never_queues(gaps):
    """However the clock jumps, frames keep to the grid and late ones are counted, not made up."""
    pacer, now, taken = FramePacer(100), 1000, []
    for gap in gaps:
        now += gap
        if pacer.wait_ns(now) == 0:
            pacer.taken(now)
            taken.append(now)
            assert 0 < pacer.wait_ns(now) <= 100
    if taken:
        slots = (taken[-1] - taken[0]) // 100 + 1
        assert len(taken) + pacer.dropped == slots
        assert len({(t - taken[0]) // 100 for t in taken}) == len(taken)


def test_joints_at_puts_the_jaw_tip_there():
    for point in ([0.0, 0.0, 0.01], [-0.02, 0.01, 0.03], [0.015, -0.01, 0.008]):
        for bend in ((0.0, 0.0), (0.3, -0.4)):
            q = joints_at(SCENE, point, 0.2, bend)
            T = SCENE.T_world_base("PSM1") @ forward_kinematics(q[:6]) @ T_CONTROL_POINT_JAW_TIP
            np.testing.assert_allclose(T[:3, 3], point, atol=1e-9)
            assert q[6] == 0.2
    p_base = transform_points(inverse(SCENE.T_world_base("PSM1")), [0.0, 0.0, 0.01])
    assert np.linalg.norm(p_base) > 0.1
    with pytest.raises(CommandRefusedError, match="joint limits"):
        joints_at(SCENE, [0.5, 0.5, 0.5])
