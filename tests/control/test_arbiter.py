# SPDX-License-Identifier: Apache-2.0
"""One source at a time, and how it changes hands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trocar.control.arbiter import SOURCES, Arbiter
from trocar.errors import CommandRefusedError, ConfigurationError

NS = 1_000_000_000


def test_default_source_depends_on_autostart():
    assert Arbiter("none").source == "crtk"
    assert Arbiter("follow").source == "none"
    with pytest.raises(ConfigurationError, match="none, follow"):
        Arbiter("teleop")


@pytest.mark.parametrize("source", SOURCES)
def test_deadman_takes_over_from_any_source_and_does_not_return(source):
    arbiter = Arbiter("none")
    arbiter.request(source, 0)
    arbiter.take_over(1)
    assert arbiter.source == "teleop"
    arbiter.let_go()
    arbiter.tick(2)
    assert arbiter.source == "teleop"  # held, not given back


def test_nobody_takes_the_arm_from_a_held_deadman():
    arbiter = Arbiter("none")
    arbiter.take_over(0)
    with pytest.raises(CommandRefusedError, match="not in control.*dead-man"):
        arbiter.request("crtk", 1)
    arbiter.let_go()
    handover = arbiter.request("follow", 2)
    assert handover is not None
    assert (handover.earlier, handover.source) == ("teleop", "follow")


@pytest.mark.parametrize("source", ["teleop", "follow"])
@pytest.mark.parametrize(("autostart", "default"), [("none", "crtk"), ("follow", "none")])
def test_a_stale_source_is_released_to_the_default(source, autostart, default):
    arbiter = Arbiter(autostart)
    arbiter.request(source, 0)
    arbiter.keep_alive(source, NS)
    assert arbiter.tick(6 * NS) is None
    handover = arbiter.tick(6 * NS + 1)
    assert handover is not None
    assert handover.source == default
    assert "5 s" in handover.reason


def test_crtk_is_idle_by_nature_and_is_not_released():
    arbiter = Arbiter("none")
    assert arbiter.tick(3600 * NS) is None
    assert arbiter.source == "crtk"


def test_the_others_are_told_who_is_in_control():
    arbiter = Arbiter("follow")
    arbiter.request("follow", 0)
    with pytest.raises(CommandRefusedError, match="not in control: 'follow'"):
        arbiter.check("crtk")
    arbiter.check("follow")


def test_unknown_source_is_refused_with_the_valid_ones():
    with pytest.raises(CommandRefusedError, match="none, crtk, teleop, follow"):
        Arbiter().request("joystick", 0)


actions = st.lists(
    st.tuples(
        st.sampled_from(["request", "press", "let_go", "release", "tick", "alive"]),
        st.sampled_from(SOURCES),
        st.integers(0, 4 * NS),
    ),
    max_size=40,
)


@given(st.sampled_from(["none", "follow"]), actions)
def test_whatever_happens_one_known_source_has_the_arm_and_every_change_is_reported(
    autostart, steps
):
    arbiter, now_ns = Arbiter(autostart), 0
    for action, source, dt in steps:
        now_ns += dt
        earlier, handover = arbiter.source, None
        if action == "request":
            try:
                handover = arbiter.request(source, now_ns)
            except CommandRefusedError:
                assert arbiter.source == earlier
        elif action == "press":
            handover = arbiter.take_over(now_ns)
            assert arbiter.source == "teleop"
        elif action == "let_go":
            arbiter.let_go()
        elif action == "release":
            handover = arbiter.release("test", now_ns)
        elif action == "alive":
            arbiter.keep_alive(source, now_ns)
        else:
            handover = arbiter.tick(now_ns)
        assert arbiter.source in SOURCES
        assert (handover is None) == (earlier == arbiter.source)
        if handover is not None:
            assert (handover.earlier, handover.source) == (earlier, arbiter.source)
