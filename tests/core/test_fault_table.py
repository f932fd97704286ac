# SPDX-License-Identifier: Apache-2.0
"""The fault table: complete, printable, the same in the README; faults through the Python door."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trocar import _core, fault_table

from .toy_plant import LockstepCell

Fault = _core.Fault
README = Path(__file__).resolve().parents[2] / "cpp_ext" / "README.md"


def test_every_fault_has_one_row_with_a_sentence_of_its_own() -> None:
    rows = _core.fault_table()
    assert [row["fault"] for row in rows] == [f for f in Fault if f != Fault.NONE]
    assert len({row["sentence"] for row in rows}) == len(rows)
    for row in rows:
        assert row["sentence"] == _core.describe(row["fault"]) and "\n" not in row["sentence"]
        assert row["stop_category"] in (0, 1, 2)
        assert row["detection_ticks"] >= 1
        # IEC 60204-1: an emergency stop may only be 0 or 1, and here a person releases it.
        if row["fault"] == Fault.ESTOP:
            assert row["stop_category"] in (0, 1)
            assert row["acknowledge"] == _core.Acknowledge.RELEASE


def test_the_readme_has_the_table_of_the_code() -> None:
    assert fault_table.main([str(README), "--check"]) == 0, (
        "out of date; type: python -m trocar.fault_table cpp_ext/README.md"
    )


def test_the_table_is_written_between_its_markers_only(tmp_path: Path, capsys) -> None:
    file = tmp_path / "a.md"
    file.write_text(f"before\n{fault_table.BEGIN}\noutdated\n{fault_table.END}\nafter\n")
    assert fault_table.main([str(file), "--check"]) == 1
    assert fault_table.main([str(file)]) == 0
    assert fault_table.main([str(file), "--check"]) == 0
    text = file.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "outdated" not in text
    assert text.count("| `ESTOP` |") == 1
    file.write_text("no markers")
    assert fault_table.main([str(file)]) == 2
    assert fault_table.main([str(tmp_path / "none.md")]) == 2
    assert "no markers" in capsys.readouterr().err
    assert fault_table.main([]) == 0
    assert "| `RCM_DRIFT` |" in capsys.readouterr().out


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=3, max_size=3))
def test_any_trocar_is_taken_or_refused_in_one_line(p_base: list[float]) -> None:
    arm = _core.Arm(_core.ArmConfig())
    distance = math.hypot(*p_base)  # no overflow
    if distance <= 0.0999:
        arm.set_trocar(p_base)
    elif not distance <= 0.1001:
        with pytest.raises(ValueError, match="p_base is .*allowed finite and at most 0.1 m"):
            arm.set_trocar(p_base)


def test_a_trocar_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"p_base has shape \(2,\), allowed \(3,\)"):
        _core.Arm(_core.ArmConfig()).set_trocar([0, 0])


def test_a_trocar_that_drifts_stops_the_arm_and_is_acknowledged_once_it_is_back() -> None:
    cell = LockstepCell()
    cell.home()
    cell.arm.set_trocar([0.0, 0.02, 0.0])
    state = cell.run(5)
    assert (state.fault, state.powered) == (Fault.RCM_DRIFT, True)
    assert Fault.RCM_DRIFT in state.causes and state.rcm_drift == pytest.approx(0.02, rel=0.05)
    assert not cell.run(500).powered
    refused = cell.answer_to(cell.arm.state_command(_core.StateCommand.ENABLE))
    assert refused.reason == _core.Reason.CAUSE_PERSISTS
    cell.arm.set_trocar([0.0, 0.0, 0.0])
    cell.run()
    accepted = cell.answer_to(cell.arm.state_command(_core.StateCommand.ENABLE))
    assert accepted.verdict == _core.Verdict.ACCEPTED
    assert cell.run(10).fault == Fault.NONE


def test_bounds_of_the_safety_unit_are_writable() -> None:
    config = _core.ArmConfig()
    config.safety.rcm_drift_max = 0.001
    config.safety.model_range_margin[2] = 0.02
    assert config.safety.rcm_drift_max == 0.001 and config.safety.model_range_margin[2] == 0.02
    with pytest.raises(ValueError, match="model_range_margin has shape"):
        config.safety.model_range_margin = np.zeros(6)
