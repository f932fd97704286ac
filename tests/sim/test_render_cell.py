# SPDX-License-Identifier: Apache-2.0
"""A whole cell in the picture: both arms, objects, soft bodies and a camera that an ECM carries."""

import dataclasses

import numpy as np
import pytest

from trocar.errors import ConfigurationError, MissingDependencyError
from trocar.geometry import exp_so3, inverse, make_transform, transform_points
from trocar.sim.anatomy.surface import outer_faces
from trocar.sim.anatomy.tissue_file import Tissue
from trocar.sim.objects.spec import ObjectSpec
from trocar.sim.render.cast import Cast, instruments, mask_offsets
from trocar.sim.render.effects import Effects
from trocar.sim.render.frame import EyeTruth
from trocar.sim.render.mesh import box
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.organs import TINTS, organ_tints
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.render.room import RoomView
from trocar.sim.render.soft_surface import FLESH, DrawnSurface, SoftSurface
from trocar.sim.render.tiny import TinyEndoscope
from trocar.sim.scene import load_scene
from trocar.sim.snapshot import CellSnapshot, Passing
from trocar.sim.soft.bodies import bottom_nodes, soft_tissue
from trocar.sim.soft.tet_mesh import block
from trocar.sim.truth import Truth

FOLLOW = load_scene("follow")
SMALL = RenderOptions(texture_size=256)
MIRROR = np.array([-1.0, 1.0, 1.0, -1.0, 1.0, -1.0, 1.0])  # PSM2 stands as PSM1 in a mirror
AWAY = np.array([0.0, 0.9, 0.06, 0.0, 0.0, 0.0, 0.0])
ECM_Q = np.array([0.1, -0.2, 0.08, 0.05])
SIZE = np.array([0.018, 0.012, 0.008])
T_BOX = make_transform(exp_so3([0.4, -0.7, 0.3]), [0.004, 0.006, 0.02])


@dataclasses.dataclass(frozen=True)
class Brick:
    """A stand-in for `objects.shape.Shape`: what the renderer looks at."""

    mesh = box(SIZE.tolist())
    colour = (0.2, 0.5, 0.2)
    accent = (0.2, 0.5, 0.2)
    gloss = 0.4


def scene_of(*arms, q=None):
    first = FOLLOW.initial_q["PSM1"] if q is None else q
    values = {"PSM1": first, "PSM2": first * MIRROR, "ECM": ECM_Q}
    return dataclasses.replace(FOLLOW, initial_q={arm: values[arm] for arm in arms})


def renderer(scene, options=SMALL, **cast):
    try:
        made = dataclasses.replace(Cast.of(scene, 3), **cast)
        return EndoscopeRenderer(scene.rig, made, 3, options)
    except MissingDependencyError as error:
        pytest.skip(str(error))


def rays(T_world_eye, eye):
    """Origin and directions (H, W, 3) in world, each with unit depth along the optical axis."""
    u, v = np.meshgrid(np.arange(eye.width), np.arange(eye.height))
    d = eye.unproject(np.stack([u, v], -1), np.ones(u.shape)) @ T_world_eye[:3, :3].T
    return T_world_eye[:3, 3], d


def ray_box(origin, directions, T_world_box, size):
    """Depth (H, W) of the first hit of a box, NaN where missed (slab method)."""
    T = inverse(T_world_box)
    o, d = transform_points(T, origin), directions @ T[:3, :3].T
    a, b = (-0.5 * size - o) / d, (0.5 * size - o) / d
    near, far = np.minimum(a, b).max(-1), np.maximum(a, b).min(-1)
    return np.where(near <= far, near, np.nan)


def test_mask_ids_are_those_of_the_contract():
    assert mask_offsets(["PSM1"]) == {"PSM1": 0, "passing": 10}
    assert mask_offsets(["PSM1", "PSM2"]) == {"PSM1": 0, "PSM2": 10, "passing": 20}
    assert mask_offsets(["PSM1", "PSM2", "PSM3"])["passing"] == 30
    assert mask_offsets(["PSM2"]) == {"PSM2": 10, "passing": 20}
    mask = np.array([[0, 1, 3, 11, 22, 100, 107]], np.uint8)
    truth = EyeTruth(np.zeros(mask.shape, np.float32), mask)
    assert truth.instance.tolist() == [[0, 1, 1, 2, 3, 100, 107]]
    assert truth.part.tolist() == [[0, 1, 3, 1, 2, 0, 0]]


def test_more_things_than_mask_ids_are_refused():
    cast = Cast.of(FOLLOW, 0)
    with pytest.raises(ConfigurationError, match="at most 156 have a mask id"):
        dataclasses.replace(cast, objects={str(i): Brick() for i in range(157)})


def test_both_arms_and_the_passing_instrument_have_masks_of_their_own():
    scene = scene_of("PSM1", "PSM2")
    r = renderer(scene)
    rest = scene.at_rest()
    T_passing = make_transform(exp_so3([np.pi, 0.0, 0.0]), [0.0, -0.012, 0.02])
    crowded = dataclasses.replace(rest, passing=Passing(T_passing, 0.2))
    both, three = (r.render(s, 0, truth=True).left for s in (rest, crowded))
    assert {1, 2, 3, 11, 12, 13} <= set(np.unique(both.mask)) and not (both.mask > 13).any()
    assert {21, 22, 23} & set(np.unique(three.mask))
    # PSM2's parts are where its own true base and joints say: its wrist's pixel shows its wrist.
    for arm, ids in (("PSM1", (1, 4)), ("PSM2", (11, 14))):
        points = Truth(scene, 3, arm).keypoints(rest)
        u, v = np.round(points.uv_left[points.names.index("wrist_pitch")]).astype(int)
        assert ids[0] <= both.mask[v, u] < ids[1]
    r.close()


def test_another_cell_of_the_scene_needs_no_other_renderer():
    scene = scene_of("PSM1", "PSM2")
    r, rest = renderer(scene), scene.at_rest()
    before = r.render(rest, 0, truth=True).left.mask
    r.set_bases(scene.realise(8).T_world_base)
    changed = r.render(rest, 0, truth=True).left.mask
    r.close()
    other = EndoscopeRenderer(scene.rig, Cast.of(scene, 8), 3, SMALL)
    np.testing.assert_array_equal(changed, other.render(rest, 0, truth=True).left.mask)
    with pytest.raises(ValueError, match="no base of PSM2"):
        other.set_bases({"PSM1": np.eye(4)})
    other.close()
    assert (before != changed).mean() > 0.01


@pytest.mark.parametrize("q_ecm", [ECM_Q, ECM_Q + [0.06, -0.05, 0.01, 0.3]])
def test_an_object_agrees_with_rays_from_a_camera_that_the_ecm_has_moved(q_ecm):
    scene = scene_of("PSM1", "ECM", q=AWAY)
    r = renderer(scene, objects={"brick": Brick()})
    snapshot = CellSnapshot(0.0, {"PSM1": AWAY, "ECM": q_ecm}, None, {"brick": T_BOX})
    frame = r.render(snapshot, 0, truth=True)
    r.close()
    T_world_camera = scene.camera_pose(snapshot)
    moved = np.linalg.norm(T_world_camera - scene.T_world_camera)
    assert (moved < 1e-9) == (q_ecm is ECM_Q)
    for drawn, eye, T_left_eye in (
        (frame.left, scene.rig.left, np.eye(4)),
        (frame.right, scene.rig.right, scene.rig.T_left_right),
    ):
        expected = ray_box(*rays(T_world_camera @ T_left_eye, eye), T_BOX, SIZE)
        true, seen = np.isfinite(expected), drawn.mask == 100
        assert true.sum() > 5000
        assert (true & seen).sum() / (true | seen).sum() > 0.999
        error = np.abs(drawn.depth - expected)[true & seen]
        assert np.percentile(error, 95) < 1e-6


def test_flow_of_a_moving_object_under_a_moving_camera_is_its_own():
    """Unproject each pixel of the box, carry it along, project it again: the flow, to the float."""
    scene = scene_of("PSM1", "ECM", q=AWAY)
    r = renderer(scene, objects={"brick": Brick()})
    T_then = T_BOX @ make_transform(exp_so3([0.02, 0.01, -0.03]), [0.001, -0.0005, 0.0004])
    now = CellSnapshot(0.0, {"PSM1": AWAY, "ECM": ECM_Q}, None, {"brick": T_BOX})
    then = CellSnapshot(
        0.1, {"PSM1": AWAY, "ECM": ECM_Q + [0.01, 0.02, 0.002, 0.0]}, None, {"brick": T_then}
    )
    truth = r.render(now, 0, truth=True, neighbour=then).left
    r.close()
    eye = scene.rig.left
    v, u = np.nonzero(truth.mask == 100)
    p = transform_points(
        scene.camera_pose(now), eye.unproject(np.stack([u, v], -1), truth.depth[v, u])
    )
    carried = transform_points(inverse(scene.camera_pose(then)) @ T_then @ inverse(T_BOX), p)
    expected = eye.project(carried) - np.stack([u, v], -1)
    error = np.linalg.norm(truth.flow[v, u] - expected, axis=1)
    assert np.linalg.norm(expected, axis=1).min() > 1.0
    assert np.percentile(error, 99) < 0.01  # px


def test_an_object_lies_in_the_shadow_of_a_tool_and_not_in_its_own():
    scene = scene_of("PSM1")
    quiet = dataclasses.replace(SMALL, read_noise=0.0, shot_noise=0.0, soft=False)
    dark = dataclasses.replace(quiet, effects=Effects(shadow=1.0))
    plate = dataclasses.make_dataclass(
        "Plate", [], namespace={**vars(Brick), "mesh": box([0.08, 0.06, 0.002])}
    )
    r = renderer(scene, objects={"plate": plate()})
    for q, least, most in ((scene.initial_q["PSM1"], 300, 20000), (AWAY, 0, 30)):
        snapshot = CellSnapshot(0.0, {"PSM1": q}, None, {"plate": np.eye(4)})
        r.options = quiet
        plain = r.render(snapshot, 0, truth=True)
        r.options = dark
        shaded = r.render(snapshot, 0).stereo.left_rgb
        lost = plain.stereo.left_rgb.astype(int).sum(-1) - shaded.astype(int).sum(-1)
        assert least <= (lost[plain.left.mask == 100] > 20).sum() <= most
    r.close()


def bent(nodes, amount):
    """A shear and a stretch: planes stay planes, so that rays have a closed form."""
    return nodes @ np.array([[1.0 + amount, 0.0, 0.0], [amount, 1.0, amount], [0.0, 0.0, 1.0]])


def test_a_soft_body_is_drawn_where_its_nodes_are_and_flows_with_them():
    scene = scene_of("PSM1", q=AWAY)
    mesh = block((4, 3, 2), (0.03, 0.02, 0.006))
    nodes = mesh.nodes + [0.0, 0.0, 0.012]
    body = SoftSurface.of(nodes, outer_faces(mesh))
    r = renderer(scene, soft={"flap": body})
    now = CellSnapshot(0.0, {"PSM1": AWAY}, soft={"flap": bent(nodes, 0.15)})
    then = CellSnapshot(0.1, {"PSM1": AWAY}, soft={"flap": bent(nodes, 0.25)})
    frame = r.render(now, 0, truth=True, neighbour=then)
    again = r.render(now, 0, truth=True, neighbour=then)
    r.close()
    np.testing.assert_array_equal(frame.stereo.left_rgb, again.stereo.left_rgb)
    A, B = bent(np.eye(3), 0.15), bent(np.eye(3), 0.25)
    rig = scene.rig
    for drawn, eye, T_left_eye in (
        (frame.left, rig.left, np.eye(4)),
        (frame.right, rig.right, rig.T_left_right),
    ):
        T_world_eye = scene.T_world_camera @ T_left_eye
        origin, d = rays(T_world_eye, eye)
        # The bent block is a box after the inverse map, which keeps the ray's parameter.
        back = np.linalg.inv(A)
        centre = np.array([0.0, 0.0, 0.009])
        a, b = (
            (s * np.array([0.015, 0.01, 0.003]) + centre - origin @ back) / (d @ back)
            for s in (-1, 1)
        )
        near, far = np.minimum(a, b).max(-1), np.maximum(a, b).min(-1)
        expected = np.where(near <= far, near, np.nan)
        true, seen = np.isfinite(expected), drawn.mask == 100
        assert true.sum() > 10000
        assert (true & seen).sum() / (true | seen).sum() > 0.999
        assert np.percentile(np.abs(drawn.depth - expected)[true & seen], 95) < 1e-6
        v, u = np.nonzero(true & seen)
        p = transform_points(T_world_eye, eye.unproject(np.stack([u, v], -1), drawn.depth[v, u]))
        uv = eye.project(transform_points(inverse(T_world_eye), p @ back @ B))
        error = np.linalg.norm(drawn.flow[v, u] - (uv - np.stack([u, v], -1)), axis=1)
        assert np.percentile(error, 99) < 0.01


def ball(rings=24, sides=48, radius=0.01):
    """A closed sphere: nodes and triangles counter-clockwise from outside."""
    theta, phi = np.linspace(0.0, np.pi, rings + 1)[1:-1], np.arange(sides) * 2 * np.pi / sides
    grid = np.stack(
        [
            np.outer(np.sin(theta), np.cos(phi)),
            np.outer(np.sin(theta), np.sin(phi)),
            np.outer(np.cos(theta), np.ones(sides)),
        ],
        -1,
    ).reshape(-1, 3)
    nodes = radius * np.concatenate([grid, [[0, 0, 1], [0, 0, -1]]])
    top, bottom = len(grid), len(grid) + 1
    faces = []
    for j in range(sides):
        k = (j + 1) % sides
        faces += [[top, j, k], [bottom, top - sides + k, top - sides + j]]
        for i in range(rings - 2):
            a, b, c, d = i * sides + j, i * sides + k, (i + 1) * sides + j, (i + 1) * sides + k
            faces += [[a, c, d], [a, d, b]]
    return nodes, np.array(faces)


def test_normals_are_smooth_and_seams_lie_on_the_flanks():
    nodes, faces = ball()
    drawn = DrawnSurface(SoftSurface.of(nodes, faces))
    cosine = (drawn.normals(nodes) * nodes[drawn.node] / 0.01).sum(1)
    assert cosine.min() > 0.999
    twice = np.flatnonzero(np.bincount(drawn.node) > 1)
    assert len(twice) > 20
    height = nodes[twice, 2] / np.linalg.norm(nodes[twice], axis=1)
    assert np.abs(height).max() < 0.55  # from above the texture is one piece


def test_a_wound_shows_flesh_and_the_rest_keeps_its_skin():
    mesh = block((6, 6, 2), (0.03, 0.03, 0.01))
    body = soft_tissue(mesh, bottom_nodes(mesh))
    before = SoftSurface.of(body.rest, body.surface, (0.5, 0.4, 0.3))
    report = body.cut([-0.02, 0.0, 0.001], [0.02, 0.0, 0.001], [0.0, 0.0, -0.006])
    assert report.new_nodes > 0
    after = before.after_cut(body.surface, body.parents)
    drawn = DrawnSurface(after)
    flesh = np.isclose(drawn.tint, FLESH).all(1)
    assert np.isclose(drawn.tint[~flesh], (0.5, 0.4, 0.3)).all()
    assert flesh[drawn.triangles].all(1).sum() == len(body.surface) - len(before.triangles) > 0
    scene = scene_of("PSM1", q=AWAY)
    r = renderer(scene, soft={"flap": before})
    apart = body.positions + np.where(body.positions[:, 1:2] > 1e-9, [0, 0.002, 0], [0, -0.002, 0])
    shifted = apart + [0.0, 0.0, 0.02]
    r.set_surface("flap", after)
    mask = r.render(
        CellSnapshot(0.0, {"PSM1": AWAY}, soft={"flap": shifted}), 0, truth=True
    ).left.mask
    r.close()
    assert (mask == 100).sum() > 10000
    with pytest.raises(ConfigurationError, match="name nodes 0 to 9, allowed 0 to 3"):
        SoftSurface.of(np.zeros((4, 3)), [[0, 1, 9]])


def test_what_hides_a_point_is_known_from_the_depth():
    """A brick hides the points behind it in the drawn depth, and only there."""
    scene = scene_of("PSM1", q=AWAY)
    T = make_transform(translation=[0.0, 0.0, 0.02])
    r = renderer(scene, objects={"brick": Brick()})
    snapshot = CellSnapshot(0.7, {"PSM1": AWAY}, None, {"brick": T})
    frame = r.render(snapshot, 0, truth=True)
    r.close()
    truth = Truth(scene, 3)
    grid = np.stack(np.meshgrid(np.linspace(0.3, 0.7, 30), np.linspace(0.3, 0.7, 30)), -1)
    tracks = truth.tracks(snapshot, grid.reshape(-1, 2), frame)
    for eye, uv, visible, drawn in (
        (scene.rig.left, tracks.uv_left, tracks.visible_left, frame.left),
        (scene.rig.right, tracks.uv_right, tracks.visible_right, frame.right),
    ):
        inside = ((uv >= 0) & (uv < [eye.width - 1, eye.height - 1])).all(1)
        u, v = np.round(uv[inside]).astype(int).T
        hidden = drawn.mask[v, u] == 100
        assert 20 < hidden.sum() < 0.8 * inside.sum()
        assert not visible[~inside].any()
        wrong = visible[inside] == hidden
        assert wrong.mean() < 0.02  # within a pixel of the brick's outline
        # Without a frame only instruments count: the brick is then not known to hide anything.
    assert (
        truth.tracks(snapshot, grid.reshape(-1, 2)).visible_left.sum() > tracks.visible_left.sum()
    )


def test_soft_tracks_name_the_nodes_that_each_eye_sees():
    scene = scene_of("PSM1", q=AWAY)
    mesh = block((4, 3, 2), (0.03, 0.02, 0.006))
    nodes = mesh.nodes + [0.0, 0.0, 0.012]
    surface = SoftSurface.of(nodes, outer_faces(mesh))
    r = renderer(scene, soft={"flap": surface})
    snapshot = CellSnapshot(0.0, {"PSM1": AWAY}, soft={"flap": nodes})
    frame = r.render(snapshot, 0, truth=True)
    r.close()
    truth = Truth(scene, 3)
    truth.cast = dataclasses.replace(truth.cast, soft={"flap": surface})
    which, tracks = truth.soft_tracks(snapshot, "flap", frame)
    np.testing.assert_allclose(tracks.p_world, nodes[which])
    top = np.isclose(tracks.p_world[:, 2], 0.012)
    bottom = np.isclose(tracks.p_world[:, 2], 0.006)
    assert tracks.visible_left[top].all()
    assert not tracks.visible_left[bottom & (tracks.p_world[:, 1] > -0.009)].any()


def test_poses_and_cameras_of_a_two_armed_cell_with_a_moving_camera():
    scene = dataclasses.replace(
        scene_of("PSM1", "PSM2", "ECM"),
        objects={"brick": ObjectSpec("block", T_BOX)},
    )
    snapshot = dataclasses.replace(
        scene.at_rest(), q={**scene.initial_q, "ECM": ECM_Q + [0.02, 0.0, 0.0, 0.1]}
    )
    truth = Truth(scene, 1)
    T_world_camera = truth.cameras(snapshot).T_world_camera
    np.testing.assert_allclose(T_world_camera, scene.camera_pose(snapshot))
    np.testing.assert_allclose(T_world_camera @ truth.T_camera_object(snapshot)["brick"], T_BOX)
    tools = instruments(truth.cell.T_world_base, snapshot)
    for arm in ("PSM1", "PSM2"):
        T = T_world_camera @ truth.T_camera_control_point(snapshot, arm)
        np.testing.assert_allclose(T, tools[arm].T_world_cp, atol=1e-12)
        points = truth.keypoints(snapshot, arm)
        p_right = transform_points(inverse(scene.rig.T_left_right), points.p_camera)
        np.testing.assert_allclose(points.uv_right, scene.rig.right.project(p_right))
        assert truth.wrenches[arm].shape == (6,) and not truth.wrenches[arm].any()
    assert truth.clearance(snapshot).instrument < 0.2


def test_tiny_draws_the_same_arms_objects_and_soft_bodies():
    scene = scene_of("PSM1", "PSM2", "ECM")
    mesh = block((4, 3, 2), (0.02, 0.02, 0.006))
    nodes = mesh.nodes + [-0.012, -0.012, 0.012]
    things = {
        "objects": {"brick": Brick()},
        "soft": {"flap": SoftSurface.of(nodes, outer_faces(mesh))},
    }
    q = {**scene.initial_q, "ECM": ECM_Q + [0.02, 0.01, 0.0, 0.1]}
    T_brick = make_transform(translation=[0.012, -0.012, 0.01])
    snapshot = CellSnapshot(0.3, q, None, {"brick": T_brick}, {"flap": nodes})
    r = renderer(scene, **things)
    exact = r.render(snapshot, 0, truth=True).left.mask[::2, ::2]
    r.close()
    tiny = TinyEndoscope(scene.rig, dataclasses.replace(Cast.of(scene, 3), **things), 3)
    drawn = tiny.render(snapshot, 0, truth=True).left.mask
    tiny.close()
    for ids in ([1, 2, 3], [11, 12, 13], [100], [101]):
        a, b = np.isin(exact, ids), np.isin(drawn, ids)
        assert a.sum() > 300
        assert (a & b).sum() / (a | b).sum() > 0.93, ids


def test_organs_of_an_imported_tissue_have_their_own_colours():
    mesh = block((4, 2, 2), (0.04, 0.02, 0.02))
    left = mesh.nodes[mesh.tets].mean(axis=1)[:, 0] < 0.0
    labels = np.where(left, 1, 2).astype(np.int32)
    tissue = Tissue(mesh, labels, {1: "liver", 2: "something else"}, {}, {})
    tints = organ_tints(tissue)
    x = mesh.nodes[:, 0]
    np.testing.assert_array_equal(tints[x < -1e-9], np.tile(TINTS["liver"], ((x < -1e-9).sum(), 1)))
    np.testing.assert_array_equal(tints[x > -1e-9], 1.0)


def test_the_room_shows_what_the_endoscope_cannot():
    scene = scene_of("PSM1", "PSM2", "ECM")
    try:
        room = RoomView(scene, 3)
    except MissingDependencyError as error:
        pytest.skip(str(error))
    rest = scene.at_rest()
    frame = room.render(rest, 0, truth=True)
    moved = dataclasses.replace(rest, q={**rest.q, "ECM": ECM_Q + [0.1, 0.0, 0.0, 0.0]})
    other = room.render(moved, 0, truth=True)
    room.close()
    mask = frame.left.mask
    assert {1, 2, 3, 11, 12, 13, 100, 101, 102} <= set(np.unique(mask))
    # The scope's lens is where the camera is: its pixels move with the ECM, the trocars' stay.
    assert (mask == 100).sum() > 500 and (mask != other.left.mask)[mask == 100].any()
    seen = (mask == 101) & (other.left.mask != 100)
    assert (other.left.mask[seen] == 101).all()
    # An instrument goes through its trocar: the RCM lies inside the cannula's outline.
    rcm = Cast.of(scene, 3).T_world_base["PSM1"][:3, 3]
    p = transform_points(inverse(room.T_world_room), rcm)
    u, v = np.round(room.rig.left.project(p)).astype(int)
    assert mask[v, u] == 101
    assert abs(frame.left.depth[v, u] - p[2]) < 0.0075
