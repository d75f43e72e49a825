"""An ended span while it waits: what it says, without the fourteen objects that the SDK says it with.

Those would leave the processor's cache and be walked by the garbage collector again and again; freed at once, their
memory serves the next span.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from opentelemetry.sdk.trace import ReadableSpan

PressedSpan = tuple[Any, ...]
"""Arguments of `ReadableSpan`, in order; the attributes as a plain dict."""


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


def pressed(span: ReadableSpan) -> ReadableSpan | PressedSpan:
    """What to keep of a span that has ended; called on the application's thread.

    Returns:
        The span itself where it has events or links, has lost something, or is not the SDK's own.
    """
    if type(span) is not ReadableSpan:
        return span
    try:
        # mypy: the SDK types its containers as what they are for readers.
        attributes: Any = span._attributes  # noqa: SLF001 - each property is a call
        events: Any = span._events  # noqa: SLF001
        links: Any = span._links  # noqa: SLF001
        if events._dq or links._dq or attributes.dropped or events.dropped or links.dropped:  # noqa: SLF001
            return span
        return (  # noqa: TRY300 - a branch of its own would be one more step for each span
            span._name,  # noqa: SLF001
            span._context,  # noqa: SLF001
            span._parent,  # noqa: SLF001
            span._resource,  # noqa: SLF001
            attributes._dict,  # noqa: SLF001
            _NOTHING,
            _NOTHING,
            span._kind,  # noqa: SLF001
            span._instrumentation_info,  # noqa: SLF001
            span._status,  # noqa: SLF001
            span._start_time,  # noqa: SLF001
            span._end_time,  # noqa: SLF001
            span._instrumentation_scope,  # noqa: SLF001
        )
    except AttributeError:
        return span


def unpressed(kept: ReadableSpan | PressedSpan) -> ReadableSpan:
    """The span again; for the thread that encodes it."""
    if type(kept) is not tuple:
        return kept  # type: ignore[return-value] # mypy does not see that it is none
    span: Any = ReadableSpan(*kept)
    span._attributes = HeldAttributes(span._attributes)  # noqa: SLF001 - half the time of taking the tuple apart first
    return span  # type: ignore[no-any-return]
