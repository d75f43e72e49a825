"""An ended span while it waits: one tuple of what it says, without the fourteen objects that the SDK says it with.

Those would leave the processor's cache and be walked by the garbage collector again and again; freed at once, their
memory serves the next span.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, TraceFlags

PressedSpan = tuple[Any, ...]
"""Name, trace id, span id, parent's span id, attributes as a plain dict, kind, status, start, end, scope; then the
resource, and the segment that whoever pressed it gave."""
NAME: Final = 0
SPAN_ID: Final = 2
ATTRIBUTES: Final = 4
STATUS: Final = 6
SEGMENT: Final = 11

_RECORDED: Final = TraceFlags(TraceFlags.SAMPLED)


class _Nothing(tuple[Any, ...]):
    """The events and links of a span that has none, for readers of the SDK's own list; without its lock."""

    __slots__ = ()
    _dq: ClassVar[tuple[Any, ...]] = ()
    dropped: ClassVar[int] = 0


_NOTHING: Final = _Nothing()


class HeldAttributes(Mapping[str, Any]):
    """Attributes of a span that has waited; `_dict` and `dropped` as in the SDK's own container."""

    __slots__ = ("_dict",)
    dropped: ClassVar[int] = 0

    def __init__(self, attributes: dict[str, Any]) -> None:
        self._dict = attributes

    def __getitem__(self, key: str) -> Any:
        return self._dict[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._dict)

    def __len__(self) -> int:
        return len(self._dict)


def pressed(span: ReadableSpan, segment: Any) -> PressedSpan | None:
    """What to keep of a span that has ended; called on the application's thread.

    Returns:
        None where the span has to be kept itself: it has events or links, has lost something, is not the SDK's own, has
        no segment yet, or has no parent in this process (its segment keeps it then in any case).
    """
    if segment is None or type(span) is not ReadableSpan:
        return None
    try:
        # mypy: the SDK types its containers as what they are for readers.
        attributes: Any = span._attributes  # noqa: SLF001 - each property is a call
        events: Any = span._events  # noqa: SLF001
        links: Any = span._links  # noqa: SLF001
        parent: Any = span._parent  # noqa: SLF001
        if parent is None or parent[2]:
            return None
        if events._dq or links._dq or attributes.dropped or events.dropped or links.dropped:  # noqa: SLF001
            return None
        context: Any = span._context  # noqa: SLF001
        return (
            span._name,  # noqa: SLF001
            context[0],  # a tuple: trace id, span id, whether it is remote, …
            context[1],
            parent[1],
            attributes._dict,  # noqa: SLF001
            span._kind,  # noqa: SLF001
            span._status,  # noqa: SLF001
            span._start_time,  # noqa: SLF001
            span._end_time,  # noqa: SLF001
            span._instrumentation_scope,  # noqa: SLF001
            span._resource,  # noqa: SLF001
            segment,
        )
    except (AttributeError, TypeError, IndexError):
        return None


def fields_of(span: ReadableSpan) -> PressedSpan:
    """The same of any span of the SDK, whatever else there is to it; for the thread that encodes it.

    Raises:
        AttributeError: it is not the SDK's, or has no context.
    """
    context, parent = span._context, span._parent  # noqa: SLF001
    return (
        span._name,  # noqa: SLF001
        context.trace_id,  # type: ignore[union-attr] # as said
        context.span_id,  # type: ignore[union-attr]
        None if parent is None else parent.span_id,
        span._attributes._dict,  # type: ignore[union-attr] # noqa: SLF001
        span._kind,  # noqa: SLF001
        span._status,  # noqa: SLF001
        span._start_time,  # noqa: SLF001
        span._end_time,  # noqa: SLF001
        span._instrumentation_scope,  # noqa: SLF001
        span._resource,  # noqa: SLF001
        None,
    )


def unpressed(kept: ReadableSpan | PressedSpan) -> ReadableSpan:
    """The span again, for who has to read it as one; its contexts say "sampled" and have no trace state."""
    if type(kept) is not tuple:
        return kept  # type: ignore[return-value] # mypy does not see that it is none
    name, trace_id, span_id, parent_id, attributes, kind, status, start, end, scope, resource, _ = kept
    return ReadableSpan(
        name=name,
        context=SpanContext(trace_id, span_id, is_remote=False, trace_flags=_RECORDED),
        parent=SpanContext(trace_id, parent_id, is_remote=False, trace_flags=_RECORDED),
        resource=resource,
        attributes=HeldAttributes(attributes),
        events=_NOTHING,
        links=_NOTHING,
        kind=kind,
        status=status,
        start_time=start,
        end_time=end,
        instrumentation_scope=scope,
    )
