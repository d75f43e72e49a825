"""Everything of Sentry that goes onto a provider: span processor, issues, propagators. Loads sentry-sdk."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from otel_sentry.convert.check_in import SLUG
from otel_sentry.convert.service import service_names
from otel_sentry.identity.privacy import Privacy
from otel_sentry.issues.processor import IssueProcessor
from otel_sentry.otel.check_ins import CheckInProcessor
from otel_sentry.otel.identity_everywhere import IdentityEverywhere
from otel_sentry.otel.identity_processor import IdentitySpanProcessor
from otel_sentry.otel.sampler import SentrySampler
from otel_sentry.otel.segments import segment_of
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.propagation.dsc import envelope_dsc
from otel_sentry.protocol.item_kinds import Category, LossReason
from otel_sentry.settings.choices import SpanEvents
from otel_sentry.setup.book_metrics import observe_books
from otel_sentry.setup.exit_budget import ExitBudget
from otel_sentry.setup.exporters import SENTRY, traces_exporters
from otel_sentry.setup.private_payloads import event_processor, private_text
from otel_sentry.setup.propagation import install_propagators, install_response_propagator, join_starter
from otel_sentry.setup.provider import other_processors, sentry_exporters
from otel_sentry.setup.sentry_client import follow_clients, join_sentry, link_events, spare_time
from otel_sentry.setup.telemetry import Telemetry

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from otel_sentry.issues.segment_view import SegmentView
    from otel_sentry.settings.settings import Settings
    from otel_sentry.setup.provider import OpenProvider, ProviderPlan


def add_sentry(settings: Settings, plan: ProviderPlan) -> Telemetry:
    """Join sentry-sdk, make or join the provider, and put everything of ours in its place.

    Issues come before spans where processors are shut down, for spans wait for delivery.
    """
    asked = _described(settings, plan)
    connection, effective = join_sentry(asked)
    outbox = ExitBudget(connection.outbox)
    provider = plan.carried_out()
    issues = _issues(effective)
    link_events(issues.event_processor)
    link_events(event_processor(effective))
    check_ins = CheckInProcessor(effective, outbox)
    if effective.wallet_on_all_spans:
        provider.add_span_processor(IdentityEverywhere())
    spans = _add_spans(provider, effective, outbox, check_ins, issues)
    ledger = connection.outbox.ledger
    if spans is not None:
        ledger.watch(Category.SPAN, spans.pending)
        spans.on_thread(issues.prepare)
    observe_books(ledger)
    telemetry = Telemetry(
        effective,
        provider=cast("TracerProvider", provider),
        ours=(issues,) if spans is None else (issues, spans),
        outbox=outbox,
        others=partial(other_processors, provider),
        leaving=spare_time,
        ledger=ledger,
        issue_of=issues.log_record,
    )

    def go_by(settings: Settings) -> None:
        telemetry.adopt(settings)
        check_ins.adopt(settings)
        if spans is not None:
            spans.adopt(settings)
        _install(provider, settings, outbox)

    _install(provider, effective, outbox)
    join_starter(effective)
    follow_clients(connection.outbox, asked, go_by)
    return telemetry


def _install(provider: OpenProvider, settings: Settings, outbox: ExitBudget) -> None:
    """What goes by the settings and is global: sampler, propagators."""
    sampler = getattr(provider, "sampler", None)
    if isinstance(sampler, SentrySampler):
        sampler.adopt(settings, partial(outbox.lost, LossReason.SAMPLE_RATE, Category.SPAN, 1))
    install_propagators(settings)
    install_response_propagator(settings)


def _described(settings: Settings, plan: ProviderPlan) -> Settings:
    """The settings, completed by what the resource and an existing provider say."""
    names = service_names(plan.resource)
    said = {name: getattr(settings, name) or getattr(names, name) for name in names._fields}
    return replace(settings, **said, traces_exporters=_all_exporters(settings, plan))


def _all_exporters(settings: Settings, plan: ProviderPlan) -> tuple[str, ...]:
    """The exporters that were chosen, and those of an existing provider: Sentry may not be the only reader of spans."""
    chosen = traces_exporters(settings)
    present = (type(one).__qualname__ for one in other_processors(plan.existing))
    return chosen if len(chosen) > 1 else (*chosen, *present)


def _issues(settings: Settings) -> IssueProcessor:
    privacy = Privacy(settings.wallet_privacy.value, settings.wallet_hash_key)
    return IssueProcessor(
        segment_of=segment_of,
        privacy=privacy,
        wallet_attributes=settings.wallet_attributes,
        # Where no spans go to Sentry, nothing is sampled for it either.
        unsampled_errors=settings.unsampled_errors or settings.errors_only,
        private=private_text(settings),
        expected=settings.expected_errors,
        span_events=settings.span_events is SpanEvents.BREADCRUMBS,
        trace_header=_trace_header,
        trace_url=settings.trace_url,
    )


def _trace_header(segment: SegmentView, public_key: str) -> dict[str, str]:
    return envelope_dsc(segment.dsc(), trace_id=segment.trace_id, public_key=public_key)


def _add_spans(
    provider: OpenProvider,
    settings: Settings,
    outbox: ExitBudget,
    check_ins: CheckInProcessor,
    issues: IssueProcessor,
) -> SentrySpanProcessor | None:
    """Our one span processor; where no spans go to Sentry, one that keeps identity."""
    if settings.errors_only or SENTRY not in traces_exporters(settings):
        identity = IdentitySpanProcessor(settings.wallet_attributes)
        identity.attend(SLUG, check_ins)
        identity.take_along(issues)
        provider.add_span_processor(identity)
        return None
    processor = SentrySpanProcessor(settings=settings, outbox=outbox, time_left=outbox.left)
    processor.attend(SLUG, check_ins)
    processor.take_along(issues)
    provider.add_span_processor(processor)
    for exporter in sentry_exporters(provider):
        exporter.stand_down()
    return processor
