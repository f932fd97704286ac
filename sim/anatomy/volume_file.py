# SPDX-License-Identifier: Apache-2.0
"""Reading a volume: NIfTI, NRRD, MetaImage, or a folder with a DICOM series."""

import locale
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.anatomy.label_names import read_names
from trocar.sim.anatomy.packages import need

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_MOST_LABELS = 300


@dataclass(frozen=True)
class Volume:
    """Voxels [k, j, i] at origin + axes @ (i, j, k): the file's frame (ITK: LPS), metres."""

    values: NDArray[Any]
    axes: Array  # (3, 3) m, columns are the steps of i, j, k
    origin: Array  # (3,) m
    names: dict[int, str]

    @property
    def voxel_volume(self) -> float:
        """m3."""
        return float(abs(np.linalg.det(self.axes)))

    def points(self, index: Array) -> Array:
        """(n, 3) m of indices (n, 3) in the order i, j, k."""
        return index @ self.axes.T + self.origin

    def values_at(self, points: Array) -> NDArray[Any]:
        """(n,) of the nearest voxels; the nearest inside for points outside."""
        index = np.rint(np.linalg.solve(self.axes, (points - self.origin).T)).astype(int)
        i, j, k = (np.clip(x, 0, n - 1) for x, n in zip(index, self.values.shape[::-1]))
        return np.asarray(self.values[k, j, i])

    def labels(self, where: str) -> list[int]:
        """Labels above 0 that have voxels; ConfigurationError where the volume is no labels."""
        values = self.values
        if values.dtype.kind == "f" and not np.array_equal(values, np.rint(values)):
            raise ConfigurationError(_no_labels(where, "its values are not whole numbers"))
        there = np.unique(values)
        if len(there) > _MOST_LABELS or (len(there) and there[0] < 0):
            why = f"it has {len(there)} values from {there[0]:g} to {there[-1]:g}"
            raise ConfigurationError(_no_labels(where, why))
        return [int(value) for value in there if value > 0]


def is_volume(path: Path) -> bool:
    """Whether the name is that of a volume: a folder counts as a DICOM series."""
    return path.is_dir() or path.name.lower().endswith(SUFFIXES)


def read_volume(path: Path, scale: float) -> Volume:
    """A volume whose file counts in units of `scale` m."""
    sitk = need("SimpleITK")
    sitk.ProcessObject_SetGlobalWarningDisplay(False)
    before = locale.setlocale(locale.LC_ALL)
    try:
        image = sitk.ReadImage(_series(path, sitk) if path.is_dir() else str(path))
    except RuntimeError as error:
        raise ConfigurationError(
            f"{path.name}: not readable as a volume: {_last_line(error)}; convert it to NIfTI"
        ) from error
    finally:  # GDCM leaves "C" behind, and with it text files would be ASCII
        locale.setlocale(locale.LC_ALL, before)
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ConfigurationError(
            f"{path.name}: {image.GetDimension()} dimensions and "
            f"{image.GetNumberOfComponentsPerPixel()} values a voxel, allowed 3 and 1; "
            "save it as one label map"
        )
    metadata = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
    direction = np.array(image.GetDirection()).reshape(3, 3)
    return Volume(
        sitk.GetArrayFromImage(image),
        direction * np.array(image.GetSpacing()) * scale,
        np.array(image.GetOrigin()) * scale,
        read_names(path, metadata),
    )


def _series(path: Path, sitk: Any) -> Any:
    found = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(path))
    if not found:
        raise ConfigurationError(f"{path.name}: no DICOM series in this folder; name another")
    if len(found) > 1:
        raise ConfigurationError(
            f"{path.name}: {len(found)} DICOM series in this folder; leave one in it"
        )
    return sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(path), found[0])


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _no_labels(where: str, why: str) -> str:
    return f"{where}: a picture, not labels: {why}; say --threshold LOW HIGH, or label it first"
