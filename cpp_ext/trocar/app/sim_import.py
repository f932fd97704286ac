# SPDX-License-Identifier: Apache-2.0
"""`trocar sim import FILE --out DIR`: a closed surface or a label volume as tissue."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trocar.errors import ConfigurationError

if TYPE_CHECKING:
    from trocar.sim.anatomy.importer import Imported, Request
    from trocar.sim.anatomy.materials import Material


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar sim import`."""
    parser.add_argument(
        "file", metavar="FILE", help="STL, OBJ, PLY; NIfTI, NRRD, MetaImage; a DICOM folder"
    )
    parser.add_argument("--out", metavar="DIR", required=True, help="folder to write")
    parser.add_argument(
        "--label", metavar="N", help="number or name; liver+vessels: one body of both; or all"
    )
    parser.add_argument(
        "--threshold",
        metavar=("LOW", "HIGH"),
        nargs=2,
        type=float,
        help="of a picture (CT): what lies between becomes the body",
    )
    parser.add_argument("--nodes", metavar="N", type=int, default=1000, help="about so many")
    parser.add_argument("--units", default="mm", help="of the file: mm (default) or m")
    parser.add_argument("--largest", action="store_true", help="of several bodies only the largest")
    parser.add_argument(
        "--material", metavar="NAME", help="of all of it (default: by the label's name, else liver)"
    )
    parser.add_argument("--young", metavar="PA", type=float, help="instead of a material's name")
    parser.add_argument("--poisson", metavar="NU", type=float, help="with --young (default 0.45)")
    parser.add_argument("--density", metavar="KG_M3", type=float, help="with --young (1060)")
    parser.add_argument("--json", metavar="FILE", help="write what was measured")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 where the tissue is written; 1 and 2 as for every command."""
    from trocar.app.report import check_writable, with_conditions, write_json
    from trocar.app.tissue_picture import tissue_picture
    from trocar.sim.anatomy.importer import Request
    from trocar.sim.anatomy.tissue_file import check_folder, write_tissue

    started = time.monotonic()
    folder = Path(args.out)
    check_folder(folder)
    if args.json:
        check_writable(args.json)
    request = Request(
        file=Path(args.file),
        nodes=args.nodes,
        units=args.units,
        label=args.label,
        threshold=tuple(args.threshold) if args.threshold else None,
        material=chosen_material(args),
        largest_only=args.largest,
    )
    made = with_bar(request)
    write_tissue(folder, made.tissue, tissue_picture(made.tissue, made.surface))
    seconds = time.monotonic() - started
    for line in summary(made):
        print(line)
    print(f"written: {folder} in {seconds:.1f} s; look at {folder / 'tissue.png'}")
    if args.json:
        figures: dict[str, Any] = {
            **made.tissue.card,
            "labels": {str(label): name for label, name in made.tissue.names.items()},
            "remarks": list(made.remarks),
            "seconds": seconds,
        }
        write_json(args.json, with_conditions(figures, [], []))
        print(f"written: {args.json}")
    return 0


def chosen_material(args: argparse.Namespace) -> "Material | None":
    """By name or by numbers; None leaves it to the labels' names."""
    from trocar.sim.anatomy.materials import Material, material

    numbers = (args.young, args.poisson, args.density)
    if args.material is not None:
        if any(number is not None for number in numbers):
            raise ConfigurationError(
                "--material excludes --young, --poisson and --density; give one or the other"
            )
        return material(args.material)
    if args.young is None:
        if any(number is not None for number in numbers):
            raise ConfigurationError("--poisson and --density need --young (Pa); give it too")
        return None
    poisson = 0.45 if args.poisson is None else args.poisson
    density = 1060.0 if args.density is None else args.density
    return Material("custom", args.young, poisson, density, "given on the command line")


def with_bar(request: "Request") -> "Imported":
    """Import behind a progress bar, which is shown only to a person."""
    from tqdm import tqdm

    from trocar.sim.anatomy.importer import import_tissue

    form = "{desc:18} {bar} {percentage:3.0f} % {elapsed}"
    with tqdm(total=1.0, bar_format=form, disable=None, leave=False) as bar:

        def progress(what: str, share: float) -> None:
            bar.set_description_str(what, refresh=False)
            bar.update(max(0.0, min(1.0, share) - bar.n))
            bar.refresh()

        return import_tissue(request, progress)


def summary(made: "Imported") -> list[str]:
    """What a person wants to know of it."""
    tissue = made.tissue
    mesh = tissue.card["mesh"]
    away = mesh["surface_distance_m"]
    lines = [
        f"{tissue.card['name']}: {mesh['nodes']} nodes, {mesh['tets']} tetrahedra",
        f"volume {1e6 * mesh['volume_m3']:.2f} ml ({_percent(mesh)} of the file's), "
        f"area {1e4 * mesh['area_m2']:.1f} cm2",
        f"surface {1e3 * away['mean']:.2f} mm from the file's (p95 {1e3 * away['p95']:.2f})",
        f"dihedral angles {mesh['min_dihedral_deg']:.1f} to {mesh['max_dihedral_deg']:.1f} deg, "
        f"shape {mesh['min_shape']:.2f} (worst), {mesh['median_shape']:.2f} (middle), of 1",
    ]
    for label, made_of in tissue.materials.items():
        count = int((tissue.labels == label).sum())
        lines.append(
            f"{tissue.names[label]} ({label}): {count} tetrahedra of {made_of.name}, "
            f"{made_of.young:g} Pa"
        )
    return lines + [f"note: {remark}" for remark in made.remarks]


def _percent(mesh: dict[str, Any]) -> str:
    return f"{100.0 * (mesh['volume_m3'] / mesh['source_volume_m3'] - 1.0):+.2f} %"
