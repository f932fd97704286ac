# SPDX-License-Identifier: Apache-2.0
"""Pictures and truth as PNG files: lossless, to the count that their unit promises."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from trocar.errors import ConfigurationError
from trocar.sim.dataset import pictures


def test_colours_and_ids_come_back_to_the_bit(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "x.png"
    image = rng.integers(0, 256, (37, 53, 3), dtype=np.uint8)
    path.write_bytes(pictures.encode_rgb(image))
    np.testing.assert_array_equal(pictures.read_rgb(path), image)
    np.testing.assert_array_equal(cv2.imread(str(path))[..., ::-1], image)  # red is red for others
    ids = rng.integers(0, 256, (37, 53), dtype=np.uint8)
    path.write_bytes(pictures.encode_ids(ids))
    np.testing.assert_array_equal(pictures.read_ids(path), ids)


def test_depth_comes_back_to_half_a_count(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "x.png"
    depth = rng.uniform(0.001, 0.6, (31, 47)).astype(np.float32)
    depth[3, 4], depth[0, 0], depth[1, 1] = np.nan, 0.7, np.inf
    path.write_bytes(pictures.encode_depth(depth))
    back = pictures.read_depth(path)
    known = np.isfinite(back)
    assert not known[3, 4] and not known[0, 0] and not known[1, 1]  # beyond 655.35 mm: unknown
    assert known.sum() == depth.size - 3
    assert np.abs(back - depth)[known].max() <= 0.5e-5 + 1e-7
    assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED).dtype == np.uint16


def test_flow_comes_back_to_half_a_count_in_the_layout_of_kitti(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    path = tmp_path / "x.png"
    flow = rng.uniform(-40.0, 40.0, (31, 47, 2)).astype(np.float32)
    flow[5, 6] = np.nan
    flow[7, 8, 0] = 600.0
    path.write_bytes(pictures.encode_flow(flow))
    back = pictures.read_flow(path)
    unknown = np.isnan(back).any(-1)
    assert unknown.sum() == 2 and unknown[5, 6] and unknown[7, 8]
    assert np.nanmax(np.abs(back - flow)[~unknown]) <= 0.5 / 64 + 1e-6
    raw = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]  # red, green, blue
    u = (raw[0, 0, 0].astype(float) - 2**15) / 64.0
    assert u == pytest.approx(flow[0, 0, 0], abs=0.5 / 64) and raw[0, 0, 2] == 1


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_text("no picture")
    with pytest.raises(ConfigurationError, match="no readable picture"):
        pictures.read_rgb(path)
