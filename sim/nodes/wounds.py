# SPDX-License-Identifier: Apache-2.0
"""The surfaces of cut soft bodies, from the sim process to the renderer, in shared memory.

The snapshot carries nodes alone; which faces lie outside changes with a cut only.  Per body: cuts
so far, faces, nodes, then room for faces (3 each) and for the parent at rest of each node.  The
writer writes it after the snapshot with the new nodes, and the reader reads it before a snapshot: a
surface never names a node that the snapshot has not.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trocar import _core
from trocar.errors import SharedMemoryError
from trocar.geometry import Array
from trocar.sim.anatomy.surface import outer_faces
from trocar.sim.scene import CUT_NODES, Scene

CUT_FACES = 1000  # room for what cuts add
Surface = tuple[NDArray[np.int32], NDArray[np.int32]]  # faces (k, 3), parents (n,)


class _Layout:
    """Where each body's numbers lie."""

    def __init__(self, scene: Scene) -> None:
        self.rooms = {
            name: (len(outer_faces(p.mesh)) + CUT_FACES, len(p.mesh.nodes) + CUT_NODES)
            for name, p in scene.soft.items()
        }
        self.size = sum(3 + 3 * faces + nodes for faces, nodes in self.rooms.values())

    def blocks(self, values: Array) -> dict[str, Array]:
        """Each body's part of the vector, a view."""
        found, at = {}, 0
        for name, (faces, nodes) in self.rooms.items():
            end = at + 3 + 3 * faces + nodes
            found[name] = values[at:end]
            at = end
        return found


class WoundWriter:
    """The sim process's end; `close` removes the memory."""

    def __init__(self, name: str, scene: Scene, say: Callable[[str], object]) -> None:
        """Nothing is made where the scene has no soft body; `say` gets a line if room runs out."""
        self._layout, self._name, self._say = _Layout(scene), name, say
        self._cuts = dict.fromkeys(self._layout.rooms, 0)
        self._values = np.zeros(self._layout.size)
        self._memory: _core.Snapshot | None = None
        if self._layout.size:
            _core.Snapshot.remove(name)  # a dead cell's
            self._memory = _core.Snapshot(name, self._layout.size, True)

    def write(self, bodies: Mapping[str, Any], stamp_ns: int) -> None:
        """Tell of new cuts: `bodies` are the soft cell's; where there are none it costs nothing."""
        new = [name for name in self._cuts if bodies[name].topology != self._cuts[name]]
        if not new or self._memory is None:
            return
        blocks = self._layout.blocks(self._values)
        for name in new:
            self._cuts[name] = bodies[name].topology
            faces, parents = bodies[name].body.surface, bodies[name].body.parents
            room_faces, room_nodes = self._layout.rooms[name]
            if len(faces) > room_faces or len(parents) > room_nodes:
                self._say(f"{name}: cut too often to be drawn: the picture keeps the last surface")
                continue
            block = blocks[name]
            block[:3] = self._cuts[name], len(faces), len(parents)
            block[3 : 3 + faces.size] = faces.ravel()
            block[3 + 3 * room_faces : 3 + 3 * room_faces + len(parents)] = parents
        self._memory.write(self._values, stamp_ns)

    def close(self) -> None:
        """Take the memory away."""
        if self._memory is not None:
            self._memory.close()
            _core.Snapshot.remove(self._name)


class WoundReader:
    """The renderer's end: each new surface once."""

    def __init__(self, name: str, scene: Scene) -> None:
        """The writer may come, go and return."""
        self._layout, self._name = _Layout(scene), name
        self._memory: _core.Snapshot | None = None
        self._sequence = 0
        self._cuts = dict.fromkeys(self._layout.rooms, 0)

    def newest(self) -> dict[str, Surface]:
        """Faces and parents of the bodies cut since the last call."""
        if not self._layout.size:
            return {}
        try:
            self._memory = self._memory or _core.Snapshot(self._name, self._layout.size, False)
        except (SharedMemoryError, OSError):
            return {}  # whether there is a cell at all is the snapshot reader's to say
        values, _, sequence = self._memory.read()
        if sequence in (0, self._sequence):
            return {}
        self._sequence = sequence
        found = {}
        for name, block in self._layout.blocks(values).items():
            cuts, faces, nodes = (int(v) for v in block[:3])
            if cuts in (0, self._cuts[name]):
                continue
            self._cuts[name] = cuts
            start = 3 + 3 * self._layout.rooms[name][0]
            found[name] = (
                block[3 : 3 + 3 * faces].reshape(-1, 3).astype(np.int32),
                block[start : start + nodes].astype(np.int32),
            )
        return found

    def forget(self) -> bool:
        """A new cell has come: its bodies are whole.  Whether any had been cut."""
        was_cut = any(self._cuts.values())
        self.close()
        self._sequence, self._cuts = 0, dict.fromkeys(self._layout.rooms, 0)
        return was_cut

    def close(self) -> None:
        """Let go of the memory."""
        if self._memory is not None:
            self._memory.close()
        self._memory = None
