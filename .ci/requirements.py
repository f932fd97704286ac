# SPDX-License-Identifier: Apache-2.0
"""Prints the requirements of setup.py, with the extras named as arguments, one a line."""

import ast
import sys
from pathlib import Path

source = ast.parse((Path(__file__).resolve().parent.parent / "setup.py").read_text())
values = {
    node.targets[0].id: ast.literal_eval(node.value)
    for node in source.body
    if isinstance(node, ast.Assign)
    and isinstance(node.targets[0], ast.Name)
    and node.targets[0].id in ("RUNTIME", "EXTRAS")
}
lines = list(values["RUNTIME"])
for extra in sys.argv[1:]:
    if extra not in values["EXTRAS"]:
        sys.exit(f"unknown extra {extra}; choose from {', '.join(values['EXTRAS'])}")
    lines += values["EXTRAS"][extra]
sys.stdout.write("\n".join(lines) + "\n")
