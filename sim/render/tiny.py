# SPDX-License-Identifier: Apache-2.0
"""The endoscope without OpenGL: PyBullet's software TinyRenderer, 320x240 at 10 Hz.

The stand-in where there is no EGL: same cell, same frames and mask ids, a plainer picture
(one directional light, no highlights), and edges good to about a pixel.  The rig is the
scene's, scaled by the half-pixel rule and without distortion: consumers read `rig`.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pybullet
from numpy.typing import NDArray

from trocar.camera import Intrinsics, StereoRig
from trocar.estimates import StereoFrame
from trocar.geometry import Array, inverse, make_transform, quat_xyzw_from_matrix
from trocar.sim.render.cast import Cast, mask_offsets
from trocar.sim.render.drawables import drawn_grid
from trocar.sim.render.frame import EyeTruth, RenderedFrame
from trocar.sim.render.instrument import PART_IDS, instrument_meshes
from trocar.sim.render.mesh import Mesh
from trocar.sim.render.png import write_png
from trocar.sim.render.projection import FAR, NEAR, scaled_rig
from trocar.sim.render.soft_surface import CutSurface, DrawnSurface, SoftSurface
from trocar.sim.render.texture import tissue_texture
from trocar.sim.scene import Scene
from trocar.sim.snapshot import CellSnapshot

WIDTH, HEIGHT, FPS = 320, 240, 10.0
UNDRAWN = (
    "lens distortion, motion blur, highlights, smoke, blood, fog, shadows, exposure and gain, "
    "flow, tints of organs and wounds"
)
_TEXTURE_SIZE = 512
_VERTICES_PER_SIDE = 23  # of the patch: TinyRenderer's cost follows the triangles
_SHAFT_SIDES, _SHAFT_SLICES = 24, 30  # short triangles: it walks their bounding boxes
_NOISE = 2.0  # grey levels
_VIGNETTE = 0.6
Colour = tuple[float, float, float]  # as shown, not linear
_SLEEVE: Colour = (0.17, 0.17, 0.18)
_STEEL: Colour = (0.5, 0.5, 0.51)
_AWAY = make_transform(translation=[0.0, 0.0, -10.0])  # where a hidden instrument waits


class TinyEndoscope:
    """Draws a cell with PyBullet's TinyRenderer, in a client of its own."""

    device = "PyBullet TinyRenderer"

    def __init__(self, rig: StereoRig, cast: Cast, seed: int = 0) -> None:
        """Same meaning as `EndoscopeRenderer`, but the rig is scaled to 320x240."""
        small = scaled_rig(rig, WIDTH, HEIGHT)
        left, right = (replace(eye, distortion=(0.0,) * 5) for eye in (small.left, small.right))
        self.rig = StereoRig(left, right, small.T_left_right)
        self.cast = cast
        self._seed = seed
        self._client = pybullet.connect(pybullet.DIRECT)
        self._uv, self._triangles = drawn_grid(_VERTICES_PER_SIDE)
        self._skin = self._load_skin(seed)
        self._soft = {name: DrawnSurface(surface) for name, surface in cast.soft.items()}
        self._made: dict[str, int] = {}  # bodies whose mesh is made anew each frame
        self._parts = {name: self._make_parts() for name in mask_offsets(cast.T_world_base)}
        self._objects = {
            name: self._bodies(shape.mesh, _shown(shape.accent), _shown(shape.colour))
            for name, shape in cast.objects.items()
        }
        self._vignette = _vignette(self.rig.left)

    @classmethod
    def of(cls, scene: Scene, seed: int) -> "TinyEndoscope":
        """The stand-in for a scene realised with a seed, true errors included."""
        return cls(scene.rig, Cast.of(scene, seed), seed)

    def render(
        self,
        snapshot: CellSnapshot,
        stamp_ns: int,
        *,
        truth: bool = False,
        neighbour: CellSnapshot | None = None,
    ) -> RenderedFrame:
        """Draw one capture; the noise is a function of the seed and the stamp alone.

        `neighbour` is taken and not used: neither flow nor motion blur is drawn (UNDRAWN).
        """
        self._move(snapshot)
        T_world_camera = self.cast.camera_pose(snapshot)
        rng = np.random.default_rng([self._seed, stamp_ns])
        left_rgb, left = self._draw(self.rig.left, T_world_camera, rng)
        right_rgb, right = self._draw(self.rig.right, T_world_camera @ self.rig.T_left_right, rng)
        stereo = StereoFrame(stamp_ns, left_rgb, right_rgb)
        return RenderedFrame(stereo, left, right) if truth else RenderedFrame(stereo)

    def set_surface(self, name: str, surface: SoftSurface | CutSurface) -> None:
        """Draw a soft body with another surface from now on, as after a cut."""
        self._soft[name] = DrawnSurface(surface)

    def close(self) -> None:
        """End the PyBullet client."""
        pybullet.disconnect(self._client)

    def _load_skin(self, seed: int) -> int:
        skin = tissue_texture(np.random.default_rng([seed, 2]), _TEXTURE_SIZE)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "skin.png"
            write_png(path, np.ascontiguousarray(skin.albedo[..., :3]))
            return int(pybullet.loadTexture(str(path), physicsClientId=self._client))

    def _body(self, mesh: Mesh, colour: Colour) -> int:
        shape = pybullet.createVisualShape(
            pybullet.GEOM_MESH,
            vertices=mesh.vertices.tolist(),
            indices=mesh.triangles.ravel().tolist(),
            normals=mesh.normals.tolist(),
            rgbaColor=(*colour, 1.0),
            physicsClientId=self._client,
        )
        body = pybullet.createMultiBody(
            baseVisualShapeIndex=shape,
            basePosition=_AWAY[:3, 3].tolist(),
            physicsClientId=self._client,
        )
        return int(body)

    def _make_parts(self) -> dict[str, list[int]]:
        """Bodies of one instrument by part."""
        meshes = instrument_meshes(_SHAFT_SIDES, _SHAFT_SLICES)
        return {name: self._bodies(mesh, _SLEEVE, _STEEL) for name, mesh in meshes.items()}

    def _bodies(self, mesh: Mesh, colour_0: Colour, colour_1: Colour) -> list[int]:
        """One body per material: PyBullet has no vertex colours."""
        bodies = []
        shiny = mesh.material[mesh.triangles[:, 0]] > 0.5
        for material, colour in ((False, colour_0), (True, colour_1)):
            triangles = mesh.triangles[shiny == material]
            if len(triangles):
                piece = Mesh(mesh.vertices, mesh.normals, triangles, mesh.material)
                bodies.append(self._body(piece, colour))
        return bodies

    def _move(self, snapshot: CellSnapshot) -> None:
        """Put everything where it is now."""
        tissue, time_s = self.cast.tissue, snapshot.time_s
        surface = tissue.point(self._uv, time_s)
        self._remake("", surface, self._triangles, self._uv, tissue.normal(self._uv, time_s))
        for name, drawn in self._soft.items():
            nodes = snapshot.soft[name]
            vertices, normals = nodes[drawn.node], drawn.normals(nodes).astype(float)
            self._remake(name, vertices, drawn.triangles, drawn.uv, normals)
        for name, bodies in self._objects.items():
            for body in bodies:
                self._place(body, snapshot.objects[name])
        shown = self.cast.instruments(snapshot)
        for name, parts in self._parts.items():
            poses = shown[name].part_poses() if name in shown else dict.fromkeys(parts, _AWAY)
            for part, bodies in parts.items():
                for body in bodies:
                    self._place(body, poses[part])

    def _place(self, body: int, T_world_body: Array) -> None:
        pybullet.resetBasePositionAndOrientation(
            body,
            T_world_body[:3, 3].tolist(),
            quat_xyzw_from_matrix(T_world_body).tolist(),
            physicsClientId=self._client,
        )

    def _remake(
        self, name: str, vertices: Array, triangles: NDArray[np.int32], uv: Array, normals: Array
    ) -> None:
        """PyBullet cannot deform a rigid body's mesh: what bends is made anew each frame."""
        if name in self._made:
            pybullet.removeBody(self._made[name], physicsClientId=self._client)
        shape = pybullet.createVisualShape(
            pybullet.GEOM_MESH,
            vertices=vertices.tolist(),
            indices=triangles.ravel().tolist(),
            uvs=uv.tolist(),
            normals=normals.tolist(),
            physicsClientId=self._client,
        )
        body = pybullet.createMultiBody(baseVisualShapeIndex=shape, physicsClientId=self._client)
        pybullet.changeVisualShape(
            body,
            -1,
            textureUniqueId=self._skin,
            rgbaColor=(1.0, 1.0, 1.0, 1.0),
            physicsClientId=self._client,
        )
        self._made[name] = body

    def _draw(
        self, eye: Intrinsics, T_world_eye: Array, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], EyeTruth]:
        image = pybullet.getCameraImage(
            eye.width,
            eye.height,
            viewMatrix=_view(T_world_eye),
            projectionMatrix=_projection(eye),
            lightDirection=(-T_world_eye[:3, 2]).tolist(),
            shadow=0,
            lightAmbientCoeff=0.25,
            lightDiffuseCoeff=0.75,
            lightSpecularCoeff=0.25,
            renderer=pybullet.ER_TINY_RENDERER,
            physicsClientId=self._client,
        )
        rgba = np.reshape(image[2], (eye.height, eye.width, 4))
        noise = _NOISE * rng.standard_normal((eye.height, eye.width, 3), dtype=np.float32)
        rgb = np.clip(rgba[..., :3] * self._vignette + noise, 0.0, 255.0).astype(np.uint8)
        window_z = np.reshape(image[3], (eye.height, eye.width))
        depth = (FAR * NEAR / (FAR - (FAR - NEAR) * window_z)).astype(np.float32)
        depth[window_z >= 1.0] = np.nan
        return rgb, EyeTruth(depth, self._mask(np.reshape(image[4], depth.shape)))

    def _mask(self, body: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Mask ids of PyBullet's body ids."""
        mask = np.zeros(body.shape, np.uint8)
        offsets, ids = mask_offsets(self.cast.T_world_base), self.cast.mask_ids
        for name, parts in self._parts.items():
            for part, bodies in parts.items():
                mask[np.isin(body, bodies)] = PART_IDS[part] + offsets[name]
        for name, bodies in (self._objects | {n: [self._made[n]] for n in self._soft}).items():
            mask[np.isin(body, bodies)] = ids[name]
        return mask


def _shown(linear: Colour) -> Colour:
    """Gamma 2 of linear RGB."""
    r, g, b = (float(c) ** 0.5 for c in linear)
    return r, g, b


def _view(T_world_eye: Array) -> list[float]:
    """OpenGL's view (x right, y up, z back), column by column."""
    matrix = np.diag([1.0, -1.0, -1.0, 1.0]) @ inverse(T_world_eye)
    return [float(x) for x in matrix.T.ravel()]


def _projection(eye: Intrinsics) -> list[float]:
    """The pinhole as OpenGL projection, half pixel included, column by column."""
    matrix = np.zeros((4, 4))
    matrix[0, 0] = 2.0 * eye.fx / eye.width
    matrix[0, 2] = 1.0 - 2.0 * (eye.cx + 0.5) / eye.width
    matrix[1, 1] = 2.0 * eye.fy / eye.height
    matrix[1, 2] = 2.0 * (eye.cy + 0.5) / eye.height - 1.0
    matrix[2, 2] = -(FAR + NEAR) / (FAR - NEAR)
    matrix[2, 3] = -2.0 * FAR * NEAR / (FAR - NEAR)
    matrix[3, 2] = -1.0
    return [float(x) for x in matrix.T.ravel()]


def _vignette(eye: Intrinsics) -> NDArray[np.float32]:
    v, u = np.mgrid[: eye.height, : eye.width]
    r2 = ((u - eye.cx) ** 2 + (v - eye.cy) ** 2) / (0.25 * (eye.width**2 + eye.height**2))
    return (1.0 - _VIGNETTE * r2).astype(np.float32)[..., None]
