"""What a page is told, and what it is not."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import django.template
import flask
import jinja2
import pytest
from opentelemetry.instrumentation.propagators import set_global_response_propagator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from otel_sentry.identity.context import use_wallet
from otel_sentry.local.receiver import Receiver
from otel_sentry.otel.response_propagator import SentryResponsePropagator
from otel_sentry.otel.span_processor import SentrySpanProcessor
from otel_sentry.settings.settings import Settings
from otel_sentry.web.sdk_script import CDN_INTEGRITY, CDN_URL
from otel_sentry.web.snippet import BrowserPage, Snippet, browser_snippet

DSN = "https://public@sentry.example/3"
ALICE = "0x52908400098527886E0F7030069857D2E4169EE7"
DATA = re.compile(r'<script type="application/json" id="otel-sentry">(.*?)</script>')


def settings(**keywords: Any) -> Settings:
    return Settings.from_env({}, browser_dsn=DSN, **keywords)


def told(snippet: str) -> dict[str, Any]:
    """What the data block says."""
    (text,) = DATA.findall(snippet)
    found: dict[str, Any] = json.loads(text)
    return found


def test_without_a_browser_dsn_there_is_nothing() -> None:
    """Templates need no condition."""
    assert browser_snippet(settings=Settings.from_env({})) == ""


def test_defaults() -> None:
    """Everything is recorded, everything is masked, nothing is known of anybody."""
    assert told(browser_snippet(settings=settings())) == {
        "dsn": DSN,
        "tracesSampleRate": 1.0,
        "replaysSessionSampleRate": 1.0,
        "replaysOnErrorSampleRate": 1.0,
        "masking": "all",
        "privacy": "plain",
    }


def test_settings_reach_the_page() -> None:
    """Names, rates, masking and format; the browser's own rate wins over the server's."""
    chosen = settings(
        release="shop@1",
        environment="prod",
        dist="7",
        traces_sample_rate=0.5,
        browser_traces_sample_rate=0.25,
        replays_session_sample_rate=0.1,
        replays_on_error_sample_rate=0,
        replay_masking="inputs",
        wire_format="transaction",
        wallet_privacy="short",
        tunnel_path="/t",
    )
    assert told(browser_snippet(settings=chosen)) == {
        "dsn": DSN,
        "tunnel": "/t",
        "release": "shop@1",
        "environment": "prod",
        "dist": "7",
        "tracesSampleRate": 0.25,
        "replaysSessionSampleRate": 0.1,
        "replaysOnErrorSampleRate": 0.0,
        "traceLifecycle": "static",
        "masking": "inputs",
        "privacy": "short",
    }


def test_the_secret_half_of_an_old_dsn_stays_here() -> None:
    """Pages get the public key."""
    page = BrowserPage(Settings.from_env({}, browser_dsn="https://public:secret@sentry.example/3"))

    assert "secret" not in page.snippet()


def test_the_cdn_is_pinned_by_its_hash() -> None:
    """Version and integrity by default."""
    assert f'<script src="{CDN_URL}" integrity="{CDN_INTEGRITY}" crossorigin="anonymous">' in browser_snippet(
        settings=settings()
    )


def test_another_url_has_the_integrity_that_is_given_for_it() -> None:
    """We know none ourselves."""
    named = settings(browser_sdk="https://cdn.example/s.js?a=1&b=2", browser_sdk_integrity="sha384-abc")
    without = settings(browser_sdk="/static/s.js")

    assert 'src="https://cdn.example/s.js?a=1&amp;b=2" integrity="sha384-abc" crossorigin' in browser_snippet(
        settings=named
    )
    assert '<script src="/static/s.js"></script>' in browser_snippet(settings=without)


def test_a_file_is_named_by_its_content(tmp_path: Path) -> None:
    """Browsers may keep it for ever, and check it."""
    file = tmp_path / "sentry.js"
    file.write_bytes(b"one")
    page = BrowserPage(settings(browser_sdk=str(file)))
    digest = hashlib.sha384(b"one").digest()

    assert page.sdk.content == b"one"
    assert f'src="/otel-sentry/sentry-{digest.hex()[:16]}.js"' in page.snippet()
    assert f'integrity="sha384-{base64.b64encode(digest).decode()}"' in page.snippet()


def test_no_text_ends_the_data_block() -> None:
    """A release may be called anything."""
    evil = "</script><script>alert(1)</script>\u2028&amp;\u00e9"
    snippet = browser_snippet(settings=settings(release=evil))

    assert told(snippet)["release"] == evil
    assert "alert(1)</script>" not in snippet
    assert snippet.isascii()


def test_a_nonce_is_on_every_script_that_runs() -> None:
    """And cannot leave its attribute."""
    snippet = browser_snippet(settings=settings(), nonce='a"b')

    assert snippet.count(' nonce="a&quot;b"') == 2


def test_the_script_is_always_the_same() -> None:
    """A policy names its hash once and for all."""
    page = BrowserPage(settings())
    (script,) = re.findall(r"<script>(.*?)</script>", page.snippet(), re.DOTALL)

    assert page.script_hash == f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
    assert script in BrowserPage(settings(release="other", replay_masking="none")).snippet()


def test_template_engines_take_it_as_it_is() -> None:
    """Jinja2, Flask and Django do not escape it."""
    made = Snippet("<b>")
    with flask.Flask("shop").app_context():
        flasks = flask.render_template_string("{{ snippet }}", snippet=made)

    assert jinja2.Environment(autoescape=True).from_string("{{ s() }}").render(s=lambda: made) == "<b>"
    assert flasks == "<b>"


def test_django_has_a_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the nonce of the request, where it has one."""
    monkeypatch.setenv("SENTRY_BROWSER_DSN", DSN)
    engine = django.template.Engine(libraries={"otel_sentry": "otel_sentry.web.django_tags"})
    request = type("Request", (), {"csp_nonce": "r4nd"})()
    page = engine.from_string("{% load otel_sentry %}{% browser_snippet tunnel='/t' %}")
    made = page.render(django.template.Context({"request": request}))

    assert told(made)["tunnel"] == "/t"
    assert ' nonce="r4nd"' in made


@pytest.fixture(name="traced")
def _traced(receiver: Receiver) -> Any:
    known = Settings.from_env({}, dsn=receiver.dsn, browser_dsn=receiver.dsn_of(3), wallet_privacy="short")
    provider = TracerProvider(resource=Resource({"service.version": "shop@2"}))
    provider.add_span_processor(SentrySpanProcessor(settings=known))
    set_global_response_propagator(SentryResponsePropagator(settings=known))  # type: ignore[no-untyped-call]
    yield provider.get_tracer("test"), known
    set_global_response_propagator(None)  # type: ignore[no-untyped-call]
    provider.shutdown()


def test_the_page_is_of_the_requests_trace_and_user(traced: Any) -> None:
    """The parent is the request, not the span that renders; the wallet is under the privacy of the settings."""
    tracer, known = traced
    with tracer.start_as_current_span("GET /") as root, tracer.start_as_current_span("render"):
        root.set_attribute("wallet.address", ALICE)
        snippet = browser_snippet(settings=known)
    context = root.get_span_context()

    assert f'<meta name="sentry-trace" content="{context.trace_id:032x}-{context.span_id:016x}-1">' in snippet
    assert f"sentry-trace_id={context.trace_id:032x}" in snippet
    assert told(snippet)["user"] == {"id": "0x5290…9ee7", "username": "0x5290…9ee7"}
    assert ALICE.lower() not in snippet.lower()


def test_a_bound_wallet_is_the_user_also_outside_of_spans() -> None:
    """And nobody is, after a logout."""
    with use_wallet(ALICE, name="alice.eth"):
        inside = told(browser_snippet(settings=settings()))
        with use_wallet(None):
            after = told(browser_snippet(settings=settings()))

    assert inside["user"] == {"id": ALICE.lower(), "username": "alice.eth"}
    assert "user" not in after


def test_what_others_may_get_is_not_personal(traced: Any) -> None:
    """Neither trace nor user stand in a page that a shared cache keeps."""
    tracer, known = traced
    with tracer.start_as_current_span("GET /"), use_wallet(ALICE):
        snippet = browser_snippet(settings=known, personal=False)

    assert "<meta" not in snippet
    assert "user" not in told(snippet)
