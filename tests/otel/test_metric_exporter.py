"""Metrics of a real OpenTelemetry pipeline in the embedded Sentry; percentiles against what was measured."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.convert.samples import MAX_SAMPLES
from otel_sentry.otel import metric_exporter, metric_portions
from otel_sentry.otel.metric_exporter import SentryMetricExporter
from otel_sentry.otel.true_samples import SampleBudget, SampleReservoir
from otel_sentry.protocol.item_kinds import Category

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

WALLET = "0x" + "5a" * 20


class Metrics:
    """A meter whose metrics reach the embedded Sentry."""

    def __init__(self, receiver: Receiver, *, provider_options: Any = None, **keywords: Any) -> None:
        self.exporter = SentryMetricExporter(dsn=receiver.dsn, **{"shutdown_timeout_seconds": 30, **keywords})
        self.reader = PeriodicExportingMetricReader(self.exporter, math.inf)
        self.other = InMemoryMetricReader()
        resource = Resource.create({"service.name": "dapp", "service.version": "2.1"})
        self._provider = MeterProvider(
            [self.reader, self.other], resource, shutdown_on_exit=False, **(provider_options or {})
        )
        self.meter = self._provider.get_meter("shop")
        self._receiver = receiver

    def arrived(self, count: int = 1) -> list[dict[str, Any]]:
        """What Sentry has once `count` values are there."""
        self.reader.collect()
        self._provider.shutdown()
        self._receiver.wait_for(lambda: len(self._receiver.metrics) >= count)
        return self._receiver.metrics


def values(metric: dict[str, Any]) -> dict[str, Any]:
    """Attributes without their types."""
    return {name: typed["value"] for name, typed in metric["attributes"].items()}


def lost(receiver: Receiver, category: Category) -> dict[str, int]:
    """Reason → quantity, by the client reports so far."""
    entries = [entry for report in receiver.client_reports for entry in report["discarded_events"]]
    return {entry["reason"]: entry["quantity"] for entry in entries if entry["category"] == category.value}


def percentile(measured: list[float], share: float) -> float:
    """The nearest-rank percentile."""
    return sorted(measured)[max(math.ceil(share * len(measured)) - 1, 0)]


def rank(measured: list[float], value: float) -> float:
    """Share of measurements that are not above a value."""
    return sum(one <= value for one in measured) / len(measured)


def seeded() -> random.Random:
    """The same numbers each time."""
    return random.Random(7)  # noqa: S311  measurements, not secrets


KNOWN = {
    "normal": lambda source, count: [abs(source.gauss(80, 20)) for _ in range(count)],
    "exponential": lambda source, count: [source.expovariate(1 / 40) for _ in range(count)],
    "two peaks": lambda source, count: [source.choice([8, 400]) + source.random() for _ in range(count)],
    "heavy tail": lambda source, count: [10 * source.paretovariate(1.2) for _ in range(count)],
    "equal": lambda source, count: [5.0] * count,
}


@pytest.fixture
def client_with_hook(receiver: Receiver) -> Iterator[Any]:
    """The application's own client of sentry-sdk, with a hook."""
    before = sentry_sdk.get_client()

    def make(hook: Any) -> None:
        client = sentry_sdk.Client(receiver.dsn, before_send_metric=hook, default_integrations=False)
        sentry_sdk.get_global_scope().set_client(client)

    yield make
    sentry_sdk.get_client().close(timeout=2)
    sentry_sdk.get_global_scope().set_client(before)


def test_instruments_become_what_sentry_has(receiver: Receiver) -> None:
    """Increments since the last export, levels as they stand; units, service, user with privacy; no trace header."""
    metrics = Metrics(receiver, environment="staging", wallet_privacy="short")
    mints = metrics.meter.create_counter("nft.mints", unit="By")
    mints.add(2, {"wallet.address": WALLET})
    metrics.reader.collect()
    mints.add(3, {"wallet.address": WALLET})
    metrics.meter.create_up_down_counter("queue").add(7)
    metrics.meter.create_observable_gauge("gas", [lambda _: [Observation(0.5)]])
    found = metrics.arrived(4)

    counters = [metric for metric in found if metric["type"] == "counter"]
    assert sorted(metric["value"] for metric in counters) == [2, 3]  # in flight at once
    assert counters[0]["unit"] == "byte"
    assert (
        values(counters[0]).items()
        >= {
            "wallet.address": "0x5a5a…5a5a",
            "service.name": "dapp",
            "sentry.release": "2.1",
            "sentry.environment": "staging",
        }.items()
    )
    assert {metric["name"]: metric["value"] for metric in found if metric["type"] == "gauge"} == {
        "queue": 7,
        "gas": 0.5,
    }
    assert len({metric["trace_id"] for metric in found}) == 1
    assert all("trace" not in envelope.headers for envelope in receiver.envelopes)


@pytest.mark.parametrize("name", KNOWN)
def test_distributions_are_what_was_measured(receiver: Receiver, name: str) -> None:
    """Up to the bound every value arrives as it was, so that each percentile is exact, whatever the exemplar filter."""
    measured = KNOWN[name](seeded(), MAX_SAMPLES)
    metrics = Metrics(receiver, provider_options={"exemplar_filter": AlwaysOffExemplarFilter()})
    latency = metrics.meter.create_histogram("latency", unit="ms")
    for value in measured:
        latency.record(value)
    arrived = [metric["value"] for metric in metrics.arrived(MAX_SAMPLES)]

    assert sorted(arrived) == sorted(measured)
    for share in (0.5, 0.95, 0.99):
        assert percentile(arrived, share) == percentile(measured, share)


@pytest.mark.parametrize(("share", "off_by"), [(0.5, 0.052), (0.95, 0.023), (0.99, 0.011)])
@pytest.mark.parametrize("name", ["normal", "exponential", "two peaks", "heavy tail"])
def test_beyond_the_bound_percentiles_are_near(receiver: Receiver, name: str, share: float, off_by: float) -> None:
    """Of 20,000 measurements 1,000 arrive; a percentile's rank is off by no more than the documentation says."""
    measured = KNOWN[name](seeded(), 20_000)
    metrics = Metrics(receiver)
    latency = metrics.meter.create_histogram("latency", unit="ms")
    for value in measured:
        latency.record(value)
    arrived = [metric["value"] for metric in metrics.arrived(MAX_SAMPLES)]

    assert len(arrived) == MAX_SAMPLES
    assert abs(rank(measured, percentile(arrived, share)) - share) <= off_by
    metrics.exporter.force_flush()
    receiver.wait_for(lambda: lost(receiver, Category.TRACE_METRIC_BYTE))
    assert lost(receiver, Category.TRACE_METRIC) == {"buffer_overflow": 19_000}


def test_other_readers_get_no_samples(receiver: Receiver) -> None:
    """What another backend gets on the same provider is a histogram with OpenTelemetry's own few exemplars."""
    metrics = Metrics(receiver)
    latency = metrics.meter.create_histogram("latency")
    for value in range(100):
        latency.record(value)
    data: Any = metrics.other.get_metrics_data()
    (point,) = data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points
    metrics.arrived(100)

    assert point.count == 100
    assert list(point.exemplars) == []


def test_samples_lead_to_their_spans(receiver: Receiver) -> None:
    """A value measured inside a span has its trace and span; one outside has the process's trace."""
    metrics = Metrics(receiver)
    latency = metrics.meter.create_histogram("latency")
    with TracerProvider().get_tracer("app").start_as_current_span("work") as span:
        latency.record(1.0)
    latency.record(2.0)
    inside, outside = sorted(metrics.arrived(2), key=lambda metric: metric["value"])

    assert inside["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert inside["span_id"] == f"{span.get_span_context().span_id:016x}"
    assert "span_id" not in outside


def test_an_envelope_has_a_thousand_at_most(receiver: Receiver) -> None:
    """Sentry's limit."""
    metrics = Metrics(receiver)
    clicks = metrics.meter.create_counter("clicks")
    for number in range(1500):
        clicks.add(1, {"page": number})
    metrics.arrived(1500)

    assert sorted(len(envelope.arrivals) for envelope in receiver.envelopes) == [500, 1000]


def test_too_many_series_are_counted(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one metric so many attribute sets leave, and of an export so many values; the rest is counted."""
    monkeypatch.setattr(metric_portions, "MAX_SERIES_PER_METRIC", 30)
    monkeypatch.setattr(metric_exporter, "MAX_ITEMS_PER_EXPORT", 35)
    metrics = Metrics(receiver)
    clicks, views = metrics.meter.create_counter("clicks"), metrics.meter.create_counter("views")
    latency = metrics.meter.create_histogram("latency")
    for number in range(50):
        clicks.add(1, {"page": number})
    for _ in range(10):
        views.add(1)
        latency.record(1.0)
    for _ in range(5):
        latency.record(1.0, {"page": 1})
    found = metrics.arrived(40)

    assert sum(metric["name"] == "clicks" for metric in found) == 30
    assert metrics.exporter.force_flush()
    receiver.wait_for(lambda: lost(receiver, Category.TRACE_METRIC_BYTE))
    assert lost(receiver, Category.TRACE_METRIC)["buffer_overflow"] == 20


def test_the_hook_changes_and_drops(receiver: Receiver, client_with_hook: Any) -> None:
    """`before_send_metric` of the application's client; what it drops is counted in values and bytes."""

    def hook(metric: dict[str, Any], _: Any) -> dict[str, Any] | None:
        if metric["name"] == "noise":
            return None
        return {**metric, "value": metric["value"] * 2, "attributes": {**metric["attributes"], "seen": True}}

    client_with_hook(hook)
    metrics = Metrics(receiver)
    metrics.meter.create_counter("noise").add(1)
    metrics.meter.create_counter("signal").add(2)
    (metric,) = metrics.arrived()

    assert (metric["name"], metric["value"], values(metric)["seen"]) == ("signal", 4, True)
    metrics.exporter.force_flush()
    receiver.wait_for(lambda: lost(receiver, Category.TRACE_METRIC_BYTE))
    assert lost(receiver, Category.TRACE_METRIC) == {"before_send": 1}


def test_the_memory_of_samples_is_bounded() -> None:
    """All histograms share one budget; a series that finds none left remembers fewer, and gets room again."""
    budget = SampleBudget(120)
    reservoirs = [SampleReservoir(budget, seeded().randrange, boundaries=()) for _ in range(3)]
    for reservoir in reservoirs:
        for value in range(100):
            reservoir.offer(value, 1, {}, {})  # type: ignore[arg-type]
    kept = [len(reservoir.collect({})) for reservoir in reservoirs]

    assert kept == [100, 20, 0]
    for value in range(80):
        reservoirs[2].offer(value, 1, {}, {})  # type: ignore[arg-type]
    assert [exemplar.value for exemplar in reservoirs[2].collect({})] == list(range(80))


def test_runtime_metrics_arrive(receiver: Receiver) -> None:
    """CPU, memory and garbage collection of the process, by OpenTelemetry's instrumentation."""
    system_metrics = pytest.importorskip("opentelemetry.instrumentation.system_metrics")
    wanted = {
        "process.cpu.time": ["user", "system"],
        "process.memory.usage": None,
        "cpython.gc.collections": None,
        "process.thread.count": None,
    }
    metrics = Metrics(receiver)
    instrumentor = system_metrics.SystemMetricsInstrumentor(config=wanted)
    instrumentor.instrument(meter_provider=metrics._provider, skip_dep_check=True)
    try:
        metrics.reader.collect()
        metrics.reader.collect()
    finally:
        instrumentor.uninstrument()
    found = {metric["name"]: metric for metric in metrics.arrived(8)}

    assert set(wanted) <= set(found)
    assert found["process.memory.usage"]["value"] > 1_000_000
    assert found["process.memory.usage"]["unit"] == "byte"
    assert (found["process.memory.usage"]["type"], found["cpython.gc.collections"]["type"]) == ("gauge", "counter")


def test_a_setting_that_cannot_be_used_is_one_error_line(caplog: pytest.LogCaptureFixture) -> None:
    """An entry point never raises."""
    exporter = SentryMetricExporter(dsn="not a dsn")
    nothing: Any = None

    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert exporter.export(nothing) is MetricExportResult.SUCCESS
    assert exporter.settings is None
    assert exporter.force_flush()
    exporter.shutdown()


def test_odd_data_is_counted(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be read at all is a failure, one error line, and no exception."""
    exporter = SentryMetricExporter(dsn=receiver.dsn)
    odd: Any = object()

    assert exporter.export(odd) is MetricExportResult.FAILURE
    assert exporter.export(odd) is MetricExportResult.FAILURE
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_the_entry_point_is_this_class() -> None:
    """`OTEL_METRICS_EXPORTER=sentry` finds it."""
    (entry_point,) = entry_points(group="opentelemetry_metrics_exporter", name="sentry")

    assert entry_point.load() is SentryMetricExporter
