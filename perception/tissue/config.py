# SPDX-License-Identifier: Apache-2.0
"""Parameters of the tissue tracker, with the reason of each number.  Pixels at 640x480."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TissueConfig:
    """Defaults hold for a 640x480 eye, 15-30 Hz, tissue 40-150 mm away."""

    # what is seeded
    cell_px: int = 40  # one grid cell; 16 x 12 cells cover 640x480
    points_per_cell: int = 2  # 2 x 192 cells: the 300-400 points the CPU budget allows
    max_points: int = 450  # then only the focus is seeded: 1 ms of CPU per 30 points
    focus_points_per_cell: int = 5  # round the target, where accuracy is bought by averaging
    focus_radius_px: float = 60.0
    seed_period: int = 3  # frames; corner detection costs 3 ms
    min_corner_fraction: float = 0.02  # of the 95th percentile of the corner strength in view
    margin_px: int = 14  # window radius plus a frame's motion: points pile up at borders otherwise
    depth_range_m: tuple[float, float] = (0.03, 0.25)  # sets the disparity range of a blind search

    # how it is tracked
    window_px: int = 15
    levels: int = 2  # pyramid levels above the image: +-30 px per frame
    iterations: int = 15
    back_check_px: float = 0.7  # a good track returns within 0.1 px; a slide returns beyond 1 px
    stereo_back_check_px: float = 0.7
    epipolar_px: float = 1.0  # rectified rows agree within 0.2 px on a calibrated rig
    anchor_limit_px: float = 2.0  # more than this from the chained track is another corner
    ncc_good: float = 0.80  # appearance still that of the key frame
    ncc_visible: float = 0.60  # below: something else is there
    renew_after: int = (
        8  # frames below ncc_good but well tracked: appearance changed, new key patch
    )
    mesh_limit_px: float = 3.0  # departure from the neighbours' motion that tissue cannot make
    neighbours: int = 14

    # what happens to hidden points
    search_px: int = 6  # first search radius round the carried position, grows by 1 px a frame
    search_max_px: int = 16
    searches_per_frame: int = 70  # 30 us each
    ncc_reacquired: float = 0.80
    trackable_points: int = 20  # fewer say nothing about how the tissue moves
    relocation_points: int = 24  # searched for after everything was lost at once, 0.3 ms each
    relocation_px: int = 48
    relocation_agree: int = 6
    blank_contrast: float = 5.0  # grey levels sd: a covered lens shows nothing to find
    hidden_max_s: float = 12.0  # under an instrument
    unseen_max_s: float = 0.8  # in plain view, yet not found again
    missed_s: float = 0.25  # so long unseen, a point no longer keeps its cell from being seeded

    # noise model
    sigma_floor_px: float = 0.06  # interpolation and illumination errors that do not average out
    sigma_disparity_floor_px: float = 0.10
    carried_sigma_px: float = 0.5  # of a point carried by neighbours, plus its growth
    carried_growth_px: float = 0.5  # px/s: tissue under the instrument moves on its own


@dataclass(frozen=True)
class TargetConfig:
    """The target patch, its filter and limits; angles are normalised image coordinates (1 = f)."""

    select_uv: tuple[float, float] = (319.5, 239.5)  # px, until `select` is called
    min_points: int = 10  # a patch, not a point: disparity noise is averaged away
    min_visible: int = 6  # fewer: DEGRADED
    radius: float = 0.20  # 14 mm at 70 mm: how far a helping neighbour may be
    spreads: tuple[float, ...] = (
        0.05,
        0.075,
        0.11,
        0.16,
    )  # Gaussian weights, smallest that holds enough
    model_sigma: float = 2.5e-4  # 0.14 px at f 560: what an affine map of tissue leaves over
    curvature_sigma: float = 25.0  # 1/m of 1/(2R): tissue bends with radii of 20 mm and more
    disparity_bias: float = 1.0e-4  # 0.056 px at f 560: common error that no patch averages away
    image_bias: float = 3.0e-4  # 0.17 px: deformation that an affine map does not follow
    select_disparity_sigma: float = (
        1.8e-3  # 1 px: a patch is chosen among points with measured depth
    )
    baseline_m: float = 0.00414  # turns disparity into inverse depth

    jerk_density: float = 4.0e-4  # m2/s5: breathing 6 mm at 0.25 Hz has jerks of 12-20 mm/s3
    acceleration_memory_s: float = 1.0  # unseen, acceleration fades: a breath lasts 4 s
    gate: float = 5.0  # sigmas; a farther measurement counts less
    normal_time_constant_s: float = 0.30  # the normal is ten times noisier than the position
    spin_time_constant_s: float = 0.60

    good_sigma_m: float = 1.0e-3
    lost_sigma_m: float = 4.0e-3  # the stand-off is 10 mm
    lost_after_s: float = 3.0  # with no visible member at all
