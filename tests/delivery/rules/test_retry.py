"""Back-off and breaker, without a clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.delivery.rules.retry import Backoff, Breaker

chance = st.floats(0, 1, exclude_max=True)


@given(st.integers(1, 10_000), chance)
def test_delays_grow_and_stay_within_the_cap(failures: int, random: float) -> None:
    """A delay is half to whole of the doubled base, never above the cap."""
    backoff = Backoff(base_seconds=1, cap_seconds=60)
    full = min(60, 2 ** min(failures - 1, 20))

    assert full / 2 <= backoff.delay(failures, random) <= full


def opened(at: float = 0.0) -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker(Backoff(1, 60))
    for _ in range(2):
        breaker = breaker.failed(at, 0.5)
    return breaker.arrived()


def test_opens_after_two_failures_in_a_row() -> None:
    """One failure is chance, two are an outage."""
    one = Breaker().failed(0, 0.5)

    assert (one.closed, one.succeeded().failed(0, 0.5).closed, opened().closed) == (True, True, False)


def test_opens_at_once_when_nobody_is_there() -> None:
    """Where no connection can be opened, the next request would fail too."""
    assert not Breaker().failed(0, 0.5, unreachable=True).closed


def test_lets_one_probe_through_when_its_time_has_come() -> None:
    """While open nothing goes; then one request at a time."""
    breaker = opened()
    later = breaker.retry_at

    assert [breaker.allows(later - 0.01), breaker.allows(later), breaker.started().allows(later)] == [
        False,
        True,
        False,
    ]


def test_a_probe_that_succeeds_closes_it() -> None:
    """One answer ends the outage."""
    probed = opened().started().succeeded()

    assert (probed.closed, probed.failures) == (True, 0)


def test_a_probe_that_fails_opens_it_for_longer() -> None:
    """Each failed probe doubles the pause."""
    first = opened()
    second = first.started().failed(first.retry_at, 0.5)

    assert second.retry_at - first.retry_at > first.retry_at
    assert not second.probing


def test_an_idle_process_knocks_rarely() -> None:
    """After a second try the next one waits for something new, or for the longest delay."""
    probed = opened().started().failed(1, 0.5)

    assert (probed.allows(probed.retry_at), probed.arrived().allows(probed.retry_at)) == (False, True)
    assert probed.allows(1 + 60)


def test_late_failures_of_the_same_outage_do_not_count() -> None:
    """Requests that were in flight when it opened must not push the pause to its cap."""
    breaker = opened()

    assert breaker.failed(0.1, 0.5) is breaker


def test_a_server_that_names_a_time_is_believed_at_once() -> None:
    """One 503 with Retry-After opens the breaker for at least that long."""
    breaker = Breaker().failed(10, 0.0, at_least=30)

    assert (breaker.closed, breaker.retry_at) == (False, 40)


def test_a_flush_may_knock_at_once() -> None:
    """Somebody who waits gets one probe now, not more."""
    breaker = opened().hurried(0.1)

    assert (breaker.allows(0.1), breaker.started().allows(0.1)) == (True, False)


def test_an_abandoned_probe_can_be_repeated() -> None:
    """A connection that opened but carried nothing is no outcome."""
    breaker = opened()

    assert breaker.started().abandoned().allows(breaker.retry_at)


@given(st.lists(st.tuples(st.sampled_from(["fail", "start", "succeed"]), st.floats(0, 5), chance), max_size=60))
def test_never_waits_longer_than_the_cap(steps: list[tuple[str, float, float]]) -> None:
    """Whatever happens, the next probe is at most the cap away."""
    breaker, now = Breaker(Backoff(0.5, 60)), 0.0
    for step, pause, random in steps:
        now += pause
        if step == "fail":
            breaker = breaker.failed(now, random)
        elif step == "start" and breaker.allows(now):
            breaker = breaker.started()
        else:
            breaker = breaker.succeeded()

        assert breaker.closed or breaker.probe_at <= now + 60
