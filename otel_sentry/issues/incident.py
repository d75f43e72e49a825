"""An incident: one exception on its way to becoming an issue, held as payload. Values only; never the exception."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from otel_sentry.issues.segment_view import SegmentView
    from otel_sentry.issues.sketch import Sketch

COMPARED_LINES: Final = 5
"""Lines nearest to the raise in which an exception and its text have to agree to be taken for the same."""


class Source(Enum):
    """Who saw the exception first."""

    SPAN = "span"
    """It left a span, alive."""
    TEXT = "text"
    """Only what a span says of it is known."""
    SDK = "sdk"
    """sentry-sdk captured it: the event is sentry-sdk's."""


@dataclass(frozen=True, slots=True)
class SpanLink:
    """The innermost span that saw the exception; ids as numbers, `parent` None for the root of a trace."""

    trace_id: int
    span_id: int
    parent: int | None


@dataclass(frozen=True, slots=True)
class Raise:
    """What an exception and its text have in common.

    Attributes:
        type: module-qualified; builtins and `__main__` without module, as a traceback prints them.
        message: without notes.
        lines: file and line of the frames nearest to the raise, last first.
    """

    type: str
    message: str
    lines: tuple[tuple[str, int], ...]

    def tells_of(self, live: Raise) -> bool:
        """Whether text can be of a live exception; where one knows fewer lines, those decide."""
        if self.type != live.type or not f"{self.message}\n".startswith(f"{live.message}\n"):
            return False
        known = min(len(self.lines), len(live.lines))
        return self.lines[:known] == live.lines[:known]


@dataclass(slots=True, eq=False)
class Incident:
    """One exception on its way.

    Attributes:
        token: 32 hex digits; the mark on the exception, and the event's id unless sentry-sdk gave one.
        source: who saw it first.
        link: innermost span that saw it; None outside of spans.
        segment: local root it happened under, as its span sees it; None if unknown.
        seen: when.
        due: monotonic second at which it goes out whatever is still unknown.
        raised: what its text would say.
        escaped: it has left its local root.
        root_failed: the local root ended with the status of a failure; None before it ended.
        event: payload, of `SPAN` and `TEXT`; without its exceptions as long as there is a sketch.
        sketch: of the exceptions.
        event_id: id of the event that will carry it.
        context: context variables of the moment, so that scopes are found again.
        name: of the transaction, as the event was told it.
        fingerprint: how the span groups it; empty if it does not say.
        hint: for the hooks of sentry-sdk.
        envelope: finished envelope of sentry-sdk that waits here, of `SDK`.
        forward: sends that envelope on.
        frames: frames of the traceback that the payload has.
        wrapper: incident that takes this one in: its exception has this one as cause, context or member.
        is_bystander: that is so only because this one was being handled.
        passes: spans that it has left or may leave next: their text may be about it.
        told: who has told of it in text: spans by their id, logs of a span by minus its id.
        size: bytes of the payload, roughly.
        gone: it has been sent or dropped; the rest is kept to recognise its text.
    """

    token: str
    source: Source
    link: SpanLink | None
    segment: SegmentView | None
    seen: datetime
    due: float
    raised: Raise | None = None
    escaped: bool = False
    root_failed: bool | None = None
    event: dict[str, Any] | None = None
    sketch: Sketch | None = None
    event_id: str = ""
    context: contextvars.Context | None = None
    name: str = ""
    fingerprint: list[str] = field(default_factory=list)
    hint: dict[str, Any] = field(default_factory=dict)
    envelope: Any = None
    forward: Callable[[Any], None] | None = None
    frames: int = 0
    wrapper: Incident | None = None
    is_bystander: bool = False
    passes: set[int] = field(default_factory=set)
    told: set[int] = field(default_factory=set)
    size: int = 0
    gone: bool = False

    def pass_through(self, link: SpanLink) -> None:
        """Note that the exception was seen in a span."""
        self.passes.add(link.span_id)
        if link.parent is not None:
            self.passes.add(link.parent)

    @property
    def home(self) -> SegmentView | None:
        """The local root itself."""
        return self.segment.plain if self.segment is not None else None

    def outermost(self) -> Incident:
        """The incident that speaks for this one."""
        found = self
        while found.wrapper is not None:
            found = found.wrapper
        return found

    def forget(self) -> None:
        """Let everything go that is not needed to recognise it again."""
        self.gone = True
        self.event = self.envelope = self.forward = self.context = self.wrapper = self.segment = None
        self.sketch = None
        self.hint = {}
