# SPDX-License-Identifier: Apache-2.0
"""Label volumes into tissue: NIfTI, NRRD, DICOM; labels and their names; the abdomen phantom."""

import locale
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from trocar.errors import ConfigurationError
from trocar.sim.anatomy.importer import Request, import_tissue
from trocar.sim.anatomy.label_names import names_file, read_names, write_names
from trocar.sim.anatomy.phantom import NAMES, Abdomen, Capsule, phantom, write_phantom
from trocar.sim.anatomy.volume_file import read_volume
from trocar.sim.anatomy.volume_surface import mask_surface

SPACING = (1.5, 1.0, 2.5)  # mm


def ellipsoids(dtype: type = np.uint8) -> "sitk.Image":
    """Label 1, of 2513 mm3 x 8, and a smaller label 4 beside it; turned and moved in space."""
    z, y, x = np.meshgrid(np.arange(24), np.arange(60), np.arange(60), indexing="ij")
    p = np.stack([x * 1.5, y * 1.0, z * 2.5], -1)
    values = np.zeros(x.shape, dtype=dtype)
    values[(((p - [30, 30, 30]) / [20, 15, 18]) ** 2).sum(-1) < 1] = 1
    values[(((p - [70, 30, 30]) / [10, 12, 12]) ** 2).sum(-1) < 1] = 4
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(SPACING)
    image.SetOrigin((100.0, -50.0, 20.0))
    image.SetDirection((0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0))
    return image


VOLUME = 4.0 / 3.0 * np.pi * 20e-3 * 15e-3 * 18e-3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("volumes")
    for name in ("two.nii.gz", "two.nrrd"):
        sitk.WriteImage(ellipsoids(), str(path / name))
    write_names(path / "two.nii.gz", {1: "liver", 4: "fat"})
    return path


def refused(path: Path, said: str, **more: object) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        import_tissue(Request(path, nodes=200, **more))  # type: ignore[arg-type]
    assert path.name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["two.nii.gz", "two.nrrd"])
def test_a_label_lands_where_its_voxels_are(name: str, folder: Path) -> None:
    done = import_tissue(Request(folder / name, nodes=250, label="1"))
    mesh = done.tissue.mesh
    assert mesh.volume == pytest.approx(VOLUME, rel=0.02)
    # x of the array (30 mm) points along +y of the file's frame, its y along -x
    middle = np.array([100.0 - 30.0, -50.0 + 30.0, 20.0 + 30.0]) * 1e-3
    low, high = mesh.nodes.min(axis=0), mesh.nodes.max(axis=0)
    assert np.allclose((low + high) / 2, middle, atol=0.001)
    assert np.allclose(high - low, [0.030, 0.040, 0.036], atol=0.003)
    assert set(done.tissue.labels.tolist()) == {1}


def test_marching_cubes_keeps_the_volume_of_coarse_voxels(folder: Path) -> None:
    volume = read_volume(folder / "two.nii.gz", 1e-3)
    surface = mask_surface(volume, volume.values == 1, "two")
    assert abs(surface.volume) == pytest.approx(VOLUME, rel=0.02)


def test_names_choose_labels_and_their_materials(folder: Path) -> None:
    done = import_tissue(Request(folder / "two.nii.gz", nodes=200, label="fat"))
    assert done.tissue.names == {4: "fat"} and done.tissue.materials[4].name == "fat"


def test_labels_that_are_not_there_list_those_that_are(folder: Path) -> None:
    path = folder / "two.nii.gz"
    refused(path, r"several are there: 1 \(liver\), 4 \(fat\); say --label")
    refused(path, r"label 3 is empty; there are: 1 \(liver\), 4 \(fat\)", label="3")
    refused(path, r"label spleen is unknown; there are: 1", label="spleen")
    refused(path, "2 separate bodies, the smaller ones .* say --largest", label="all")
    refused(path, "two.nii.gz: --label and --threshold exclude", label="1", threshold=(1.0, 2.0))


def test_an_empty_or_unlabelled_volume_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    def write(values: np.ndarray, name: str) -> Path:
        sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / name))
        return tmp_path / name

    empty = write(np.zeros((8, 8, 8), np.uint8), "empty.nii.gz")
    refused(empty, "every voxel is 0")
    scan = write(rng.normal(size=(8, 8, 8)).astype(np.float32), "ct.nii.gz")
    refused(scan, "a picture, not labels: its values are not whole numbers; say --threshold")
    wide = write(np.arange(512, dtype=np.int16).reshape(8, 8, 8), "wide.nrrd")
    refused(wide, "it has 512 values from 0 to 511")
    refused(wide, "no voxel; its values are 0 to 511", threshold=(600.0, 700.0))
    flat = np.zeros((8, 8, 8), np.uint8)
    flat[4] = 1
    refused(write(flat, "flat.nii.gz"), "too few for a body")
    (tmp_path / "broken.nii.gz").write_bytes(b"no volume")
    refused(tmp_path / "broken.nii.gz", "not readable as a volume")
    (tmp_path / "nothing").mkdir()
    refused(tmp_path / "nothing", "no DICOM series in this folder")
    small = np.zeros((40, 40, 40), np.uint8)
    small[5:35, 5:35, 5:35] = 1
    image = sitk.GetImageFromArray(small)
    image.SetSpacing((0.005, 0.005, 0.005))
    sitk.WriteImage(image, str(tmp_path / "speck.nii.gz"))
    refused(tmp_path / "speck.nii.gz", "0.00015. m across, allowed 0.003 to 1 m; say --units m")


def test_a_dicom_series_is_a_picture_that_a_threshold_makes_a_body(tmp_path: Path) -> None:
    image = ellipsoids(np.int16)
    image = image * 50 + 100  # 100 beside, 150 and 300 inside
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    directions = image.GetDirection()
    for k in range(image.GetDepth()):
        part = image[:, :, k]
        tags = {
            "0020|000e": "1.2.826.0.1.3680043.2.1125.1",
            "0020|000d": "1.2.826.0.1.3680043.2.1125.2",
            "0008|0018": f"1.2.826.0.1.3680043.2.1125.3.{k}",
            "0008|0060": "CT",
            "0020|0032": "\\".join(map(str, image.TransformIndexToPhysicalPoint((0, 0, k)))),
            "0020|0037": "\\".join(str(directions[i]) for i in (0, 3, 6, 1, 4, 7)),
            "0020|0013": str(k),
        }
        for key, value in tags.items():
            part.SetMetaData(key, value)
        writer.SetFileName(str(tmp_path / f"{k:03}.dcm"))
        writer.Execute(part)
    before = locale.setlocale(locale.LC_ALL, "C.UTF-8")
    done = import_tissue(Request(tmp_path, nodes=200, threshold=(120.0, 200.0)))
    assert locale.setlocale(locale.LC_ALL) == before
    assert done.tissue.mesh.volume == pytest.approx(VOLUME, rel=0.02)
    assert done.tissue.names == {1: "threshold 120 to 200"}
    assert done.tissue.mesh.nodes.mean(axis=0) == pytest.approx([0.070, -0.020, 0.050], abs=0.001)


def test_names_stand_beside_the_volume_or_in_a_seg_nrrd(tmp_path: Path) -> None:
    assert names_file(tmp_path / "a.b.nii.gz").name == "a.b.labels.yaml"
    assert names_file(tmp_path / "a.seg.nrrd").name == "a.labels.yaml"
    slicer = {"Segment0_Name": "liver", "Segment0_LabelValue": "2", "Segment0_Color": "1 0 0"}
    assert read_names(tmp_path / "a.seg.nrrd", slicer) == {2: "liver"}
    (tmp_path / "a.labels.yaml").write_text("labels: [liver]")
    with pytest.raises(ConfigurationError, match="a.labels.yaml: labels: expected 'labels: {1:"):
        read_names(tmp_path / "a.nii.gz", {})
    write_names(tmp_path / "a.nii.gz", {1: "x", 2: "x"})
    with pytest.raises(ConfigurationError, match="one name for two labels"):
        read_names(tmp_path / "a.nii.gz", {})


@pytest.fixture(scope="module")
def abdomen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("phantom") / "abdomen.nii.gz"
    write_phantom(path, seed=3, spacing=0.0015)
    return path


@pytest.mark.parametrize("label", ["liver", "gallbladder", "vessels", "all"])
def test_every_label_of_the_phantom_becomes_tissue_that_stands(label: str, abdomen: Path) -> None:
    done = import_tissue(Request(abdomen, nodes=500, label=label)).tissue
    volume = read_volume(abdomen, 1e-3)
    there = [k for k, name in NAMES.items() if label in (name, "all")]
    wanted = np.isin(volume.values, there).sum() * volume.voxel_volume
    assert done.mesh.volume == pytest.approx(wanted, rel=0.03)
    assert done.names == {k: NAMES[k] for k in there}
    assert {m.name for m in done.materials.values()} == {NAMES[k] for k in there}
    assert set(done.labels.tolist()) == set(there)
    body = done.body()
    for _ in range(60):
        body.step()
    moved = np.linalg.norm(body.positions - body.rest, axis=1)
    assert np.isfinite(moved).all() and 1e-7 < moved.max() < 0.03
    assert np.abs(body.velocities).max() < 0.5


def test_labels_of_one_body_fill_as_much_as_their_voxels(abdomen: Path) -> None:
    done = import_tissue(Request(abdomen, nodes=1500, label="liver+gallbladder")).tissue
    volume = read_volume(abdomen, 1e-3)
    e = done.mesh.nodes[done.mesh.tets[:, 1:]] - done.mesh.nodes[done.mesh.tets[:, :1]]
    size = np.linalg.det(e) / 6.0
    wanted = (volume.values == 2).sum() * volume.voxel_volume
    assert size[done.labels == 2].sum() == pytest.approx(wanted, rel=0.15)
    assert len(done.nodes_of(2)) > 50


def test_the_phantom_is_its_seed_and_its_vessels_lie_below_the_surface() -> None:
    values, origin = phantom(5, 0.002)
    assert np.array_equal(values, phantom(5, 0.002)[0])
    assert not np.array_equal(values, phantom(6, 0.002)[0])
    k, j, i = np.nonzero(values == 3)
    p = origin + 0.002 * np.stack([i, j, k], 1)
    assert len(p) > 100 and Abdomen(5).liver_depth(p).min() > 0.004
    edge = np.ones_like(values, dtype=bool)
    edge[1:-1, 1:-1, 1:-1] = False
    assert not values[edge].any()


def test_a_capsule_knows_its_depth() -> None:
    rod = Capsule(np.zeros(3), np.array([0.0, 0.0, 1.0]), 0.1, 0.1)
    found = rod.depth(np.array([[0.0, 0.0, 0.5], [0.3, 0.0, 0.5], [0.0, 0.0, 1.4]]))
    assert found == pytest.approx([0.1, -0.2, -0.3])


@pytest.mark.parametrize(
    ("name", "seed", "spacing", "said"),
    [
        ("a.stl", 0, 0.001, "allowed endings"),
        ("a.nrrd", -1, 0.001, "--seed is -1"),
        ("a.nrrd", 0, 0.1, "--spacing is 100 mm, allowed 0.5 to 4"),
    ],
)
def test_phantoms_out_of_range_are_refused(
    name: str, seed: int, spacing: float, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        write_phantom(tmp_path / name, seed, spacing)
    assert list(tmp_path.iterdir()) == []


def test_a_label_at_the_border_of_its_volume_is_closed_there(tmp_path: Path) -> None:
    values = np.zeros((20, 20, 20), np.uint8)
    values[:, :, :10] = 1
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((2.0, 2.0, 2.0))
    sitk.WriteImage(image, str(tmp_path / "half.mha"))
    done = import_tissue(Request(tmp_path / "half.mha", nodes=200))
    assert done.tissue.mesh.volume == pytest.approx(0.02 * 0.04 * 0.04, rel=0.01)
    assert done.tissue.names == {1: "label_1"}
