# SPDX-License-Identifier: Apache-2.0
"""The dead-man: every way of losing an operator releases once, and nothing re-engages by itself."""

from hypothesis import given
from hypothesis import strategies as st

from trocar.console.messages import OperatorInput
from trocar.console.operator import INPUT_TIMEOUT, OperatorLease


def held(seq: int) -> OperatorInput:
    return OperatorInput(seq=seq, twist=(0.01,) * 6, deadman=True)


def test_release_is_handed_out_once():
    lease = OperatorLease()
    assert lease.offer(1, held(1), 0.0) == held(1)
    released = lease.offer(1, OperatorInput(seq=2), 0.01)
    assert released is not None and not released.deadman and not any(released.twist)
    assert lease.offer(1, OperatorInput(seq=3), 0.02) is None


def test_second_operator_is_refused_with_a_reason_until_the_first_lets_go():
    lease = OperatorLease()
    lease.offer(1, held(1), 0.0)
    assert lease.offer(2, held(1), 0.0) is None
    assert "another operator" in lease.refusal
    lease.forget(1)
    assert lease.offer(2, held(2), 0.0) == held(2)


def test_a_silent_operator_is_released_and_must_let_go_first():
    lease = OperatorLease()
    lease.offer(1, held(1), 0.0)
    assert lease.expire(INPUT_TIMEOUT) is None
    released = lease.expire(INPUT_TIMEOUT + 0.001)
    assert released is not None and not released.deadman
    assert lease.expire(1.0) is None
    assert lease.offer(1, held(2), 1.0) is None and "let go" in lease.refusal
    lease.offer(1, OperatorInput(seq=3), 1.1)
    assert lease.offer(1, held(4), 1.2) == held(4)


def test_a_replayed_input_is_not_acted_on():
    lease = OperatorLease()
    lease.offer(1, held(5), 0.0)
    assert lease.offer(1, held(5), 0.01) is None
    assert lease.offer(1, held(4), 0.01) is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["held", "free", "gone", "wait"]),
            st.integers(1, 3),
            st.floats(0.0, 0.3, allow_nan=False),
        ),
        max_size=60,
    )
)
def test_motion_only_while_a_holder_is_fresh(events):
    lease, now, driving, last = OperatorLease(), 0.0, False, 0.0
    for seq, (what, client, dt) in enumerate(events):
        now += dt
        outs = [lease.expire(now)]
        if what == "held":
            outs.append(lease.offer(client, held(seq), now))
        elif what == "free":
            outs.append(lease.offer(client, OperatorInput(seq=seq), now))
        elif what == "gone":
            outs.append(lease.forget(client))
        for out in outs:
            if out is None:
                continue
            if out.deadman:
                driving, last = True, now
            else:
                assert driving, "released twice"
                driving = False
        assert driving == (lease.holder is not None)
        assert not driving or now - last <= INPUT_TIMEOUT
