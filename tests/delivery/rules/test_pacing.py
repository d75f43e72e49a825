"""The pace of a backlog, without a clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.delivery.rules.pacing import Backlog, Pace, pace_of_backlog


@given(st.integers(1, 1_000_000), st.floats(1, 86_400), st.floats(0, 1, exclude_max=True))
def test_a_backlog_goes_more_slowly_than_it_came(count: int, grown_over: float, random: float) -> None:
    """Its rate is below its arrival rate, so live traffic and backlog together stay below twice the usual."""
    pace = pace_of_backlog(Backlog.grown(count, grown_over), now=0, random=random)

    assert pace.per_second < count / grown_over
    assert pace.next_at <= 1 / pace.per_second


@given(st.integers(1, 500), st.floats(1, 3600))
def test_a_backlog_is_gone_a_little_later_than_it_took_to_grow(count: int, grown_over: float) -> None:
    """Sent at its pace, an hour's backlog takes an hour and a half."""
    pace, now = pace_of_backlog(Backlog.grown(count, grown_over), now=0, random=0), 0.0
    for _ in range(count):
        now = max(now, pace.next_at)
        pace = pace.sent(now)

    assert now <= grown_over * 1.5 + 2


def test_a_pause_is_not_made_good_in_a_burst() -> None:
    """A machine that slept for an hour sends half a second's worth at most, then keeps its pace."""
    pace = Pace(per_second=10, next_at=0)
    burst = 0
    while pace.ready(3600):
        pace = pace.sent(3600)
        burst += 1

    assert burst <= 6


def test_a_tiny_backlog_goes_at_once() -> None:
    """Some envelopes that came together are not held back for long."""
    pace = pace_of_backlog(Backlog.grown(5, 0.01), now=0, random=0.99)

    assert pace.next_at < 1


def test_backlogs_of_several_processes_go_together() -> None:
    """What grew in two processes goes twice as fast as what grew in one."""
    one, other = Backlog.grown(101, 50), Backlog.grown(51, 50)

    assert one + other == Backlog(152, 3.0)
    assert Backlog.grown(0, 10) == Backlog()
