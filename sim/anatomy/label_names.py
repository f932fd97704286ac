# SPDX-License-Identifier: Apache-2.0
"""Which label has which name: a YAML file beside the volume, or the segments of a seg.nrrd."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from trocar.errors import ConfigurationError

_LISTED = 12  # labels at most in a message
_DOUBLE = (".nii.gz", ".seg.nrrd")


def names_file(volume: Path) -> Path:
    """Where the names of a volume stand: liver.nii.gz -> liver.labels.yaml."""
    name = volume.name
    suffix = next((s for s in _DOUBLE if name.lower().endswith(s)), volume.suffix)
    return volume.with_name(name[: len(name) - len(suffix)] + ".labels.yaml")


def write_names(volume: Path, names: dict[int, str]) -> None:
    """Write the names beside a volume."""
    names_file(volume).write_text(yaml.safe_dump({"labels": names}, sort_keys=True))


def read_names(volume: Path, metadata: dict[str, str]) -> dict[int, str]:
    """Label -> name; empty where nothing says so."""
    path = names_file(volume)
    if not path.is_file():
        return _segments(metadata)
    try:
        labels = yaml.safe_load(path.read_text())["labels"]
        names = {int(label): str(name) for label, name in labels.items()}
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(
            f"{path.name}: labels: expected 'labels: {{1: liver, 2: gallbladder}}'; "
            f"mend or remove the file ({type(error).__name__})"
        ) from error
    if len(set(names.values())) < len(names):
        raise ConfigurationError(f"{path.name}: labels: one name for two labels; give each its own")
    return names


def chosen_labels(
    wanted: str | None, there: Iterable[int], names: dict[int, str], where: str
) -> list[int]:
    """Numbers of `wanted`: a number or name, several joined by +, or all."""
    found = sorted(there)
    listed = ", ".join(f"{k} ({names[k]})" if k in names else str(k) for k in found[:_LISTED])
    if len(found) > _LISTED:
        listed += f" and {len(found) - _LISTED} more (if it is a picture: --threshold LOW HIGH)"
    if not found:
        raise ConfigurationError(f"{where}: label: every voxel is 0; nothing has been labelled")
    if wanted is None:
        if len(found) == 1:
            return found
        raise ConfigurationError(f"{where}: label: several are there: {listed}; say --label")
    if wanted == "all":
        return found
    numbers = {name: k for k, name in names.items()}
    chosen = []
    for word in wanted.split("+"):
        number = int(word) if word.isdecimal() else numbers.get(word)
        if number is None or number not in found:
            what = "is empty" if number is not None else "is unknown"
            raise ConfigurationError(f"{where}: label {word} {what}; there are: {listed}")
        chosen.append(number)
    return sorted(set(chosen))


def _segments(metadata: dict[str, str]) -> dict[int, str]:
    """The names that 3D Slicer writes into a seg.nrrd."""
    names = {}
    for key, value in metadata.items():
        if key.startswith("Segment") and key.endswith("_LabelValue") and value.isdecimal():
            names[int(value)] = metadata.get(key.replace("_LabelValue", "_Name"), value)
    return names
