# SPDX-License-Identifier: Apache-2.0
"""Rows out of the C++ race (cpp_ext/bench/compare.cpp): ours and each library at each operation."""

from typing import Any

from trocar.app import bench_programs as programs

# Operation of the program: (row, kind of seed, name of the instruction count).
OPERATIONS = {
    "fk": ("fk", None, "fk"),
    "jacobian": ("jacobian", None, "fk_jacobian"),
    "ik.near": ("ik", "near", "ik"),
    "ik.mid": ("ik", "mid", "ik"),
    "rnea": ("rnea", None, "inverse_dynamics"),
    "gravity": ("gravity", None, "gravity"),
    "mass_matrix": ("mass_matrix", None, "mass_matrix"),
}
# What a row says of a library that was not found, with the command that brings it.
REMEDIES = {
    "KDL": "apt-get install liborocos-kdl-dev",
    "Pinocchio": "pip install pin",
}


def library_rows(
    poses: int, instructions: dict[str, float]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The rows, and the versions of the compiler and the libraries."""
    races: dict[tuple[str, str], dict[str, Any]] = {}
    worths: dict[tuple[str, str], dict[str, Any]] = {}
    differences: dict[tuple[str, str], float] = {}
    versions: dict[str, str] = {}
    for line in programs.lines(programs.COMPARE, poses):
        key = (line.get("operation", ""), line.get("library", ""))
        if line["kind"] == "race":
            races[key] = line
        elif line["kind"] == "ik":
            worths[key] = line
        elif line["kind"] == "agreement":
            differences[key] = line["max_difference"]
        elif line["kind"] == "version":
            versions[line["library"]] = line["version"]
    rows = []
    for (operation, library), race in races.items():
        if library != "ours":
            row = row_of(operation, races[operation, "ours"], race, instructions)
            row |= worth_of(worths.get((operation, library)))
            row["max_difference"] = differences.get((operation, library))
            rows.append(row)
    return rows + missing_rows(races, instructions), versions


def row_of(
    operation: str, ours: dict[str, Any], peer: dict[str, Any], instructions: dict[str, float]
) -> dict[str, Any]:
    """One row: medians over batches taken in turn; the tails beside them."""
    name, seed, counted = OPERATIONS[operation]
    label = peer["library"] if seed is None else f"{peer['library']}, {seed} seed"
    return {
        "name": name,
        "ours_ns": ours["p50_ns"],
        "peer": label,
        "peer_ns": peer["p50_ns"],
        "ratio": peer["p50_ns"] / ours["p50_ns"],
        "instructions": instructions.get(counted),
        "seed": seed,
        "ours_p99_ns": ours["p99_ns"],
        "peer_p99_ns": peer["p99_ns"],
        "ours_max_ns": ours["max_ns"],
        "peer_max_ns": peer["max_ns"],
        "n": int(ours["batches"] * ours["calls_a_batch"]),
    }


def worth_of(line: dict[str, Any] | None) -> dict[str, Any]:
    """Success rate and errors of an IK solver."""
    if line is None:
        return {}
    return {
        "peer_success": line["found"] / line["poses"],
        "peer_wrong": line["claimed_but_wrong"] / line["poses"],
        "peer_max_position_error_m": line["max_position_error_m"],
        "peer_max_rotation_error_rad": line["max_rotation_error_rad"],
    }


def missing_rows(
    races: dict[tuple[str, str], dict[str, Any]], instructions: dict[str, float]
) -> list[dict[str, Any]]:
    """A row for each library that the program was built without."""
    rows = []
    for library, remedy in REMEDIES.items():
        if any(name.startswith(library) for _, name in races):
            continue
        for operation in ("jacobian", "ik.near", "rnea"):
            ours = races.get((operation, "ours"))
            name, seed, counted = OPERATIONS[operation]
            rows.append(
                {
                    "name": name,
                    "ours_ns": ours["p50_ns"] if ours else None,
                    "peer": library,
                    "peer_ns": None,
                    "ratio": None,
                    "instructions": instructions.get(counted),
                    "seed": seed,
                    "note": f"not measured: {library} was not found; {remedy}, then make bench",
                }
            )
    return rows
