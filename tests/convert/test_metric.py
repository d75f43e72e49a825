"""OpenTelemetry's metrics become Sentry's counters, gauges and distributions."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import (
    AlwaysOnExemplarFilter,
    Counter,
    Histogram,
    MeterProvider,
    ObservableCounter,
    ObservableGauge,
    UpDownCounter,
)
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    InMemoryMetricReader,
    Metric,
    NumberDataPoint,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from otel_sentry.convert.container import CommonPart
from otel_sentry.convert.metric import encode_metrics, metric_items, point_items, sentry_unit
from otel_sentry.convert.samples import MAX_SAMPLES
from otel_sentry.local.container_checks import container_findings
from otel_sentry.protocol.envelope import EnvelopeItem
from otel_sentry.protocol.item_kinds import TRACE_METRIC_CONTENT_TYPE
from tests.spans import joined

BATCH = "f" * 32
DELTA = dict.fromkeys((Counter, Histogram, ObservableCounter), AggregationTemporality.DELTA)
CUMULATIVE = dict.fromkeys((Counter, Histogram, ObservableCounter), AggregationTemporality.CUMULATIVE)


class Meter:
    """A real meter and what its reader collects."""

    def __init__(self, temporality: Any = None, name: str = "app", **options: Any) -> None:
        self._reader = InMemoryMetricReader(preferred_temporality=temporality or DELTA)
        self._provider = MeterProvider([self._reader], shutdown_on_exit=False, **options)
        self.create = self._provider.get_meter(name, "1.0", attributes={"team": "a"})

    def collected(self) -> ScopeMetrics:
        """The one scope's metrics."""
        data: Any = self._reader.get_metrics_data()
        (scope_metrics,) = data.resource_metrics[0].scope_metrics
        return scope_metrics  # type: ignore[no-any-return]


def only(scope_metrics: ScopeMetrics) -> Any:
    """The one entry that metrics became."""
    (item,) = metric_items(scope_metrics, trace_id=BATCH)
    return item


def checked(scope_metrics: ScopeMetrics, **options: Any) -> list[dict[str, Any]]:
    """Items of the container, after the embedded Sentry's checks."""
    common = CommonPart(
        {"sentry.release": {"type": "string", "value": "r"}}, lambda identity: {"user.id": "|".join(identity)}
    )
    encoded, _ = encode_metrics(scope_metrics, trace_id=BATCH, common_names=["sentry.release"], **options)
    payload = joined((one, common) for one in encoded)
    headers = {"content_type": TRACE_METRIC_CONTENT_TYPE, "item_count": len(encoded), "length": len(payload)}

    assert list(container_findings(EnvelopeItem({"type": "trace_metric", **headers}, payload), None)) == []
    return list(json.loads(payload)["items"])


def test_a_counter_sends_increments() -> None:
    """Deltas, which Sentry adds up."""
    meter = Meter()
    mints = meter.create.create_counter("nft.mints", unit="{mint}")
    mints.add(2, {"chain": "base"})
    mints.add(3, {"chain": "base"})
    first = only(meter.collected())
    mints.add(4, {"chain": "base"})
    second = only(meter.collected())

    assert first["value"] == 5
    assert second["value"] == 4
    assert {**first, "timestamp": 0.0} == {
        "timestamp": 0.0,
        "trace_id": BATCH,
        "name": "nft.mints",
        "type": "counter",
        "value": 5,
        "unit": "mint",
        "attributes": {
            "sentry.origin": {"type": "string", "value": "auto.metric.otel"},
            "otel.scope.name": {"type": "string", "value": "app"},
            "otel.scope.version": {"type": "string", "value": "1.0"},
            "otel.scope.team": {"type": "string", "value": "a"},
            "chain": {"type": "string", "value": "base"},
        },
    }


def test_what_goes_up_and_down_is_a_gauge() -> None:
    """Its running total."""
    meter = Meter()
    open_orders = meter.create.create_up_down_counter("orders.open")
    open_orders.add(5)
    open_orders.add(-2)

    balance = only(meter.collected())

    assert (balance["type"], balance["value"]) == ("gauge", 3)


def test_gauges() -> None:
    """Set or observed."""
    meter = Meter()
    meter.create.create_gauge("heat", unit="Cel").set(36.6)

    def observe(_options: CallbackOptions) -> list[Observation]:
        return [Observation(0.25, {"cpu": 1})]

    meter.create.create_observable_gauge("cpu.utilization", [observe], unit="1")
    heat, cpu = metric_items(meter.collected(), trace_id=BATCH)

    assert (heat["type"], heat["value"], heat["unit"]) == ("gauge", 36.6, "Cel")
    assert (cpu["type"], cpu["value"], "unit" in cpu) == ("gauge", 0.25, False)


def test_a_running_total_is_no_increment() -> None:
    """A cumulative sum is a gauge, lest it be added up again and again; a cumulative histogram is two."""
    meter = Meter(CUMULATIVE)
    meter.create.create_counter("mints").add(5)
    meter.create.create_histogram("latency", unit="ms").record(7.5)
    mints, count, total = metric_items(meter.collected(), trace_id=BATCH)

    assert (mints["type"], mints["value"]) == ("gauge", 5)
    assert (count["name"], count["type"], count["value"], "unit" in count) == ("latency.count", "gauge", 1, False)
    assert (total["name"], total["type"], total["value"], total["unit"]) == ("latency.sum", "gauge", 7.5, "millisecond")


def test_changes_of_what_goes_up_and_down_are_added_up() -> None:
    """A delta is an increment, also where it is negative."""
    meter = Meter({UpDownCounter: AggregationTemporality.DELTA})
    meter.create.create_up_down_counter("orders.open").add(-2)

    change = only(meter.collected())

    assert (change["type"], change["value"]) == ("counter", -2)


def test_a_histogram_is_a_distribution() -> None:
    """One entry for each measurement."""
    meter = Meter()
    latency = meter.create.create_histogram("latency", unit="ms")
    for value in (3.0, 7.0, 80.0):
        latency.record(value)
    items = metric_items(meter.collected(), trace_id=BATCH)

    assert {item["type"] for item in items} == {"distribution"}
    assert min(item["value"] for item in items) == 3.0
    assert sum(item["value"] for item in items) == pytest.approx(90.0)


def test_exemplars_link_to_their_span() -> None:
    """A measurement made within a span carries its ids."""
    meter = Meter(exemplar_filter=AlwaysOnExemplarFilter())
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("app")
    mints, latency = meter.create.create_counter("mints"), meter.create.create_histogram("latency")
    with tracer.start_as_current_span("mint") as active:
        mints.add(1)
        latency.record(7.0)
    mint, measured = metric_items(meter.collected(), trace_id=BATCH)
    context = active.get_span_context()

    assert (mint["trace_id"], mint["span_id"]) == (f"{context.trace_id:032x}", f"{context.span_id:016x}")
    assert (measured["trace_id"], measured["span_id"], measured["value"]) == (mint["trace_id"], mint["span_id"], 7.0)


def test_exemplars_outside_of_any_span() -> None:
    """Have the batch's trace id."""
    meter = Meter(exemplar_filter=AlwaysOnExemplarFilter())
    meter.create.create_counter("mints").add(1)

    assert only(meter.collected())["trace_id"] == BATCH


@pytest.mark.parametrize(
    ("value", "sent"),
    [(2**63 - 1, 2**63 - 1), (2**63, float(2**63)), (True, 1), (0.5, 0.5)],
)
def test_values_are_numbers_that_sentry_takes(value: float, sent: float) -> None:
    """Integers beyond 64 bits become floats."""
    meter = Meter()
    meter.create.create_gauge("g").set(value)

    found = only(meter.collected())["value"]

    assert (found, type(found)) == (sent, type(sent))


def by_hand(value: float) -> ScopeMetrics:
    """A counter's data point with a value that newer SDKs do not let in, and no attributes at all."""
    data = Sum([NumberDataPoint(None, 1, 2, value)], AggregationTemporality.DELTA, is_monotonic=True)
    return ScopeMetrics(InstrumentationScope("app"), [Metric("mints", None, None, data)], "")


@pytest.mark.parametrize("value", [math.nan, math.inf, pytest.param(10**400, id="too great")])
def test_what_is_no_number_is_counted_as_lost(value: float) -> None:
    """JSON has no word for it."""
    assert encode_metrics(by_hand(value), trace_id=BATCH) == ([], 1)


def test_what_is_thinned_is_counted_as_lost() -> None:
    """A data point gives a bounded number of samples."""
    meter = Meter()
    latency = meter.create.create_histogram("latency")
    for number in range(MAX_SAMPLES + 200):
        latency.record(number)
    (point,) = point_items(meter.collected(), trace_id=BATCH)

    assert (len(point.items), point.lost) == (MAX_SAMPLES, 200)


def test_names_are_made_of_what_sentry_takes() -> None:
    """Other signs become underscores."""
    meter = Meter()
    meter.create.create_counter("http/server-requests.total").add(1)

    assert only(meter.collected())["name"] == "http_server_requests.total"


@pytest.mark.parametrize(
    ("unit", "sent"),
    [
        ("s", "second"),
        ("ms", "millisecond"),
        ("By", "byte"),
        ("MiBy", "mebibyte"),
        ("%", "percent"),
        ("1", None),
        ("", None),
        (None, None),
        ("{request}", "request"),
        ("wei", "wei"),
        ("{a very long annotation}", None),
        ("µs", None),
    ],
)
def test_units(unit: str | None, sent: str | None) -> None:
    """Sentry's names for what it knows, the others as they are."""
    assert sentry_unit(unit) == sent


def test_containers_pass_the_checks() -> None:
    """With common attributes, and without a raw identity."""
    meter = Meter()
    meter.create.create_counter("mints").add(1, {"wallet.address": "0xA", "order": 7})
    meter.create.create_histogram("latency").record(7.5)
    mints, latency = checked(meter.collected())

    assert mints["attributes"]["user.id"]["value"] == "wallet.address"
    assert "wallet.address" not in mints["attributes"]
    assert mints["attributes"]["sentry.release"] == latency["attributes"]["sentry.release"]
    assert "user.id" not in latency["attributes"]


def test_points_without_attributes() -> None:
    """A data point may have none at all."""
    assert only(by_hand(3))["value"] == 3


def test_observable_instruments() -> None:
    """Counters that are observed are increments as well, gauges are gauges."""
    meter = Meter({**DELTA, ObservableGauge: AggregationTemporality.CUMULATIVE})
    meter.create.create_observable_counter("seen", [lambda _options: [Observation(5)]])

    assert (only(meter.collected())["type"]) == "counter"
