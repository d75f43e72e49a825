"""The list of span processors of a provider that we make: one that stands alone is called without a list between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.trace import SynchronousMultiSpanProcessor

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

_HOOKS: Final = ("on_start", "_on_ending", "on_end")
"""What the SDK calls for each span."""


class DirectSpanProcessor(SynchronousMultiSpanProcessor):
    """The SDK's list, whose hooks are those of its processor while there is one: three calls and loops less a span.

    For `TracerProvider(active_span_processor=…)`. Processors may be added, and the list replaced, at any time; a hook
    that is replaced on a processor afterwards is not seen while that processor stands alone.
    """

    def __init__(self) -> None:
        self._all: tuple[SpanProcessor, ...] = ()
        super().__init__()  # type: ignore[no-untyped-call]

    @property
    def _span_processors(self) -> tuple[SpanProcessor, ...]:
        return self._all

    @_span_processors.setter
    def _span_processors(self, processors: tuple[SpanProcessor, ...]) -> None:
        self._all = processors
        for hook in _HOOKS:
            if len(processors) == 1:
                setattr(self, hook, getattr(processors[0], hook))
            else:
                self.__dict__.pop(hook, None)
