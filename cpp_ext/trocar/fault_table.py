# SPDX-License-Identifier: Apache-2.0
"""The fault table as Markdown, from the table in the code.

`python -m trocar.fault_table cpp_ext/README.md` rewrites it between its markers; without a file it
is printed.  `--check` writes nothing and exits with 1 where the file is out of date.
"""

import argparse
import sys
from pathlib import Path

from trocar import _core

BEGIN = "<!-- fault table: python -m trocar.fault_table cpp_ext/README.md -->"
END = "<!-- end of fault table -->"

_LEFT_BY = {
    _core.Acknowledge.ENABLE: "`enable`",
    _core.Acknowledge.RELEASE: "release, then `enable`",
    _core.Acknowledge.COMMAND: "the next command",
}


def markdown() -> str:
    """The table, one row a fault, ends with a newline."""
    lines = [
        "| code | fault | cause | stop category | detected in ticks | left by |",
        "|---|---|---|---|---|---|",
    ]
    for row in _core.fault_table():
        fault = row["fault"]
        cause = row["cause"].replace("|", "\\|")
        lines.append(
            f"| {fault.value} | `{fault.name}` | {cause} | {row['stop_category']} "
            f"| {row['detection_ticks']} | {_LEFT_BY[row['acknowledge']]} |"
        )
    return "\n".join(lines) + "\n"


def rewritten(text: str) -> str:
    """`text` with the table between its markers made anew; ValueError where a marker is missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no markers: put '{BEGIN}' and '{END}' where the table belongs")
    return f"{before}{BEGIN}\n{markdown()}{END}{after}"


def main(argv: list[str] | None = None) -> int:
    """Command line; 0 done or up to date, 1 out of date, 2 unusable file."""
    parser = argparse.ArgumentParser(prog="python -m trocar.fault_table", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="Markdown file with the two markers")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if out of date")
    options = parser.parse_args(argv)
    if options.file is None:
        sys.stdout.write(markdown())
        return 0
    try:
        text = options.file.read_text(encoding="utf-8")
        new = rewritten(text)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{options.file}: {error}\n")
        return 2
    if options.check:
        if new != text:
            sys.stdout.write(
                f"{options.file} is out of date: python -m trocar.fault_table {options.file}\n"
            )
        return int(new != text)
    if new != text:
        options.file.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
