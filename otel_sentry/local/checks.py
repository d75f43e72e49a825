"""Is this envelope one that Sentry's ingest takes? Counts, sizes and headers; payloads are checked next door. Pure.

Sentry refuses over-large envelopes with 413 and drops bad items later, in silence; here every reason is told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.local.container_checks import CONTENT_TYPES, container_findings
from otel_sentry.local.event_checks import payload_findings
from otel_sentry.local.fields import Consequence, Finding, Problem, object_findings, shown, timestamp, uuid
from otel_sentry.local.shapes import DSC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from otel_sentry.protocol.envelope import Envelope, EnvelopeItem

__all__ = ["Consequence", "Problem", "check_envelope"]

_KIB: Final = 1 << 10
_MIB: Final = 1 << 20
_MAX_ITEMS: Final = 500


@dataclass(frozen=True, slots=True)
class Limit:
    """What one envelope may hold of a group of item types.

    Attributes:
        item_bytes: of one item; of a container, its bytes divided by its `item_count`.
        count: items.
        total_bytes: of all of them.
    """

    item_bytes: int
    count: int
    total_bytes: int


_LIMITS: Final = {
    "event": Limit(_MIB, 1, _MIB),
    "attachment": Limit(200 * _MIB, 30, 200 * _MIB),
    "replay_recording": Limit(10 * _MIB, 1, 10 * _MIB),
    "replay_video": Limit(10 * _MIB, 1, 10 * _MIB),
    "session": Limit(10 * _MIB, 100, 10 * _MIB),
    "client_report": Limit(100 * _KIB, 100, 100 * _KIB),
    "profile": Limit(50 * _MIB, 1, 50 * _MIB),
    "check_in": Limit(100 * _KIB, 1, 100 * _KIB),
    "log": Limit(2 * _MIB, 1, 12 * _MIB),
    "trace_metric": Limit(_MIB, 1, 12 * _MIB),
    "span": Limit(10 * _MIB, 1, 12 * _MIB),
    "single span": Limit(10 * _MIB, 25, 12 * _MIB),
}
"""Group → limit. Source: Relay's `sizes.rs` with the defaults of its configuration, 26.9."""

_GROUP_OF_TYPE: Final = {
    **dict.fromkeys(("event", "transaction", "feedback", "replay_event", "security", "form_data"), "event"),
    **dict.fromkeys(("attachment", "user_report"), "attachment"),
    **dict.fromkeys(("session", "sessions"), "session"),
    **dict.fromkeys(("profile", "profile_chunk"), "profile"),
    **{kind: kind for kind in ("replay_recording", "replay_video", "client_report", "check_in", "log", "trace_metric")},
    "span": "span",
}
_NEED_EVENT_ID: Final = frozenset(("event", "transaction", "feedback", "replay_event"))
_WITHOUT_TRACE: Final = frozenset(("log", "trace_metric"))


def check_envelope(envelope: Envelope, now: float | None = None) -> list[Problem]:
    """Everything that Sentry's ingest would refuse, drop or strip, in the order of the envelope.

    Args:
        envelope: as parsed.
        now: epoch seconds that times are compared with; None does not compare.

    Returns:
        Nothing when all is well. `Problem.consequence` says what Sentry does; a caller that only asks whether the
        envelope is taken looks for anything but `Consequence.TRIMMED`.
    """
    problems = [*_header_problems(envelope), *_size_problems(envelope.items)]
    dsc = envelope.headers.get("trace")
    for index, item in enumerate(envelope.items):
        found = _item_findings(item, dsc if isinstance(dsc, dict) else None, now)
        problems += (Problem(index, path, reason, consequence) for path, reason, consequence in found)
    return problems


def _is_container(item: EnvelopeItem) -> bool:
    """Logs and metrics have no other form; a span without count or content type is one of the older, single ones."""
    return item.type in CONTENT_TYPES and (
        item.type != "span" or item.headers.get("content_type") is not None or "item_count" in item.headers
    )


def _item_findings(item: EnvelopeItem, dsc: dict[str, Any] | None, now: float | None) -> Iterable[Finding]:
    if _is_container(item):
        return container_findings(item, dsc, now)
    if item.type in _GROUP_OF_TYPE:
        return payload_findings(item.type, item.payload, now)
    reason = f"{shown(item.type)} is an item type that Sentry does not know"
    return [("item header.type", reason, Consequence.TRIMMED)]


def _header_problems(envelope: Envelope) -> Iterator[Problem]:
    headers = envelope.headers
    types = {item.type for item in envelope.items}
    if not envelope.items:
        yield Problem(None, "envelope", "holds no item", Consequence.TRIMMED)
    for key, check in (("event_id", uuid), ("sent_at", timestamp)):
        if headers.get(key) is not None and (reason := check(headers[key])) is not None:
            yield Problem(None, f"envelope header.{key}", reason)
    if types & _NEED_EVENT_ID and headers.get("event_id") is None:
        kinds = ", ".join(sorted(types & _NEED_EVENT_ID))
        yield Problem(None, "envelope header.event_id", f"is missing, needed for {kinds}", Consequence.TRIMMED)
    yield from _trace_problems(envelope, types)


def _trace_problems(envelope: Envelope, types: set[str]) -> Iterator[Problem]:
    """The dynamic sampling context: there for span containers, not there for logs and metrics, and consistent."""
    trace = envelope.headers.get("trace")
    has_spans = any(item.type == "span" and _is_container(item) for item in envelope.items)
    consequence = Consequence.REFUSED if has_spans else Consequence.TRIMMED
    path = "envelope header.trace"
    if trace is None:
        if has_spans:
            yield Problem(None, path, "is missing: a span container needs the dynamic sampling context", consequence)
        return
    for where, found, _ in object_findings(trace, DSC, path):
        yield Problem(None, where, found, consequence)
    if types & _WITHOUT_TRACE and not has_spans:
        yield Problem(None, path, "must be absent: logs and metrics belong to many traces", Consequence.TRIMMED)
    if isinstance(trace, dict) and (reason := _unequal_decision(trace)) is not None:
        yield Problem(None, f"{path}.sampled", reason, Consequence.TRIMMED)


def _unequal_decision(dsc: dict[str, Any]) -> str | None:
    """`sampled` ⇔ `sample_rand` < `sample_rate`, when all three are told."""
    try:
        rate, rand = float(dsc["sample_rate"]), float(dsc["sample_rand"])
        sampled = {"true": True, "false": False}[str(dsc["sampled"]).lower()]
    except (KeyError, ValueError, TypeError):
        return None
    if sampled is (rand < rate):
        return None
    return (
        f"is {shown(dsc['sampled'])}, but sample_rand {shown(dsc['sample_rand'])} against {shown(dsc['sample_rate'])}"
    )


def _size_problems(items: list[EnvelopeItem]) -> Iterator[Problem]:
    if len(items) > _MAX_ITEMS:
        yield Problem(None, "envelope", f"holds {len(items)} items, allowed are {_MAX_ITEMS}", Consequence.TOO_LARGE)
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for index, item in enumerate(items):
        group = _group(item)
        if group is None:
            continue
        counts[group] += 1
        sizes[group] += len(item.payload)
        for reason in _size_reasons(item, _LIMITS[group], counts[group], sizes[group]):
            yield Problem(index, item.type, reason, Consequence.TOO_LARGE)


def _group(item: EnvelopeItem) -> str | None:
    group = _GROUP_OF_TYPE.get(item.type)
    return "single span" if group == "span" and not _is_container(item) else group


def _size_reasons(item: EnvelopeItem, limit: Limit, count: int, size: int) -> Iterator[str]:
    parts = item.headers.get("item_count")
    average = len(item.payload) // max(parts, 1) if isinstance(parts, int) else len(item.payload)
    if average > limit.item_bytes:
        yield f"has {average} bytes each, allowed are {limit.item_bytes}"
    if count > limit.count:
        yield f"is number {count} of its kind, an envelope may hold {limit.count}"
    if size > limit.total_bytes:
        yield f"makes {size} bytes of its kind, an envelope may hold {limit.total_bytes}"
