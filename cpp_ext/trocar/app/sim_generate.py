# SPDX-License-Identifier: Apache-2.0
"""`trocar sim generate`: seeded, randomised sequences with truth, written to a folder."""

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trocar.errors import ConfigurationError

if TYPE_CHECKING:
    from trocar.sim.dataset.folder import DatasetFolder
    from trocar.sim.dataset.sequence import Order

_LIMITS = {  # of the arguments that are numbers
    "sequences": (1, 100_000),
    "frames": (1, 100_000),
    "seed": (0, 2**31 - 1),
    "points": (0, 1000),
    "jobs": (1, 256),
}
_SIDE = (64, 4096)  # px
_FPS = (1.0, 240.0)
INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar sim generate`."""
    add = parser.add_argument
    add("scene", nargs="?", default="follow", metavar="SCENE", help="default follow")
    add("--out", metavar="DIR", help="folder to write; the same command goes on where it ended")
    add("--sequences", type=int, default=8, metavar="N", help="default 8")
    add("--frames", type=int, default=30, metavar="M", help="of each sequence (default 30)")
    add("--fps", type=float, metavar="HZ", help="default: the scene's")
    add("--seed", type=int, default=0, metavar="S", help="default 0")
    add("--size", metavar="WxH", help="of a picture in px (default: the site's)")
    add("--jobs", type=int, metavar="J", help="processes (default: one a core)")
    add("--randomise", default="default", metavar="FILE", help="ranges: default, none or a file")
    add("--faults", default="", metavar="F", help="of the camera: a YAML file or words")
    add("--points", type=int, default=48, metavar="K", help="tracked points (default 48)")
    add("--flow", action="store_true", help="optical flow to the next frame too")
    add("--licence", default="Apache-2.0", metavar="ID", help="said in the card (Apache-2.0)")
    add("--check", metavar="DIR", help="compare a data set with its checksums; makes nothing")
    add("--json", metavar="FILE", help="write what was measured")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 where the data set is whole, or right."""
    if args.check:
        return _check(Path(args.check))
    if not args.out:
        raise ConfigurationError("--out DIR is needed: where the data set goes")
    from trocar.sim.dataset.folder import DatasetFolder

    order, sequences, jobs = _order(args), args.sequences, args.jobs or len(os.sched_getaffinity(0))
    if args.json:
        from trocar.app.report import check_writable

        check_writable(args.json)
    folder = DatasetFolder(Path(args.out))
    request = _request(args, order)
    made_by = _made_by()
    folder.open(request, made_by)
    try:
        return _make(args, folder, order, sequences, jobs, {"request": request, "made_by": made_by})
    finally:
        folder.remove_parts()
        folder.close()


def _make(
    args: argparse.Namespace,
    folder: "DatasetFolder",
    order: "Order",
    sequences: int,
    jobs: int,
    manifest: dict[str, Any],
) -> int:
    from tqdm import tqdm

    from trocar.sim.dataset.workers import make_all

    missing = [i for i in range(sequences) if not folder.is_whole(i)]
    if len(missing) < sequences:
        print(f"{sequences - len(missing)} of {sequences} sequences are there already")
    started, cpu_s = time.monotonic(), 0.0
    made = 0
    try:
        with tqdm(total=len(missing) * order.frames, unit="frame", disable=None) as bar:
            for one in make_all(order, missing, folder.path, jobs, bar.update):
                made += 1
                cpu_s += one.cpu_s
    except KeyboardInterrupt:
        print(
            f"interrupted: {sequences - len(missing) + made} of {sequences} sequences are whole; "
            "the same command goes on from there"
        )
        return INTERRUPTED
    seconds, frames = time.monotonic() - started, len(missing) * order.frames
    _finish(folder, manifest, order, sequences, _command(args, order))
    figures: dict[str, Any] = {"sequences": sequences, "frames": frames, "seconds": seconds}
    if frames:
        figures |= {"frames_per_s": frames / seconds, "frames_per_s_per_core": frames / cpu_s}
        print(
            f"made {len(missing)} sequences, {frames} frames in {seconds:.1f} s: "
            f"{frames / seconds:.2f} frames/s; {frames / cpu_s:.2f} frames/s per core (CPU time)"
        )
    print(f"written: {folder.path}; look at {folder.path / 'sheet.png'}, read README.md")
    if args.json:
        from trocar.app.report import with_conditions, write_json

        write_json(args.json, with_conditions(figures, [], [order.seed]))
    return 0


def _finish(
    folder: "DatasetFolder", manifest: dict[str, Any], order: "Order", sequences: int, command: str
) -> None:
    """The card, the sheet and dataset.json: functions of the sequences alone."""
    import json

    from trocar.sim.dataset.card import aggregate, card
    from trocar.sim.dataset.folder import FORMAT, SUMS, sequence_name, sha256
    from trocar.sim.dataset.sheet import sheet_png
    from trocar.sim.scene import load_scene

    entries, figures = [], []
    size = order.size
    for index in range(sequences):
        path = folder.path / sequence_name(index)
        data = json.loads((path / "sequence.json").read_text())
        figures.append(data["statistics"])
        size = size or (data["left"]["width"], data["left"]["height"])
        digest = sha256((path / SUMS).read_bytes())
        frames = data["statistics"]["frames"]
        entries.append({"name": path.name, "frames": frames, "sha256": digest})
    whole = {
        "format": FORMAT,
        "complete": True,
        **manifest,
        "size": list(size or ()),
        "has_task": load_scene(order.scene).task is not None,
        "statistics": aggregate(figures),
        "sequences": entries,
    }
    files = {
        "README.md": card(whole, order.ranges, command).encode(),
        "sheet.png": sheet_png(folder.path, sequences, order.frames, order.seed),
    }
    for name, content in files.items():
        folder.write(name, content)
    folder.save(whole | {"files": {name: sha256(content) for name, content in files.items()}})


def _order(args: argparse.Namespace) -> "Order":
    from trocar.sim.dataset.ranges import load_ranges
    from trocar.sim.dataset.sequence import Order
    from trocar.sim.faults.catalogue import Place
    from trocar.sim.faults.schedule import at_place, load_faults
    from trocar.sim.scene import load_scene

    for name, (low, high) in _LIMITS.items():
        value = getattr(args, name)
        if value is not None and not low <= value <= high:
            raise ConfigurationError(f"--{name} is {value}; allowed {low} to {high}")
    scene = load_scene(args.scene)
    fps = scene.fps if args.fps is None else args.fps
    if not _FPS[0] <= fps <= _FPS[1]:
        raise ConfigurationError(f"--fps is {fps:g}; allowed {_FPS[0]:g} to {_FPS[1]:g}")
    faults = load_faults(args.faults)
    here = at_place(faults, Place.CAMERA, Place.CLOCK)
    if len(here) < len(faults):
        other = next(f.kind.name for f in faults if f not in here)
        raise ConfigurationError(f"--faults: {other} is no fault of the camera; leave it out")
    return Order(
        args.scene, args.frames, fps, args.seed, _size(args.size), args.flow, args.points,
        load_ranges(args.randomise), faults,
    )  # fmt: skip


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, sign, height = text.partition("x")
    if not (sign and width.isdigit() and height.isdigit()):
        raise ConfigurationError(f"--size is {text!r}; write WIDTHxHEIGHT, as in 640x480")
    if not all(_SIDE[0] <= int(side) <= _SIDE[1] for side in (width, height)):
        raise ConfigurationError(f"--size is {text}; allowed {_SIDE[0]} to {_SIDE[1]} px a side")
    return int(width), int(height)


def _request(args: argparse.Namespace, order: "Order") -> dict[str, Any]:
    """All that decides what the files contain."""
    from trocar.sim.dataset.folder import sha256
    from trocar.sim.dataset.ranges import as_data
    from trocar.sim.scene import SCENE_FOLDER, default_site_path

    return {
        "scene": order.scene,
        "sequences": args.sequences,
        "frames": order.frames,
        "fps": order.fps,
        "seed": order.seed,
        "size": list(order.size) if order.size else None,
        "flow": order.flow,
        "points": order.points,
        "faults": [str(fault) for fault in order.faults],
        "licence": args.licence,
        "ranges": as_data(order.ranges),
        "scene_sha256": sha256((SCENE_FOLDER / f"{order.scene}.yaml").read_bytes()),
        "site_sha256": sha256(default_site_path().read_bytes()),
    }


def _made_by() -> dict[str, str]:
    """Versions and driver that the bytes depend on; opens the renderer's context once."""
    import cv2
    import numpy as np

    import trocar
    from trocar.sim.dataset.workers import one_core
    from trocar.sim.render.context import open_context

    one_core()
    context = open_context()
    device = str(context.info["GL_RENDERER"])
    context.release()
    versions = {"trocar": trocar.__version__, "numpy": np.__version__, "opencv": cv2.__version__}
    return {**versions, "renderer": device}


def _command(args: argparse.Namespace, order: "Order") -> str:
    """The command without what does not change the files."""
    words = ["trocar sim generate", order.scene, "--out DIR"]
    words += [f"--sequences {args.sequences} --frames {order.frames} --fps {order.fps:g}"]
    words += [f"--seed {order.seed} --points {order.points}"]
    words += [f"--size {order.size[0]}x{order.size[1]}"] if order.size else []
    words += ["--flow"] if order.flow else []
    words += [f"--randomise {Path(args.randomise).name}"] if args.randomise != "default" else []
    words += [f"--faults '{'; '.join(map(str, order.faults))}'"] if order.faults else []
    words += [f"--licence '{args.licence}'"] if args.licence != "Apache-2.0" else []
    return " ".join(words)


def _check(path: Path) -> int:
    from tqdm import tqdm

    from trocar.sim.dataset.check import problems
    from trocar.sim.dataset.folder import read_manifest

    total = read_manifest(path)["request"]["sequences"]
    with tqdm(total=total, unit="sequence", disable=None) as bar:
        found = list(problems(path, bar.update))
    for line in found[:20]:
        print(line)
    if len(found) > 20:
        print(f"... and {len(found) - 20} more")
    print(f"{path}: {len(found) or 'no'} problem{'' if len(found) == 1 else 's'}")
    return 1 if found else 0
