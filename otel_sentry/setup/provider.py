"""The tracer provider: joins the one that is there, makes one only where there is none, never replaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, cast

from opentelemetry import trace
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.direct_processor import DirectSpanProcessor
from otel_sentry.otel.presence import span_processors
from otel_sentry.otel.span_exporter import SentrySpanExporter
from otel_sentry.setup.entry_points import component, made
from otel_sentry.setup.exporters import SENTRY, TRACES, exporters_of, traces_exporters
from otel_sentry.setup.samplers import sampler_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.sdk.trace.id_generator import IdGenerator
    from opentelemetry.sdk.trace.sampling import Sampler

    from otel_sentry.settings.settings import Settings

_logger = own_logger(__name__)

IDS_GROUP: Final = "opentelemetry_id_generator"
IDS_VARIABLE: Final = "OTEL_PYTHON_ID_GENERATOR"
_OUR_MODULES: Final = "otel_sentry."


class OpenProvider(Protocol):
    """What we need of a tracer provider: OpenTelemetry's own, or another that takes span processors."""

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        """Feed a further processor; called by whoever sets things up, may raise."""


def existing_provider() -> OpenProvider | None:
    """The tracer provider that somebody has set and that takes span processors; None while there is none."""
    provider = trace.get_tracer_provider()
    return cast("OpenProvider", provider) if hasattr(provider, "add_span_processor") else None


def is_free() -> bool:
    """Whether nobody has set a tracer provider yet."""
    return isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def other_processors(provider: object) -> Iterator[SpanProcessor]:
    """The span processors of a provider that feed other backends."""
    for processor in span_processors(provider):
        is_ours = type(processor).__module__.startswith(_OUR_MODULES)
        if not is_ours and not isinstance(_exporter(processor), SentrySpanExporter):
            yield processor


def sentry_exporters(provider: object) -> Iterator[SentrySpanExporter]:
    """Our exporters under stock processors of a provider: OTEL_TRACES_EXPORTER or a YAML file named them."""
    for processor in span_processors(provider):
        exporter = _exporter(processor)
        if isinstance(exporter, SentrySpanExporter):
            yield exporter


def _exporter(processor: SpanProcessor) -> object:
    """What a stock processor feeds."""
    return getattr(processor, "span_exporter", None)


class ProviderPlan(NamedTuple):
    """The provider to be used, and what a new one gets; made, and refused, before anything is changed.

    Attributes:
        existing: the provider that is there; it keeps its sampler and ids, and its exporters are its maker's business.
        resource: what the process says about itself.
        sampler: by OTEL_TRACES_SAMPLER; None leaves it to OpenTelemetry.
        ids: by OTEL_PYTHON_ID_GENERATOR; None leaves it to OpenTelemetry.
        exporters: what makes the exporters of other backends; a stock processor starts a thread at once.
    """

    existing: OpenProvider | None
    resource: Resource
    sampler: Sampler | None = None
    ids: IdGenerator | None = None
    exporters: tuple[Callable[[], SpanExporter], ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> ProviderPlan:
        """Look at what is there, and look up what the settings name.

        Raises:
            InvalidSetting: something is not installed or cannot be made.
        """
        existing = existing_provider()
        resource = _resource(settings, existing)
        if existing is not None:
            return cls(existing, resource)
        others = [name for name in traces_exporters(settings) if name != SENTRY]
        exporters = exporters_of(TRACES, others, settings.otlp_traces_protocol)
        return cls(None, resource, sampler_of(settings), _ids(settings), exporters)

    def carried_out(self) -> OpenProvider:
        """The global provider: the existing one, ours, or that of somebody who was faster."""
        if self.existing is not None:
            return self.existing
        provider = TracerProvider(
            sampler=self.sampler,
            resource=self.resource,
            id_generator=self.ids,
            active_span_processor=DirectSpanProcessor(),
        )
        for exporter in self.exporters:
            _add(provider, exporter)
        trace.set_tracer_provider(provider)
        return existing_provider() or provider


def _resource(settings: Settings, provider: object) -> Resource:
    existing = getattr(provider, "resource", None)
    if isinstance(existing, Resource):
        return existing
    return Resource.create({SERVICE_NAME: settings.service_name} if settings.service_name else None)


def _ids(settings: Settings) -> IdGenerator | None:
    name = settings.id_generator
    return None if name is None else made(component(IDS_GROUP, name, IDS_VARIABLE), name, IDS_VARIABLE)


def _add(provider: TracerProvider, exporter: Callable[[], SpanExporter]) -> None:
    """Feed an exporter in batches; one that cannot be made is logged and left out."""
    try:
        provider.add_span_processor(BatchSpanProcessor(exporter()))
    except Exception:
        _logger.exception("the exporter %r cannot be made and gets no spans", exporter)
