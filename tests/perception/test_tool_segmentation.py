# SPDX-License-Identifier: Apache-2.0
"""Chroma: unbiased edges, sheen left out, glints filled, blobs by size."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trocar.perception.interfaces import Segmenter
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.contour import find_steps
from trocar.perception.tool.segmentation import ChromaSegmenter, linear_chroma

TISSUE, STEEL = np.array([0.42, 0.11, 0.09]), np.array([0.12, 0.12, 0.12])


def encode(linear):
    """sRGB codes of linear light."""
    c = np.clip(linear, 0.0, 1.0)
    code = np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055)
    return np.rint(255.0 * code).astype(np.uint8)


def picture(coverage):
    """Steel where coverage (H, W) is 1, tissue where 0, mixed in linear light between."""
    return encode(coverage[..., None] * STEEL + (1.0 - coverage[..., None]) * TISSUE)


def test_is_a_segmenter():
    assert isinstance(ChromaSegmenter(), Segmenter)


@given(st.floats(0.0, 1.0))
def test_chroma_is_linear_in_the_mix(share):
    image = picture(np.full((2, 2), share))
    _, chroma = linear_chroma(image)
    expected = (1.0 - share) * (TISSUE[0] - 0.5 * (TISSUE[1] + TISSUE[2]))
    assert chroma[0, 0] == pytest.approx(expected, abs=0.005)  # half a code


@given(st.floats(-0.5, 0.5))
def test_edges_are_found_without_bias(shift):
    """Exact edge at 9 + shift from grey to red, pixels integrate, lens blurs."""
    fine = np.zeros((1, 20 * 50))
    fine[0, : int(round((9.5 + shift) * 50))] = 1.0
    blurred = cv2.GaussianBlur(fine, (0, 0), 0.7 * 50, borderType=cv2.BORDER_REPLICATE)
    _, chroma = linear_chroma(picture(blurred.reshape(1, 20, 50).mean(axis=2)))
    position, sound = find_steps(chroma.astype(float))
    assert sound[0]
    assert position[0] == pytest.approx(9.0 + shift, abs=0.12)


def test_red_to_grey_and_flat_profiles_are_no_edges():
    _, chroma = linear_chroma(picture(np.vstack([np.arange(20) >= 10, np.zeros(20)]).astype(float)))
    assert not find_steps(chroma.astype(float))[1].any()


def test_sheen_stays_out_and_glints_are_filled():
    cover = np.zeros((240, 320))
    cover[60:140, 40:280] = 1.0
    image = picture(cover)
    image[90:100, 100:140] = 255  # glint on the steel
    image[60:140, 280:310] = 250  # sheen that touches it
    image[180:220, 20:120] = 252  # sheen alone
    mask = ChromaSegmenter().segment(image) > 0
    assert mask[62:138, 42:278].all()
    assert not mask[64:136, 284:308].any()
    assert not mask[175:].any()


def test_small_grey_specks_are_no_instruments():
    cover = np.zeros((240, 320))
    cover[100:120, 100:120] = 1.0
    assert not ChromaSegmenter().segment(picture(cover)).any()
    assert ChromaSegmenter(ToolTrackerConfig(min_blob_px=100)).segment(picture(cover)).any()


def test_pale_fat_is_no_instrument():
    cover = np.zeros((240, 320))
    cover[60:140, 40:200] = 1.0
    image = picture(cover)
    image[150:, :] = encode(np.array([0.55, 0.40, 0.25]))
    analysis = ChromaSegmenter().analyse(image)
    assert analysis.mask[70:130, 50:190].all()
    assert not analysis.mask[160:].any()
