"""Histograms that remember what was measured, for Sentry's distributions: all of it up to a bound, then a sample.

`SampledHistogram` belongs to one reader: what other backends get on the same provider stays as it is.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import trace
from opentelemetry.sdk.metrics import Exemplar, ExemplarReservoir
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation

from otel_sentry.convert.samples import MAX_SAMPLES

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.util.types import Attributes

MAX_SAMPLES_IN_ALL: Final = 50_000
"""Measurements remembered between two exports, of all histograms together; about ten megabytes."""
_PORTION: Final = 50

Measured = tuple[float, int, "int | None", "int | None"]
"""Value, nanoseconds since 1970, span id, trace id."""


class SampleBudget:
    """How many measurements may still be remembered, by all histograms of one reader together.

    Args:
        size: in all.
    """

    def __init__(self, size: int = MAX_SAMPLES_IN_ALL) -> None:
        self._left = size
        self._lock = threading.Lock()

    def take(self) -> int:
        """Room for some more; 0 when there is none."""
        with self._lock:
            portion = min(_PORTION, self._left)
            self._left -= portion
            return portion

    def give_back(self, room: int) -> None:
        """Room that is free again."""
        with self._lock:
            self._left += room


class SampleReservoir(ExemplarReservoir):
    """The measurements of one data point: all of them up to `MAX_SAMPLES`, beyond that each with the same chance.

    Args:
        budget: shared by the histograms of a reader.
        chance: gives a random integer below its argument.
        parameters: of the aggregation; not needed.
    """

    def __init__(
        self, budget: SampleBudget, chance: Callable[[int], int] = random.randrange, **parameters: Any
    ) -> None:
        del parameters
        self._budget = budget
        self._chance = chance
        self._lock = threading.Lock()
        self._kept: list[Measured] = []
        self._room = 0
        self._seen = 0

    def offer(self, value: float, time_unix_nano: int, attributes: Attributes, context: Context) -> None:
        """Remember a measurement, perhaps in place of another; called on the application's thread."""
        del attributes
        span = trace.get_current_span(context).get_span_context()
        ids = (span.span_id, span.trace_id) if span.is_valid else (None, None)
        with self._lock:
            self._seen += 1
            kept = self._kept
            if len(kept) < MAX_SAMPLES and self._has_room():
                kept.append((value, time_unix_nano, *ids))
                return
            place = self._chance(self._seen)
            if place < len(kept):
                kept[place] = (value, time_unix_nano, *ids)

    def collect(self, point_attributes: Attributes) -> list[Exemplar]:
        """What was remembered since the last time; called by the reader."""
        del point_attributes
        with self._lock:
            kept, room = self._kept, self._room
            self._kept, self._room, self._seen = [], 0, 0
        if room:
            self._budget.give_back(room)
        return [Exemplar({}, value, time, span_id, trace_id) for value, time, span_id, trace_id in kept]

    def _has_room(self) -> bool:
        if len(self._kept) >= self._room:
            self._room += self._budget.take()
        return len(self._kept) < self._room


class SampledHistogram(ExplicitBucketHistogramAggregation):
    """OpenTelemetry's histogram with a `SampleReservoir` that is offered every measurement.

    As a reader's aggregation of histograms it needs no view and no exemplar filter on the provider. A view with an
    aggregation of its own takes precedence over it, as the specification has it.

    Args:
        budget: shared by the histograms of a reader.
    """

    def __init__(self, budget: SampleBudget | None = None) -> None:
        super().__init__()
        self._budget = budget or SampleBudget()

    def _create_aggregation(self, instrument: Any, attributes: Any, reservoir_factory: Any, *rest: Any) -> Any:
        """OpenTelemetry's own aggregation with our reservoir; the SDK has no public way to say it per reader."""
        del reservoir_factory
        made: Any = super()._create_aggregation(instrument, attributes, self._reservoirs, *rest)
        # The provider's filter is for exemplars, not for samples: every measurement is offered, as if it let all pass.
        always = partial(made._sample_exemplar, should_sample_exemplar=True)  # noqa: SLF001 - see the docstring
        made._sample_exemplar = lambda measurement, _: always(measurement)  # noqa: SLF001 - the same
        return made

    def _reservoirs(self, _: object) -> Any:
        return partial(SampleReservoir, self._budget)
