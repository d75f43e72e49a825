"""What the issues room needs to know of a local root. The `otel` room has the class; here is only its shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from otel_sentry.identity.user import Identity


class VerdictView(Protocol):
    """Whether Sentry keeps a trace."""

    @property
    def sampled(self) -> bool:
        """The decision."""


class SegmentView(Protocol):
    """A local root span and what its tree shares; read from any thread, written by nobody here. Weakly referable."""

    trace_id: int
    span_id: int

    several: bool
    """It has seen more than one user, so that what it knows of them is nobody's."""

    @property
    def plain(self) -> SegmentView:
        """The segment itself, also of one as the spans inside a `use_wallet` block see it."""

    @property
    def root(self) -> Any:
        """The live root span; None once it has ended."""

    @property
    def identity(self) -> Identity | None:
        """Who the user is, as far as any span has told."""

    @property
    def verdict(self) -> VerdictView:
        """Whether Sentry keeps the trace."""

    @property
    def name(self) -> str:
        """The root's current name."""

    @property
    def replay_id(self) -> str | None:
        """Session replay that the request belongs to."""

    def dsc(self) -> Mapping[str, str]:
        """The trace's dynamic sampling context; freezes it."""


def is_open(segment: SegmentView | None) -> bool:
    """Whether the local root goes on; not while it is ending."""
    root = segment.root if segment is not None else None
    return root is not None and root.is_recording()


SegmentOf = Callable[[object], "SegmentView | None"]
"""Gives the segment of a live span; None for spans that our span processor has not seen."""
