"""Limits that Sentry tells of: read, merged, asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.protocol.item_kinds import Category
from otel_sentry.protocol.rate_limits import MAX_RETRY_AFTER_SECONDS, RateLimits, limits_told, retry_after

NOW, DATE = 1000.0, 1_795_324_768.0


def told(header: str, status: int = 200) -> dict[Category | None, float]:
    """Limits of an answer with `X-Sentry-Rate-Limits`, as seconds from now."""
    limits = limits_told(status, {"x-sentry-rate-limits": header}, now=NOW, date=DATE)
    return {category: end - NOW for category, end in limits.items()}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("60:error:project", {Category.ERROR: 60}, id="one category"),
        pytest.param("60:error;span:org:quota", {Category.ERROR: 60, Category.SPAN: 60}, id="several categories"),
        pytest.param("60:error:org, 30:span:org", {Category.ERROR: 60, Category.SPAN: 30}, id="several entries"),
        pytest.param("2.5:error:key", {Category.ERROR: 2.5}, id="fractions of a second"),
        pytest.param("60::organization", {None: 60}, id="no category means all"),
        pytest.param("60:metric_bucket:organization:quota:custom", {}, id="an unknown category is not for us"),
        pytest.param("60:metric_bucket;error:org", {Category.ERROR: 60}, id="a known category beside an unknown one"),
        pytest.param("10:error:org, 60:error:key", {Category.ERROR: 60}, id="the later end wins"),
        pytest.param("60:error:org, 10:error:key", {Category.ERROR: 60}, id="the later end wins in any order"),
        pytest.param("x:error:org, 5:span:org", {Category.SPAN: 5}, id="an entry without a number is skipped"),
        pytest.param("nan:error, inf:error, -5:error", {}, id="numbers that are none"),
        pytest.param("1e30:error:org", {Category.ERROR: MAX_RETRY_AFTER_SECONDS}, id="never longer than a day"),
        pytest.param("60", {}, id="an entry without categories at all"),
        pytest.param(" 60 : ERROR : org ", {Category.ERROR: 60}, id="blanks and case"),
    ],
)
def test_reads_the_header(header: str, expected: dict[Category | None, float]) -> None:
    """Each entry of the header limits the categories it names."""
    assert told(header) == expected


@pytest.mark.parametrize("status", [200, 429, 503])
def test_the_header_holds_on_any_status(status: int) -> None:
    """`X-Sentry-Rate-Limits` counts whatever the answer was."""
    assert told("60:error:org", status) == {Category.ERROR: 60}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, 60, id="nothing said"),
        pytest.param({"retry-after": "7"}, 7, id="seconds"),
        pytest.param({"retry-after": "0.5"}, 0.5, id="fractions"),
        pytest.param({"retry-after": "soon"}, 60, id="nonsense"),
        pytest.param({"retry-after": "Sun, 22 Nov 2026 05:20:28 GMT"}, 60, id="a date"),
        pytest.param({"retry-after": "Sun, 22 Nov 2020 05:20:28 GMT"}, 0, id="a date that is over"),
    ],
)
def test_a_429_without_the_header_limits_everything(headers: dict[str, str], seconds: float) -> None:
    """Old servers and proxies limit with 429 and `Retry-After`, a minute by default."""
    assert limits_told(429, headers, now=NOW, date=DATE) == ({None: NOW + seconds})


def test_other_answers_tell_of_no_limit() -> None:
    """`Retry-After` on another status is no rate limit."""
    assert limits_told(503, {"retry-after": "7"}, now=NOW, date=DATE) == {}


def test_retry_after_of_a_failing_server_is_readable() -> None:
    """The seconds a 503 asks for are available to whoever retries."""
    assert retry_after({"retry-after": "7"}, DATE) == 7


@pytest.mark.parametrize(
    ("limits", "category", "until"),
    [
        pytest.param({}, Category.ERROR, None, id="no limit"),
        pytest.param({Category.ERROR: NOW + 5}, Category.ERROR, NOW + 5, id="its own"),
        pytest.param({Category.ERROR: NOW + 5}, Category.SPAN, None, id="another's"),
        pytest.param({None: NOW + 5}, Category.SPAN, NOW + 5, id="everything"),
        pytest.param({None: NOW + 5}, Category.INTERNAL, NOW + 5, id="everything, client reports included"),
        pytest.param({Category.ERROR: NOW}, Category.ERROR, None, id="just over"),
        pytest.param({Category.LOG_BYTE: NOW + 5}, Category.LOG_ITEM, NOW + 5, id="logs by bytes"),
        pytest.param({None: NOW + 5, Category.SPAN: NOW + 9}, Category.SPAN, NOW + 9, id="the later of two"),
    ],
)
def test_knows_what_must_wait(limits: dict[Category | None, float], category: Category, until: float | None) -> None:
    """A category waits for the last limit that concerns it."""
    assert RateLimits(limits).blocked_until(category, NOW) == until


ends = st.dictionaries(st.sampled_from([None, *Category]), st.floats(NOW - 100, NOW + 100))


@given(ends, ends)
def test_merging_never_shortens(one: dict[Category | None, float], other: dict[Category | None, float]) -> None:
    """After a merge every category waits at least as long as before and as the news say."""
    merged = RateLimits(one).merged(other, NOW)

    for category in Category:
        waits = [limits.blocked_until(category, NOW) or 0 for limits in (RateLimits(one), RateLimits(other))]
        assert (merged.blocked_until(category, NOW) or 0) == max(waits)


@given(st.text(max_size=200))
def test_no_header_breaks_the_reader(header: str) -> None:
    """Whatever a server sends, limits are finite and in the future."""
    for seconds in told(header).values():
        assert 0 <= seconds <= MAX_RETRY_AFTER_SECONDS


def test_tells_when_the_next_limit_ends() -> None:
    """The next end is what a sender sleeps until."""
    limits = RateLimits({Category.ERROR: NOW + 5, None: NOW + 3, Category.SPAN: NOW - 1})

    assert (limits.next_end(NOW), RateLimits().next_end(NOW)) == (NOW + 3, None)


def test_a_merge_keeps_the_later_end_and_forgets_what_is_over() -> None:
    """News and what was known before count alike."""
    known = RateLimits({Category.ERROR: NOW + 5, Category.SPAN: NOW - 1})
    merged = known.merged({Category.ERROR: NOW + 3, Category.LOG_ITEM: NOW + 1, None: NOW - 1}, NOW)

    assert merged.until == {Category.ERROR: NOW + 5, Category.LOG_ITEM: NOW + 1}
