"""Limits, breaker and pace together, on a clock that the test turns."""

from __future__ import annotations

import pytest

from otel_sentry.delivery.rules.pacing import Backlog
from otel_sentry.delivery.rules.retry import Backoff
from otel_sentry.delivery.rules.traffic import Traffic
from otel_sentry.delivery.rules.verdict import Verdict
from otel_sentry.delivery.wire.message import Answer
from otel_sentry.protocol.item_kinds import Category, LossReason

DATE = 1_795_324_768.0


@pytest.fixture
def traffic() -> Traffic:
    """Lights without chance."""
    return Traffic(lambda: 0.5, Backoff(1, 60))


def broken(traffic: Traffic, now: float = 0.0) -> Traffic:
    """Let the destination fail until the breaker opens."""
    for _ in range(2):
        traffic.failed(now)
    return traffic


def test_flows_at_first(traffic: Traffic) -> None:
    """Nothing is known against the destination."""
    assert (traffic.flowing, traffic.connectable(0), traffic.is_late(Category.SPAN, 0)) == (True, True, False)


def test_an_outage_makes_everything_late(traffic: Traffic) -> None:
    """What arrives while the breaker is open has to wait, for a reason that can be counted."""
    broken(traffic)

    assert traffic.is_late(Category.ERROR, 0)
    assert traffic.why_waiting(Category.ERROR, 0) is LossReason.NETWORK_ERROR


def test_a_limit_makes_only_its_category_late(traffic: Traffic) -> None:
    """Errors go on while spans wait."""
    judged = traffic.answered(Answer(429, {"x-sentry-rate-limits": "60:span:org"}), 0, DATE)

    assert judged is Verdict.LATER
    assert [traffic.is_late(category, 1) for category in (Category.SPAN, Category.ERROR)] == [True, False]
    assert traffic.why_waiting(Category.SPAN, 1) is LossReason.RATELIMIT_BACKOFF
    assert not traffic.is_late(Category.SPAN, 61)


def test_a_429_shows_that_the_destination_works(traffic: Traffic) -> None:
    """A limit is no outage."""
    broken(traffic).answered(Answer(429, {}), 5, DATE)

    assert traffic.flowing


@pytest.mark.parametrize("asked", ["30", "Sun, 22 Nov 2026 05:19:58 GMT"], ids=["seconds", "date"])
def test_a_503_is_asked_again_when_it_says(traffic: Traffic, asked: str) -> None:
    """Retry-After of a failing server holds for the whole destination."""
    traffic.answered(Answer(503, {"retry-after": asked}), 0, DATE)

    assert [traffic.connectable(now) for now in (0, 29, 33)] == [False, False, True]


def test_a_proxy_cannot_silence_us_for_a_day(traffic: Traffic) -> None:
    """An hour is the longest pause that a failing server may ask for."""
    traffic.answered(Answer(503, {"retry-after": "86400"}), 0, DATE)

    assert traffic.connectable(3600 * 1.1)


def test_a_backlog_waits_for_its_pace_while_live_traffic_flows(traffic: Traffic) -> None:
    """After an outage of 100 s with 100 late parcels, less than one goes per second."""
    broken(traffic).answered(Answer(200, {}), 100, DATE)
    sent = 0
    for tenth in range(1000):
        now = 100 + tenth / 10
        if traffic.backlog_may_go(Backlog.grown(100 - sent, 100.0), now):
            traffic.backlog_sent(now)
            sent += 1

    assert 65 <= sent <= 75


def test_one_piece_of_the_backlog_is_the_probe(traffic: Traffic) -> None:
    """While the breaker is open the backlog itself finds out whether the outage is over."""
    broken(traffic)
    backlog = Backlog.grown(5, 1.0)

    assert [traffic.backlog_may_go(backlog, now) for now in (0.1, 60.0)] == [False, True]
    traffic.started()
    assert not traffic.backlog_may_go(backlog, 60.0)


def test_tells_when_something_changes(traffic: Traffic) -> None:
    """The next probe or the end of a limit is what the delivery thread sleeps until."""
    assert traffic.next_change(0) is None
    broken(traffic)
    assert 0 < (traffic.next_change(0) or 0) <= 60
    traffic.answered(Answer(200, {"x-sentry-rate-limits": "60:span:org"}), 5, DATE)
    assert traffic.next_change(5) == 65


def test_a_pace_that_is_due_hides_no_limit(traffic: Traffic) -> None:
    """When the backlog could go already, the end of a limit is still waited for."""
    traffic.answered(Answer(200, {"x-sentry-rate-limits": "60:span:org"}), 0, DATE)
    traffic.backlog_may_go(Backlog(1, 1.0), 0.0)

    assert traffic.next_change(30) == 60


def test_the_end_of_a_limit_changes_the_pace(traffic: Traffic) -> None:
    """A large backlog that a limit held up is not sent at the pace of the small one beside it."""
    traffic.answered(Answer(200, {"x-sentry-rate-limits": "60:span:org"}), 0, DATE)
    assert not traffic.backlog_may_go(Backlog(1, 0.01), 0.0)
    started = 61.0
    while not traffic.backlog_may_go(Backlog(600, 10.0), started):
        started += 0.01

    assert started < 62
