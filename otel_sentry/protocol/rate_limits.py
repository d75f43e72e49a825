"""Which categories Sentry wants no more of, and until when. Pure: the present is an argument.

Source: develop docs "rate limiting"; Relay's `rate_limits.rs`. Moments are seconds of one monotonic clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from otel_sentry.protocol.item_kinds import Category

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_RETRY_AFTER_SECONDS: Final = 60.0
"""How long a 429 holds that does not say how long."""
MAX_RETRY_AFTER_SECONDS: Final = 86_400.0
"""Longest limit that is believed; beyond it a header is taken for damaged."""

_ALSO_BLOCKED_BY: Final = {
    Category.LOG_ITEM: Category.LOG_BYTE,
    Category.TRACE_METRIC: Category.TRACE_METRIC_BYTE,
}
"""Items that Sentry limits by number and by bytes."""
_TOO_MANY_REQUESTS: Final = 429
_CATEGORIES: Final = {category.value: category for category in Category}


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Limits in force.

    Args:
        until: category → moment at which it is welcome again; None stands for every category.
    """

    until: Mapping[Category | None, float] = field(default_factory=lambda: MappingProxyType({}))

    def blocked_until(self, category: Category, now: float) -> float | None:
        """Moment until which `category` must wait, or None when it may be sent now.

        `internal` (client reports) is never limited by itself; a limit on everything holds for it too.
        """
        if not self.until:
            return None
        moments = (self.until.get(name, 0.0) for name in (None, category, _ALSO_BLOCKED_BY.get(category, category)))
        latest = max(moments)
        return latest if latest > now else None

    def merged(self, others: Mapping[Category | None, float], now: float) -> RateLimits:
        """These limits and `others`; the later end wins, what is over is forgotten."""
        ends = {category: end for category, end in self.until.items() if end > now}
        for category, end in others.items():
            if end > now:
                ends[category] = max(end, ends.get(category, end))
        return RateLimits(MappingProxyType(ends))

    def next_end(self, now: float) -> float | None:
        """The first moment at which a limit ends, or None without limits."""
        return min((end for end in self.until.values() if end > now), default=None)


def limits_told(status: int, headers: Mapping[str, str], *, now: float, date: float) -> dict[Category | None, float]:
    """Limits that an answer tells of, whatever its status.

    Args:
        status: HTTP status.
        headers: of the answer, names in lower case.
        now: monotonic seconds.
        date: seconds since the epoch, for a `Retry-After` that names a date.

    Returns:
        Category (None: all) → monotonic moment at which the limit ends.
    """
    told = headers.get("x-sentry-rate-limits")
    if told:
        limits: dict[Category | None, float] = {}
        for category, seconds in _parsed(told):
            limits[category] = max(now + seconds, limits.get(category, 0.0))
        return limits
    if status != _TOO_MANY_REQUESTS:
        return {}
    seconds_told = retry_after(headers, date)
    return {None: now + (DEFAULT_RETRY_AFTER_SECONDS if seconds_told is None else seconds_told)}


def retry_after(headers: Mapping[str, str], date: float) -> float | None:
    """Seconds that `Retry-After` asks for, given as seconds or as an HTTP date; None when it says nothing usable."""
    text = headers.get("retry-after", "").strip()
    seconds = _seconds(text)
    if seconds is not None or not text:
        return seconds
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0.0, moment - date), MAX_RETRY_AFTER_SECONDS)


def _parsed(header: str) -> Iterator[tuple[Category | None, float]]:
    """Category and seconds of each entry `seconds:cat;cat:scope:reason`; entries that make no sense are skipped."""
    for entry in header.split(","):
        seconds_text, _, rest = entry.strip().partition(":")
        seconds = _seconds(seconds_text)
        if seconds is None or ":" not in entry:
            continue
        names = [name for name in rest.partition(":")[0].strip().split(";") if name]
        if not names:
            yield None, seconds
        # A limit whose categories are all unknown is not for us: unlike an empty list it must not stop everything.
        for name in names:
            if name.strip().lower() in _CATEGORIES:
                yield _CATEGORIES[name.strip().lower()], seconds


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return min(seconds, MAX_RETRY_AFTER_SECONDS)
