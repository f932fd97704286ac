# SPDX-License-Identifier: Apache-2.0
"""The contact sheet of a data set: frames chosen by its seed, each beside its labels."""

import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.sim.dataset.folder import sequence_name
from trocar.sim.dataset.pictures import encode_rgb, read_ids, read_rgb

TILES, COLUMNS = 12, 3
_WIDTH = 320  # px of each picture
# shaft, wrist, jaws; the second instrument's the same, darker; then objects
_COLOURS = np.array([[60, 160, 255], [255, 170, 40], [70, 230, 110], [200, 90, 255]], float)
Picture = NDArray[np.uint8]


def sheet_png(folder: Path, sequences: int, frames: int, seed: int) -> bytes:
    """PNG of up to 12 frames of a data set; as far as pictures of it were delivered."""
    rng = np.random.default_rng([seed, 15])
    tiles = []
    order = rng.permutation(sequences)
    turns = [rng.permutation(frames) for _ in range(min(TILES, sequences))]  # no frame twice
    for i in range(min(TILES, sequences * frames)):
        place = i % sequences
        index, frame = int(order[place]), int(turns[place][i // sequences])
        path = folder / sequence_name(index)
        if (path / f"left/{frame:06d}.png").is_file():
            tiles.append(_tile(path, frame, f"{index}:{frame}"))
    while len(tiles) % COLUMNS and tiles:
        tiles.append(np.full_like(tiles[0], 255))
    if not tiles:
        return encode_rgb(np.full((32, 32, 3), 255, np.uint8))
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    return encode_rgb(np.vstack(rows))


def _tile(path: Path, frame: int, label: str) -> Picture:
    picture = read_rgb(path / f"left/{frame:06d}.png")
    part, instance = (
        read_ids(path / f"{kind}_left/{frame:06d}.png") for kind in ("part", "instance")
    )
    labelled = _tinted(picture, part, instance)
    width = picture.shape[1]
    radius = max(1, width // 160)
    for row in _rows(path / "truth.csv", frame):
        if row["visible"] == "1":
            _dot(labelled, float(row["u"]), float(row["v"]), radius, (255, 255, 0))
    for row in _rows(path / "keypoints.csv", frame):
        if row["visible_left"] == "1":
            _dot(labelled, float(row["u_left"]), float(row["v_left"]), radius, (255, 255, 255))
    height = round(picture.shape[0] * _WIDTH / width)
    both = np.hstack(
        [cv2.resize(p, (_WIDTH, height), interpolation=cv2.INTER_AREA) for p in (picture, labelled)]
    )
    cv2.putText(both, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1)
    return np.asarray(both, np.uint8)


def _tinted(picture: Picture, part: Picture, instance: Picture) -> Picture:
    """The picture, grey, under the colours of its labels."""
    grey = picture.mean(axis=2, keepdims=True).repeat(3, axis=2)
    colour = _COLOURS[np.clip(part.astype(int) - 1, 0, 2)]
    colour[instance >= 100] = _COLOURS[3]
    share = np.where(instance == 0, 0.0, np.where(instance == 1, 0.65, 0.45))[..., None]
    return np.asarray(np.round(grey * (1.0 - share) + colour * share), np.uint8)


def _dot(image: Picture, u: float, v: float, radius: int, colour: tuple[int, int, int]) -> None:
    cv2.circle(image, (round(u), round(v)), radius, colour, -1)


def _rows(path: Path, frame: int) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["frame"] == str(frame)]
