# SPDX-License-Identifier: Apache-2.0
"""Surfaces from files into tissue: kinds, units, what is refused and in which words."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar.errors import ConfigurationError, MissingDependencyError
from trocar.sim.anatomy import packages
from trocar.sim.anatomy.crossings import crossings
from trocar.sim.anatomy.importer import Imported, Request, import_tissue
from trocar.sim.anatomy.materials import Material, material, materials
from trocar.sim.anatomy.smoothing import decimated, smoothed
from trocar.sim.anatomy.surface import Surface
from trocar.sim.anatomy.surface_check import checked
from trocar.sim.anatomy.tissue_file import check_folder, load_tissue, write_tissue

BALL = 4.0 / 3.0 * np.pi * 0.03**3  # m3


def ball(
    radius: float = 30.0, at: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> "trimesh.Trimesh":
    mesh = trimesh.creation.icosphere(subdivisions=3, radius=radius)
    mesh.apply_translation(at)
    return mesh


def surface(mesh: "trimesh.Trimesh") -> Surface:
    return Surface(np.array(mesh.vertices), np.array(mesh.faces, dtype=np.int64))


def saved(mesh: "trimesh.Trimesh", path: Path) -> Path:
    mesh.export(str(path))
    return path


def refused(path: Path, said: str, **more: object) -> str:
    with pytest.raises(ConfigurationError, match=said) as caught:
        import_tissue(Request(path, nodes=200, **more))  # type: ignore[arg-type]
    message = str(caught.value)
    assert path.name in message and "\n" not in message
    return message


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    path = saved(ball(), tmp_path_factory.mktemp("import") / "ball.stl")
    return import_tissue(Request(path, nodes=300, material=material("fat")))


def test_a_ball_keeps_its_volume_and_its_card_says_where_it_is_from(made: Imported) -> None:
    card = made.tissue.card
    assert card["mesh"]["volume_m3"] == pytest.approx(BALL, rel=0.02)
    assert card["source"]["file"] == "ball.stl" and len(card["source"]["sha256"]) == 64
    assert card["source"]["units"] == "mm" and card["name"] == "ball"
    assert card["mesh"]["nodes"] == len(made.tissue.mesh.nodes) == pytest.approx(300, rel=0.2)
    assert card["mesh"]["min_dihedral_deg"] > 8.0
    assert made.tissue.names == {1: "ball"} and made.tissue.materials[1].name == "fat"


def test_a_written_tissue_is_loaded_by_one_call_and_steps(made: Imported, tmp_path: Path) -> None:
    write_tissue(tmp_path / "ball", made.tissue, b"png")
    read = load_tissue(tmp_path / "ball")
    assert np.array_equal(read.mesh.nodes, made.tissue.mesh.nodes)
    assert np.array_equal(read.mesh.tets, made.tissue.mesh.tets)
    assert read.names == made.tissue.names and read.materials == made.tissue.materials
    assert read.card == made.tissue.card
    body = read.body()
    for _ in range(60):
        body.step()
    moved = np.linalg.norm(body.positions - body.rest, axis=1).max()
    assert 1e-4 < moved < 0.03 and len(body.anchors) > 0


def test_an_import_is_replaced_and_anything_else_is_not(made: Imported, tmp_path: Path) -> None:
    out = tmp_path / "ball"
    for _ in range(2):
        write_tissue(out, made.tissue)
    assert [p.name for p in tmp_path.iterdir()] == ["ball"]
    (out / "notes.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="holds notes.txt; name a new folder"):
        write_tissue(out, made.tissue)
    with pytest.raises(ConfigurationError, match="is a file"):
        check_folder(out / "notes.txt")


def test_nothing_is_left_where_writing_is_interrupted(
    made: Imported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_tissue(tmp_path / "ball", made.tissue)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_folder_is_said(made: Imported, tmp_path: Path) -> None:
    out = tmp_path / "ball"
    with pytest.raises(ConfigurationError, match="no imported tissue"):
        load_tissue(out)
    write_tissue(out, made.tissue)
    card = (out / "tissue.yaml").read_text()
    (out / "tissue.npz").write_bytes(b"other")
    with pytest.raises(ConfigurationError, match="not the mesh of its card; import it again"):
        load_tissue(out)
    for old, new, said in (
        ("version: 1", "version: 9", "version is 9, allowed 1"),
        ("format: trocar tissue", "format: x", "format is not 'trocar tissue'"),
    ):
        (out / "tissue.yaml").write_text(card.replace(old, new))
        with pytest.raises(ConfigurationError, match=said):
            load_tissue(out)


@pytest.mark.parametrize("suffix", ["obj", "ply"])
def test_other_files_and_metres_give_the_same_body(suffix: str, tmp_path: Path) -> None:
    path = saved(ball(0.03), tmp_path / f"ball.{suffix}")
    done = import_tissue(Request(path, nodes=200, units="m"))
    assert done.tissue.mesh.volume == pytest.approx(BALL, rel=0.02)
    assert done.tissue.materials[1].name == "liver"  # the default


def test_a_surface_with_holes_is_refused_with_their_edges(tmp_path: Path) -> None:
    mesh = ball()
    mesh.update_faces(np.arange(len(mesh.faces)) > 0)
    message = refused(saved(mesh, tmp_path / "open.stl"), "3 boundary edges")
    assert "repair" in message


def test_bodies_through_each_other_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = trimesh.util.concatenate([ball(), ball(at=(25.0, 3.0, 1.0))])
    refused(saved(both, tmp_path / "both.stl"), "pairs of faces cross each other")
    assert crossings(surface(ball())) == 0
    monkeypatch.setattr("trocar.sim.anatomy.crossings._MOST_PAIRS", 100)
    assert crossings(surface(ball())) is None
    done = import_tissue(Request(saved(ball(), tmp_path / "one.stl"), nodes=100))
    assert "none were sought" in done.remarks[0]


def test_units_that_cannot_be_right_are_refused_with_those_that_could(tmp_path: Path) -> None:
    path = saved(ball(75.0), tmp_path / "organ.stl")  # 150 mm
    refused(path, "units: with --units m the body is 150 m across.*say --units mm", units="m")
    path = saved(ball(0.075), tmp_path / "tiny.stl")  # 150 mm in m
    refused(path, "is 0.00015 m across, allowed 0.003 to 1 m; say --units m")
    path = saved(ball(7500.0), tmp_path / "whale.stl")
    refused(path, "15 m across.*scale the file")


def test_several_bodies_specks_go_with_a_remark_larger_ones_need_a_word(tmp_path: Path) -> None:
    two = trimesh.util.concatenate([ball(), ball(20.0, (100.0, 0.0, 0.0))])
    path = saved(two, tmp_path / "two.stl")
    refused(path, "2 separate bodies, the smaller ones 23 % of the volume; say --largest")
    done = import_tissue(Request(path, nodes=200, largest_only=True))
    assert done.tissue.mesh.volume == pytest.approx(BALL, rel=0.02)
    speck = trimesh.util.concatenate([ball(), ball(3.0, (100.0, 0.0, 0.0))])
    done = import_tissue(Request(saved(speck, tmp_path / "speck.stl"), nodes=200))
    assert "left out: 1 smaller bodies" in done.remarks[0]


def test_a_cavity_stays(tmp_path: Path) -> None:
    hole = ball(20.0)
    hole.invert()
    path = saved(trimesh.util.concatenate([ball(), hole]), tmp_path / "shell.stl")
    done = import_tissue(Request(path, nodes=1000))
    assert done.tissue.mesh.volume == pytest.approx(BALL * (1 - (2 / 3) ** 3), rel=0.02)
    assert np.linalg.norm(done.tissue.mesh.nodes, axis=1).min() > 0.017


def test_files_that_cannot_be_read_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.stl").write_bytes(b"nothing of the kind")
    (tmp_path / "bad.ply").write_bytes(b"ply\nnonsense")
    (tmp_path / "cloud.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\n")
    (tmp_path / "scan.step").write_text("x")
    refused(tmp_path / "bad.stl", "not readable as STL|no faces")
    refused(tmp_path / "bad.ply", "not readable as PLY|no faces")
    refused(tmp_path / "cloud.obj", "not readable as OBJ|no faces")
    refused(tmp_path / "scan.step", "not a kind that is read: .stl, .obj, .ply, .nii")
    refused(tmp_path / "none.stl", "no such file")
    (tmp_path / "nan.obj").write_text("v 0 0 0\nv nan 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\n")
    refused(tmp_path / "nan.obj", "1 vertices are not finite, the first is number 1")
    refused(saved(ball(), tmp_path / "ball.stl"), "a surface has no labels", label="1")


@pytest.mark.parametrize(
    ("more", "said"),
    [({"nodes": 3}, "--nodes is 3, allowed 50"), ({"units": "cm"}, "--units is cm, allowed mm or")],
)
def test_requests_out_of_range_are_refused(more: dict, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=said):
        import_tissue(Request(tmp_path / "x.stl", **more))


def test_materials_have_sources_and_unknown_ones_name_those_there_are() -> None:
    assert {"liver", "gallbladder", "vessels", "fat", "silicone"} <= set(materials())
    assert all(len(m.source) > 20 and 1e3 < m.young < 1e6 for m in materials().values())
    with pytest.raises(ConfigurationError, match="unknown material cheese; valid: liver, gall"):
        material("cheese")
    with pytest.raises(ConfigurationError, match="material soup: .*poisson"):
        Material("soup", 1e3, 0.6, 1e3, "none")


def test_a_missing_package_is_said_with_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(packages._PIP, "no_such_module", "no-such")
    with pytest.raises(MissingDependencyError, match="no-such is not installed; type: .*pip inst"):
        packages.need("no_such_module")


def test_smoothing_and_thinning_keep_the_volume_and_the_surface_closed() -> None:
    rough = ball()
    rough.vertices += np.random.default_rng(0).normal(scale=0.3, size=rough.vertices.shape)
    smooth = smoothed(surface(rough))
    spread = np.std(np.linalg.norm(smooth.vertices, axis=1))
    assert spread < 0.4 * np.std(np.linalg.norm(rough.vertices, axis=1))
    assert smooth.volume == pytest.approx(BALL * 1e9, rel=0.02)
    thin = decimated(smooth, 400)
    assert len(thin.faces) <= 420
    assert checked(thin, "thin").volume == pytest.approx(smooth.volume, rel=0.02)


def test_an_imported_column_hangs_as_long_as_theory_says(tmp_path: Path) -> None:
    rod = trimesh.creation.cylinder(radius=15.0, height=100.0, sections=48)
    path = saved(rod.subdivide().subdivide(), tmp_path / "rod.stl")
    solid = Material("rod", 20e3, 0.3, 1000.0, "chosen")
    done = import_tissue(Request(path, nodes=400, material=solid)).tissue
    z = done.mesh.nodes[:, 2]
    held = np.flatnonzero(z > z.max() - 0.008)  # past the rim, which the lattice rounds off
    body = done.body(anchors=held)
    length = z[held].min() - z.min()
    for _ in range(240):
        body.step()
    stretch = z.min() - body.positions[:, 2].min()
    theory = 1000.0 * 9.81 * length**2 / (2.0 * 20e3)  # rho g L^2 / 2 E
    assert stretch == pytest.approx(theory, rel=0.1)


def test_a_surface_with_one_side_is_refused() -> None:
    n = 24  # a Klein bottle in its figure-8 shape: closed, without an inside
    u, v = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    a, b = u * 2 * np.pi / n, v * 2 * np.pi / n
    r = 2.0 + np.cos(a / 2) * np.sin(b) - np.sin(a / 2) * np.sin(2 * b)
    z = np.sin(a / 2) * np.sin(b) + np.cos(a / 2) * np.sin(2 * b)
    x = np.stack([r * np.cos(a), r * np.sin(a), z], -1).reshape(-1, 3)

    def number(i: np.ndarray, j: np.ndarray) -> np.ndarray:  # once around, v comes back mirrored
        j = np.where(i == n, -j, j) % n
        return (i % n) * n + j

    i, j = u.ravel(), v.ravel()
    p, q, s, t = number(i, j), number(i + 1, j), number(i + 1, j + 1), number(i, j + 1)
    faces = np.concatenate([np.stack([p, q, s], 1), np.stack([p, s, t], 1)])
    x += np.random.default_rng(0).normal(scale=1e-4, size=x.shape)  # no two vertices are equal
    with pytest.raises(ConfigurationError, match="bottle: the surface has one side only"):
        checked(Surface(x, faces), "bottle")


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_a_damaged_surface_is_refused_in_one_line_or_becomes_sound_tissue(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mesh = trimesh.creation.icosphere(subdivisions=2, radius=30.0)
    x, f = np.array(mesh.vertices), np.array(mesh.faces)
    harm = rng.integers(0, 6)
    if harm == 1:
        f = np.delete(f, rng.integers(0, len(f), 2), axis=0)
    elif harm == 2:
        x = x + rng.normal(scale=rng.choice([0.5, 3.0, 15.0]), size=x.shape)
    elif harm == 3:
        x = x * np.exp(rng.normal(scale=1.5, size=3))
    elif harm == 4:
        x[rng.integers(0, len(x), 5)] = x[0]
    elif harm == 5:
        f = np.concatenate([f, f[:1, ::-1]])
    with tempfile.TemporaryDirectory() as folder:
        path = saved(trimesh.Trimesh(x, f, process=False), Path(folder) / "hurt.ply")
        try:
            done = import_tissue(Request(path, nodes=120))
        except ConfigurationError as error:
            assert "hurt.ply" in str(error) and "\n" not in str(error)
            return
    found = done.tissue.card["mesh"]
    assert found["volume_m3"] == pytest.approx(found["source_volume_m3"], rel=0.03)
    assert found["min_dihedral_deg"] > 4.0
