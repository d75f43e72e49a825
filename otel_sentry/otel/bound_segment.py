"""A segment as the spans inside a `use_wallet` block see it: the same in everything but the user.

So that a batch that works for many wallets at once gives each span its own block's, at any depth, at no cost for
segments without such blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_sentry.identity.user import NOBODY
from otel_sentry.otel.segments import Segment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.identity.user import Identity


class BoundSegment(Segment):
    """Stands for `segment` inside a block; whatever is learnt, the segment learns.

    Its inherited slots stay empty, so that reading them falls through to the segment.
    """

    __slots__ = ("_segment", "own")

    def __init__(self, segment: Segment, own: Identity) -> None:
        self._segment = segment
        self.own = own
        self.has_blocks = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._segment, name)

    @property
    def identity(self) -> Identity | None:
        """The block's wallet, and what the segment knows besides; `NOBODY` after a logout."""
        known = self._segment.identity
        return known.merged(self.own) if known is not None and self.own else self.own

    @property
    def plain(self) -> Segment:
        """The segment itself."""
        return self._segment

    def dsc(self) -> Mapping[str, str]:
        """The trace's own."""
        return self._segment.dsc()

    def learn(self, identity: Identity) -> None:
        """Tell the segment."""
        self._segment.learn(identity)

    def bind(self, identity: Identity) -> None:
        """Tell the segment."""
        self._segment.bind(identity)

    def forget_identity(self) -> None:
        """Tell the segment."""
        self._segment.forget_identity()

    def close(self, ended: ReadableSpan) -> None:
        """Tell the segment."""
        self._segment.close(ended)


def bound_to(segment: Segment, own: Identity | None) -> Segment:
    """`segment` as a span sees it whose block binds `own`; None outside of any block."""
    plain = segment.plain
    if own is None:
        return plain
    if isinstance(segment, BoundSegment) and segment.own is own:
        return segment
    return BoundSegment(plain, own)


def identity_in(segment: Segment, on_root: Identity | None) -> Identity:
    """Whose the spans of `segment` are that carry no identity themselves.

    Args:
        segment: of those spans.
        on_root: what the attributes of the local root say at this moment.
    """
    known = segment.identity or NOBODY
    if on_root is None or segment.several:
        return known
    if isinstance(segment, BoundSegment):
        return on_root.merged(known) if known else known
    return known.merged(on_root)
