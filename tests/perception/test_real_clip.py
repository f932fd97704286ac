# SPDX-License-Identifier: Apache-2.0
"""The real stereo clip named by TROCAR_ENDOSCOPY_DATA; no truth exists, only consistency."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from trocar.camera import Intrinsics, StereoRig
from trocar.estimates import PointState, StereoFrame
from trocar.geometry import inverse, make_transform
from trocar.perception.images import to_grey
from trocar.perception.pipeline import Pipeline, PipelineConfig
from trocar.perception.rectify import scale_intrinsics
from trocar.perception.tissue.flow import track_back_checked
from trocar.site import Site

FOLDER = Path(os.environ.get("TROCAR_ENDOSCOPY_DATA", "/nonexistent"))
CLIP = FOLDER / "porcine_stereo.mp4"
pytestmark = pytest.mark.skipif(
    not CLIP.is_file(), reason="set TROCAR_ENDOSCOPY_DATA to the folder of porcine_stereo.mp4"
)
SIZE = (640, 512)


def load_rig():
    node = cv2.FileStorage(str(FOLDER / "porcine_stereo_calibration.yaml"), cv2.FILE_STORAGE_READ)
    M1, D1, M2, D2, R, T = (node.getNode(key).mat() for key in ("M1", "D1", "M2", "D2", "R", "T"))

    def eye(M, D):
        full = Intrinsics(1280, 1024, M[0, 0], M[1, 1], M[0, 2], M[1, 2], tuple(D.ravel()[:5]))
        return scale_intrinsics(full, *SIZE)

    T_right_left = make_transform(R, T.ravel() * 1e-3)
    return StereoRig(eye(M1, D1), eye(M2, D2), inverse(T_right_left))


def load_frames():
    video, frames = cv2.VideoCapture(str(CLIP)), []
    while (picture := video.read()[1]) is not None:
        rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        halves = (rgb[:, : rgb.shape[1] // 2], rgb[:, rgb.shape[1] // 2 :])
        eyes = [cv2.resize(half, SIZE, interpolation=cv2.INTER_AREA) for half in halves]
        frames.append(StereoFrame(len(frames) * 40_000_000 + 1, *eyes))
    return frames


def test_points_stay_on_their_rows_and_in_front_of_the_camera():
    rig, frames = load_rig(), load_frames()
    pipeline = Pipeline(Site(rig, {}), PipelineConfig(arm=None))
    results = [pipeline.process(frame, None) for frame in frames]
    last = results[-1].points
    rows = (last.state == PointState.VISIBLE) & np.isfinite(last.p_camera[:, 2])
    print(f"{rows.sum()} points, depth median {np.median(last.p_camera[rows, 2]) * 1e3:.1f} mm")
    assert rows.sum() > 150
    rectified = pipeline.rectifier.rectify(frames[-1])
    left = pipeline.rectifier.to_rectified(last.uv_left[rows])
    guess = pipeline.rectifier.to_rectified(last.uv_right[rows], "right")
    greys = to_grey(rectified.left_rgb), to_grey(rectified.right_rgb)
    right, error = track_back_checked(*greys, left, guess, 15, 0, 15)
    vertical = np.abs(left - right)[error < 0.5, 1]
    print(f"vertical residual {np.median(vertical):.2f} px median")
    assert len(vertical) > 100 and np.median(vertical) < 0.3  # an unrectified pair: pixels
    depth = last.p_camera[rows, 2]
    assert 0.02 < np.percentile(depth, 5) and np.percentile(depth, 95) < 0.25
    born = set(results[0].points.ids.tolist())
    assert len(born & set(last.ids[rows].tolist())) > 0.6 * len(born)
    assert results[-1].target is not None
