# SPDX-License-Identifier: Apache-2.0
"""`trocar doctor`: what is installed, missing, unproven here, and the command that mends it."""

import argparse
from collections.abc import Sequence

from trocar.app import doctor_checks
from trocar.app.doctor_checks import Finding, State


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar doctor`."""
    parser.add_argument("--port", type=int, default=8080, help="the console's port (8080)")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 only where `trocar run` will work."""
    findings = doctor_checks.examine(args.port)
    print("\n".join(table(findings)))
    broken = [f.name for f in findings if f.is_fatal]
    if broken:
        print(f"\ntrocar run will not work here: {', '.join(broken)}")
        return 1
    print("\ntrocar run will work here" + _reservations(findings))
    return 0


def _reservations(findings: Sequence[Finding]) -> str:
    open_points = [f.name for f in findings if f.state in (State.FALLBACK, State.UNPROVEN)]
    return f" (with reservations: {', '.join(open_points)})" if open_points else ""


def table(findings: Sequence[Finding]) -> list[str]:
    """One line a finding, and one more with the command that mends it."""
    width = max(len(f.name) for f in findings)
    lines = []
    for f in findings:
        lines.append(f"{f.name:{width}}  {f.state.value:9} {f.detail}")
        if f.mend:
            lines.append(f"{'':{width}}  {'':9} -> {f.mend}")
    return lines
