"""Why Sentry gets a span, why an address gets headers, why a caller's trace is continued: by the code that decides.

One question in, the answer and its reasons out. Reads the settings; the application's own functions are not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from otel_sentry.convert.ignore import compile_ignore
from otel_sentry.otel.head_decision import HeadDecision
from otel_sentry.otel.propagation_rules import propagation_rules
from otel_sentry.otel.propagator import SentryPropagator
from otel_sentry.otel.route_rates import route_rates
from otel_sentry.propagation.targets import address_of, compile_targets, is_host_among
from otel_sentry.propagation.trace import incoming_trace, unjoined_trace

if TYPE_CHECKING:
    from otel_sentry.propagation.trace import Verdict
    from otel_sentry.settings.settings import Settings

HEADERS = ("sentry-trace", "baggage", "traceparent", "tracestate")
_UNLIKELY = -1.0


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happens, and why.

    Attributes:
        question: as asked.
        answer: in a sentence.
        reasons: in the order of the decision.
    """

    question: str
    answer: str
    reasons: tuple[str, ...]


def explained(settings: Settings, questions: list[str], attributes: Mapping[str, str]) -> list[Explanation]:
    """Answer each question; headers (`sentry-trace: …`) belong together, as those of one request.

    Args:
        settings: in effect.
        questions: span names, URLs, headers.
        attributes: of the named spans.
    """
    headers = dict(filter(None, map(_header, questions)))
    others = [question for question in questions if _header(question) is None]
    found = [_of_url(settings, one) if "://" in one else _of_name(settings, one, attributes) for one in others]
    return [*found, _of_headers(settings, headers)] if headers else found


def _header(question: str) -> tuple[str, str] | None:
    name, colon, value = question.partition(":")
    return (name.strip().lower(), value.strip()) if colon and name.strip().lower() in HEADERS else None


def _of_name(settings: Settings, name: str, attributes: Mapping[str, str]) -> Explanation:
    """Whether Sentry gets a trace that begins with this span."""
    pattern = next((one for one in settings.ignore_spans if _names(one, name, attributes)), None)
    if pattern is not None:
        why = f"OTEL_SENTRY_IGNORE_SPANS: {pattern!r} names it"
        answer = "Sentry does not get it; other backends do."
        return Explanation(name, answer, (why, "a local root takes its whole segment with it"))
    reasons = ["OTEL_SENTRY_IGNORE_SPANS: nothing names it" if settings.ignore_spans else "no filter is set"]
    if settings.traces_sampler is not None:
        return Explanation(name, "The application's traces_sampler decides.", tuple(reasons))
    rate, why = _rate(settings, name, attributes)
    reasons += [why, *_kept(settings, rate)]
    answers = {0.0: "No trace that begins with it is kept.", 1.0: "Every trace that begins with it is kept."}
    about = f"About {rate:.0%} of the traces that begin with it are kept; the trace id decides."
    return Explanation(name, answers.get(rate, about), tuple(reasons))


def _names(pattern: str, name: str, attributes: Mapping[str, Any]) -> bool:
    ignore = compile_ignore([pattern])
    return ignore is not None and ignore(name, SpanKind.SERVER, attributes)


def _rate(settings: Settings, name: str, attributes: Mapping[str, str]) -> tuple[float, str]:
    """The rate, and which setting gives it."""
    for rule in settings.traces_sample_rules:
        found = route_rates([rule], _UNLIKELY)(name, attributes)
        if found is not None and found != _UNLIKELY:
            return found, f"OTEL_SENTRY_TRACES_SAMPLE_RULES: {rule!r} names it"
    rate = settings.traces_sample_rate
    if rate is None:
        return 1.0, "SENTRY_TRACES_SAMPLE_RATE is not set: all are kept, unless sentry_sdk.init gives a rate"
    return rate, f"SENTRY_TRACES_SAMPLE_RATE={rate:g}"


def _kept(settings: Settings, rate: float) -> list[str]:
    if not settings.keep or rate == 1.0:
        return []
    return [f"OTEL_SENTRY_KEEP={','.join(settings.keep)} keeps some of the others"]


def _of_url(settings: Settings, url: str) -> Explanation:
    """Which headers a request to this URL gets."""
    address = address_of(url)
    if address is None:
        return Explanation(url, "This is no absolute URL; nothing is written.", ())
    rules = propagation_rules(settings)
    written = _injected(settings, url)
    if rules.sentry_address == address.host_and_own_port:
        reasons = ["it is the host of the DSN, which never gets any: Sentry's own traffic is not traced"]
    elif settings.trace_propagation_targets is None:
        reasons = ["OTEL_SENTRY_TRACE_PROPAGATION_TARGETS is not set: every address gets them"]
    else:
        reasons = [_target(settings.trace_propagation_targets, address.spellings)]
    if not rules.speaks_sentry:
        reasons.append("nothing of this process goes to Sentry: it hands on what a caller sent, and begins nothing")
    if settings.wallet_baggage:
        named = is_host_among(settings.wallet_baggage, address)
        reasons.append(f"OTEL_SENTRY_WALLET_BAGGAGE {'names' if named else 'does not name'} its host")
    reasons += [f"{name}: {value}" for name, value in written.items()]
    names = " and ".join(f"`{name}`" for name in written)
    return Explanation(url, f"It gets {names}." if written else "It gets no header of Sentry's.", tuple(reasons))


def _target(entries: tuple[str, ...], spellings: tuple[str, ...]) -> str:
    for entry in entries:
        tests = compile_targets([entry]) or ()
        if any(test(text) for test in tests for text in spellings):
            return f"OTEL_SENTRY_TRACE_PROPAGATION_TARGETS: {entry!r} is in {spellings[0]}"
    return f"OTEL_SENTRY_TRACE_PROPAGATION_TARGETS: none of {', '.join(entries)} is in {spellings[0]}"


def _injected(settings: Settings, url: str) -> dict[str, str]:
    """What our propagator writes under a span that calls this URL."""
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("otel_sentry.doctor")
    span = tracer.start_span("doctor", kind=SpanKind.CLIENT, attributes={"url.full": url})
    carrier: dict[str, str] = {}
    SentryPropagator(settings=settings).inject(carrier, set_span_in_context(span))
    return carrier


def _of_headers(settings: Settings, headers: Mapping[str, str]) -> Explanation:
    """Whether a request with these headers continues its caller's trace, and whether that is kept."""
    question = ", ".join(f"{name}: {value}" for name, value in headers.items())
    propagator = CompositePropagator([TraceContextTextMapPropagator(), SentryPropagator(settings=settings)])
    context = propagator.extract(headers)
    incoming, refused = incoming_trace(context), unjoined_trace(context)
    remote = get_current_span(context).get_span_context()
    if incoming is None and refused is not None:
        reasons = (_organisations(settings, headers), "the new trace has a link to the caller's")
        return Explanation(question, f"Trace {refused.trace_id:032x} is not continued: a new one begins.", reasons)
    if incoming is None and not remote.is_valid:
        return Explanation(question, "Nothing can be continued: a new trace begins.", ("no header could be read",))
    trace_id = remote.trace_id if remote.is_valid else (incoming.trace_id if incoming else 0)
    verdict = HeadDecision(settings).verdict(
        trace_id=trace_id, parent_span_id=remote.span_id, name="", attributes={}, incoming=incoming
    )
    spoken = "sentry-trace" if incoming is not None else "traceparent alone"
    return Explanation(
        question,
        f"Trace {trace_id:032x} is continued, and Sentry {'keeps' if verdict.sampled else 'does not keep'} it.",
        (f"{spoken} names it", _decided(verdict)),
    )


def _organisations(settings: Settings, headers: Mapping[str, str]) -> str:
    own = settings.org_id or (settings.dsn.org_id if settings.dsn else None)
    strict = ", OTEL_SENTRY_STRICT_TRACE_CONTINUATION=true" if settings.strict_trace_continuation else ""
    said = headers.get("baggage", "")
    caller = next((one.partition("=")[2] for one in said.split(",") if "sentry-org_id" in one), "unknown")
    return f"the caller's organisation is {caller}, ours is {own or 'unknown'}{strict}"


def _decided(verdict: Verdict) -> str:
    if verdict.inherited:
        return "the caller has decided"
    if verdict.failure:
        return verdict.failure
    return f"decided here: sample_rand {verdict.sample_rand:.6f} against the rate {verdict.sample_rate:g}"
