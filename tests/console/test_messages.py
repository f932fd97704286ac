# SPDX-License-Identifier: Apache-2.0
"""Nothing but the table of console/README.md passes, and what passes is finite and bounded."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trocar.console.messages import ANGULAR_MAX, LINEAR_MAX, MessageError, OperatorInput, parse

GOOD = {"type": "input", "seq": 1, "twist": [0.01] * 6, "deadman": True}


def test_a_good_input_passes():
    sample = parse(json.dumps(GOOD))
    assert isinstance(sample, OperatorInput) and sample.deadman and sample.twist == (0.01,) * 6


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"twist": [0.0] * 5}, "6 numbers"),
        ({"twist": [0.0] * 5 + [None]}, "finite"),
        ({"twist": [math.nan] + [0.0] * 5}, "finite"),
        ({"deadman": 1}, "true, false"),
        ({"seq": -1}, "whole number"),
        ({"type": "jump"}, "allowed: input"),
        ({"type": "request_source", "source": "me"}, "none, crtk, teleop, follow"),
        ({"type": "state_command", "command": "fly"}, "enable"),
    ],
)
def test_bad_messages_name_the_field(change, says):
    with pytest.raises(MessageError, match=says):
        parse(json.dumps({**GOOD, **change}))


@given(st.text(max_size=200))
def test_any_text_is_refused_or_parsed(text):
    try:
        parse(text)
    except MessageError as error:
        assert "\n" not in str(error).strip() or len(text) > 0


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=6, max_size=6))
def test_twist_is_bounded(twist):
    sample = parse(json.dumps({**GOOD, "twist": twist}))
    assert all(abs(v) <= LINEAR_MAX for v in sample.twist[:3])
    assert all(abs(v) <= ANGULAR_MAX for v in sample.twist[3:])
