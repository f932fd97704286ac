# SPDX-License-Identifier: Apache-2.0
import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trocar.perception.images import highlight_mask, lookup_mask, sample_patches
from trocar.perception.tissue.config import TissueConfig
from trocar.perception.tissue.deformation import fit_local_affine
from trocar.perception.tissue.flow import track_back_checked
from trocar.perception.tissue.search import search_around, search_row
from trocar.perception.tissue.seeding import GridSeeder
from trocar.perception.tissue.template import PatchMemory, patches_at
from trocar.perception.tissue.triangulate import triangulate

sub_pixel = st.floats(-0.9, 0.9)


def smooth_image(seed=0, size=(240, 320)):
    noise = np.random.default_rng(seed).standard_normal(size).astype(np.float32)
    image = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return 120 + 40 * image / image.std()


def shifted(image, du, dv):
    matrix = np.array([[1.0, 0.0, du], [0.0, 1.0, dv]])
    return cv2.warpAffine(image, matrix, image.shape[::-1], flags=cv2.INTER_CUBIC)


GRID = np.stack(np.meshgrid(np.arange(40.0, 280, 30), np.arange(40.0, 200, 30)), -1).reshape(-1, 2)


@given(du=sub_pixel, dv=sub_pixel, gain=st.floats(0.6, 1.5), offset=st.floats(-20, 20))
def test_alignment_finds_sub_pixel_shifts_whatever_the_light(du, dv, gain, offset):
    """0.08 px: bilinear sampling of a cubically shifted picture; no trace of gain and offset."""
    image = smooth_image()
    memory = PatchMemory.of(patches_at(image, GRID))
    aligned = memory.align(gain * shifted(image, du, dv) + offset, GRID, steps=6)
    assert np.abs(aligned.uv - GRID - [du, dv]).max() < 0.08
    assert aligned.ncc.min() > 0.97


def test_alignment_sigma_tells_the_scatter():
    """The stated sigma is within a factor of two of the scatter over repeated noise."""
    rng, image = np.random.default_rng(1), smooth_image()
    memory = PatchMemory.of(patches_at(image, GRID))
    runs = [
        memory.align(image + rng.normal(0, 4, image.shape).astype(np.float32), GRID, 4)
        for _ in range(30)
    ]
    scatter = np.std([r.uv for r in runs], axis=0)
    stated = np.mean([r.sigma for r in runs], axis=0)
    assert 0.5 < np.median(stated / scatter) < 2.0


def test_patch_memory_rows_stay_together():
    image = smooth_image()
    memory = (
        PatchMemory.empty().added(patches_at(image, GRID[:5])).added(patches_at(image, GRID[5:9]))
    )
    picked = memory.picked(np.array([7, 2]))
    assert np.array_equal(picked.patch[0], patches_at(image, GRID[7:8])[0])
    memory.replace(np.array([2]), patches_at(image, GRID[10:11]))
    assert memory.picked(np.array([2])).align(image, GRID[10:11], 1).ncc[0] > 0.999


def test_back_check_tells_what_was_covered():
    image = smooth_image().astype(np.uint8)
    moved = shifted(image, 6.0, -3.0)
    moved[:, 200:] = 128  # featureless cover
    end, error = track_back_checked(image, moved, GRID, GRID, 15, 2, 15)
    free = GRID[:, 0] < 180
    assert np.abs(end - GRID - [6, -3])[free].max() < 0.1
    assert error[free].max() < 0.1
    assert error[GRID[:, 0] > 215].min() > 0.7


@given(
    a=st.lists(st.floats(-0.2, 0.2), min_size=4, max_size=4),
    shift=st.tuples(st.floats(-30, 30), st.floats(-30, 30)),
)
def test_affine_motion_is_reproduced_with_an_outlier_among_the_neighbours(a, shift):
    """Within 0.5 px: the ridge shrinks gradients a little, the outlier counts for nothing."""
    A = np.array(a).reshape(2, 2)
    motion = GRID @ A.T + shift
    motion[20] += 60.0
    queries = GRID[[12, 18, 21, 27]] + 7.0
    fit = fit_local_affine(GRID, motion, queries, 14)
    assert np.abs(fit.value - (queries @ A.T + shift)).max() < 0.5
    own = fit_local_affine(GRID, motion, GRID[20:21], 14, exclude_self=True)
    assert np.linalg.norm(own.value - motion[20]) > 50.0


def test_fit_without_data_is_unknown_not_zero():
    fit = fit_local_affine(np.zeros((0, 2)), np.zeros((0, 3)), GRID[:2], 14)
    assert np.isnan(fit.value).all() and np.isinf(fit.distance).all()


def test_search_finds_a_patch_and_says_when_it_cannot_look():
    image = smooth_image()
    patch = patches_at(image, np.array([[100.0, 80.0], [100.0, 80.0]]))
    start = np.array([[105.0, 76.0], [-50.0, 80.0]])
    uv, ncc = search_around(image, patch, start, np.array([8, 8]))
    assert np.array_equal(uv[0], [100, 80]) and ncc[0] > 0.999
    assert ncc[1] < 0.999  # clamped to the border, another place
    right = shifted(image, -31.0, 0.0)
    uv, ncc = search_row(right, patch[:1], np.array([[100.0, 80.0]]), (15.0, 60.0))
    assert np.array_equal(uv[0], [69, 80]) and ncc[0] > 0.99


def test_seeds_keep_to_free_ground_and_quota():
    config = TissueConfig()
    seeder = GridSeeder(config, 240, 320)
    grey = smooth_image().astype(np.uint8)
    blocked = np.zeros(grey.shape, bool)
    blocked[:, :100] = True
    old = np.array([[200.0, 100.0]])
    uv = seeder.propose(grey, blocked, old, None)
    assert len(uv) > 30
    assert not lookup_mask(blocked, uv).any()
    assert (np.minimum(uv, [319, 239] - uv) >= config.margin_px).all()
    assert np.linalg.norm(uv - old, axis=1).min() >= config.window_px // 2
    cell = (uv // config.cell_px).astype(int)
    assert np.unique(cell, axis=0, return_counts=True)[1].max() <= config.points_per_cell
    focused = seeder.propose(grey, blocked, old, np.array([220.0, 120.0]))
    assert len(focused) > len(uv)
    crowd = np.random.default_rng(0).uniform([0, 0], [320, 240], (config.max_points, 2))
    assert not seeder.missing(crowd, None).any()


def test_no_seed_on_a_flat_or_covered_picture():
    seeder = GridSeeder(TissueConfig(), 240, 320)
    flat = np.full((240, 320), 90, np.uint8)
    assert len(seeder.propose(flat, np.zeros(flat.shape, bool), np.zeros((0, 2)), None)) == 0
    grey = smooth_image().astype(np.uint8)
    assert len(seeder.propose(grey, np.ones(flat.shape, bool), np.zeros((0, 2)), None)) == 0


def test_triangulation_covariance_is_the_scatter(ideal_rig):
    """Monte Carlo, 20,000 draws: every entry within 5 % of the largest."""
    rng = np.random.default_rng(2)
    uv, disparity, sigma = (
        np.array([[450.0, 100.0]]),
        np.array([33.0]),
        np.array([[0.1, 0.2, 0.15]]),
    )
    point, covariance = triangulate(ideal_rig, uv, disparity, sigma)
    noise = rng.standard_normal((20_000, 3)) * sigma
    draws, _ = triangulate(
        ideal_rig, uv + noise[:, :2], disparity + noise[:, 2], np.repeat(sigma, 20_000, 0)
    )
    assert np.allclose(draws.mean(axis=0), point[0], atol=1e-5)
    assert np.allclose(np.cov(draws.T), covariance[0], atol=0.05 * covariance.max())
    behind, _ = triangulate(ideal_rig, uv, np.array([-1.0]), sigma)
    assert np.isnan(behind).all()


def test_patches_and_masks_at_the_border():
    image = np.arange(48, dtype=np.float32).reshape(6, 8)
    patch = sample_patches(image, np.array([[2.5, 3.0]]), 1)[0]
    assert patch[1, 1] == 0.5 * (image[3, 2] + image[3, 3])
    mask = np.zeros((6, 8), bool)
    mask[2, 5] = True
    uv = np.array([[5.4, 1.6], [5.6, 2.0], [-1.0, 2.0], [np.nan, 1.0], [7.6, 1.0]])
    assert lookup_mask(mask, uv).tolist() == [True, False, True, True, True]


def test_highlights_are_bright_in_all_channels():
    image = np.full((60, 60, 3), (230, 120, 110), np.uint8)  # bright red tissue is none
    image[30, 30] = (240, 235, 230)
    mask = highlight_mask(image)
    assert mask[30, 30] and mask[30, 33] and not mask[30, 40]
