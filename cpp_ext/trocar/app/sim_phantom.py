# SPDX-License-Identifier: Apache-2.0
"""`trocar sim phantom`: a procedural abdomen as a label volume, and the names of its labels."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar sim phantom`."""
    parser.add_argument(
        "--out", metavar="FILE", required=True, help="label volume: .nii, .nii.gz or .nrrd"
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed, another shape")
    parser.add_argument("--spacing", metavar="MM", type=float, default=1.0, help="of the voxels")


def run(args: argparse.Namespace) -> int:
    """Exit code 0, or an error of the arguments."""
    from trocar.sim.anatomy.label_names import names_file
    from trocar.sim.anatomy.phantom import NAMES, write_phantom

    path = Path(args.out)
    voxels = write_phantom(path, args.seed, args.spacing * 1e-3)
    for label, count in voxels.items():
        millilitres = count * args.spacing**3 * 1e-3
        print(f"{label} {NAMES[label]:12} {count:9} voxels {millilitres:8.1f} ml")
    print(f"written: {path}, {names_file(path)}")
    print(f"next: trocar sim import {path} --label liver+vessels --out liver")
    return 0
