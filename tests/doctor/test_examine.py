"""Sentry's answers, as servers really give them: each trouble is named, with what to type instead."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from otel_sentry.doctor.catalogue import findings_of
from otel_sentry.doctor.examination import Examination, Wish
from otel_sentry.doctor.examine import examine
from otel_sentry.doctor.report import report_text
from otel_sentry.facts.facts import Facts
from otel_sentry.settings.settings import Settings
from tests.doctor.servers import JSON, WebApi, answering, serving

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

QUICK = Wish(timeout=2.0)


def examined(dsn: str, wish: Wish = QUICK, **settings: Any) -> Examination:
    """Send the probe."""
    chosen = Settings.from_env({}, dsn=dsn, **settings)
    return examine(Facts(), chosen, wish)


def told(seen: Examination) -> dict[str, str]:
    """Code → cause and remedy of what the answers brought."""
    known = findings_of(seen.facts)
    return {one.code: f"{one.cause} → {one.remedy}" for one in seen.findings if one not in known}


BROKEN_SERVERS = [
    pytest.param({"status": 401}, "key-unknown", "Client Keys", id="wrong key"),
    pytest.param({"status": 403}, "key-refused", "switched off", id="key switched off"),
    pytest.param({"status": 404}, "no-such-place", "project number", id="no such project"),
    pytest.param({"status": 405}, "not-sentry", "takes no POST", id="a file server"),
    pytest.param(
        {"status": 400, "headers_sent": {**JSON, "X-Sentry-Error": "unknown item"}},
        "refused-as-invalid",
        "it says: unknown item. → OTEL_SENTRY_WIRE_FORMAT=transaction",
        id="an older Sentry",
    ),
    pytest.param({"status": 413}, "too-large", "client_max_body_size", id="a proxy's limit"),
    pytest.param(
        {"status": 429, "headers_sent": {**JSON, "Retry-After": "60", "X-Sentry-Rate-Limits": "60:span;error:key"}},
        "rate-limited",
        "span: no more for 60 s; error: no more for 60 s",
        id="quota used up",
    ),
    pytest.param(
        {"headers_sent": {**JSON, "X-Sentry-Rate-Limits": "2700::organization"}},
        "limit-told",
        "everything: no more for 2700 s",
        id="the last that is taken",
    ),
    pytest.param({"status": 502}, "server-error", "a proxy in front of Sentry", id="bad gateway"),
    pytest.param({"status": 503}, "server-error", "overloaded", id="maintenance"),
    pytest.param(
        {"status": 301, "headers_sent": {"Location": "https://sentry.example.com/"}},
        "redirected",
        "it lives at https://sentry.example.com/",
        id="moved to https",
    ),
    pytest.param(
        {"headers_sent": {"Content-Type": "text/html"}, "body": "<html>Sign in</html>"},
        "not-sentry",
        "somebody answers 200 who is no Sentry",
        id="a login page",
    ),
    pytest.param({"clock_ahead": 7200.0}, "clock-skew", "behind the server's", id="clock two hours late"),
    pytest.param({"clock_ahead": -300.0}, "clock-skew", "ahead of the server's", id="clock five minutes early"),
]


@pytest.mark.parametrize(("how", "code", "words"), BROKEN_SERVERS)
def test_an_answer_is_told_with_its_meaning(how: dict[str, Any], code: str, words: str) -> None:
    """Once for all four kinds, for all have the same trouble."""
    with serving(answering(**how)) as port:
        found = told(examined(f"http://key@127.0.0.1:{port}/1"))

    assert list(found) == [code]
    assert words in found[code]


def test_nobody_listens() -> None:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert "nobody listens" in told(examined(f"http://key@127.0.0.1:{port}/1"))["unreachable-refused"]


def test_a_name_that_does_not_exist() -> None:
    """`.invalid` never does."""
    assert "cannot be resolved" in told(examined("https://key@sentry.invalid/1"))["unreachable-unknown-host"]


def test_a_certificate_that_is_not_trusted() -> None:
    """A company's own authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with serving(answering(), context) as port:
        found = told(examined(f"https://key@127.0.0.1:{port}/1"))

    assert "not trusted" in found["unreachable-tls"]
    assert "SSL_CERT_FILE" in found["unreachable-tls"]


def test_no_answer_in_time() -> None:
    """A firewall that swallows, a server that hangs."""
    with serving(answering(delay=1.5)) as port:
        found = told(examined(f"http://key@127.0.0.1:{port}/1", Wish(timeout=0.2)))

    assert "no answer came in time" in found["unreachable-timeout"]


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe goes the way of the telemetry: through the proxy that the environment names."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    found = told(examined("https://key@sentry.example.com/1"))

    assert "HTTPS_PROXY" in found["unreachable-proxy"]


def test_the_embedded_sentry_takes_all_four(receiver: Receiver) -> None:
    """It checks as strictly as Sentry's ingest does; accepted is told not to be stored."""
    seen = examined(receiver.dsn, environment="staging", release="7")

    assert told(seen) == {}
    assert "metric   200 accepted (accepted is not yet stored" in report_text(seen)
    assert (len(receiver.spans), len(receiver.events), len(receiver.logs), len(receiver.metrics)) == (1, 1, 1, 1)
    assert receiver.plain_spans[0]["trace_id"] == seen.trace_id == receiver.events[0]["contexts"]["trace"]["trace_id"]
    assert receiver.plain_spans[0]["attributes"]["sentry.environment"] == receiver.events[0]["environment"] == "staging"


def test_the_older_wire_format(receiver: Receiver) -> None:
    """The span is sent as the application would send it."""
    examined(receiver.dsn, wire_format="transaction")

    assert [one["transaction"] for one in receiver.transactions] == ["otel-sentry doctor"]


def test_nothing_is_sent_where_nobody_wants_it(receiver: Receiver) -> None:
    """`--no-send`."""
    examined(receiver.dsn, Wish(send=False))

    assert receiver.requests == 0


def verified(handler: type[WebApi], **settings: Any) -> Examination:
    """Send, and read back."""
    with serving(handler) as port:
        access = {"auth_token": "org-token", "org": "org", "project": "dapp", **settings}
        return examined(f"http://key@127.0.0.1:{port}/7", Wish(verify=True, timeout=2.0, wait=1.5), **access)


def api(**how: Any) -> type[WebApi]:
    """Sentry's API that behaves so."""
    return type("Api", (WebApi,), how)


def test_what_is_stored_is_found() -> None:
    """Asked again until it is there: ingestion takes a moment."""
    handler = api()
    seen = verified(handler)

    assert told(seen) == {}
    assert [(one.kind, one.found) for one in seen.stored] == [
        (kind, True) for kind in ("span", "issue", "log", "metric")
    ]
    assert len(handler.asked) == 8
    assert "log      stored, seen after" in report_text(seen)


@pytest.mark.parametrize(
    ("how", "settings", "code", "words"),
    [
        pytest.param(
            {"lost": {"span"}}, {}, "not-stored", "The span was accepted and is not stored", id="dropped later"
        ),
        pytest.param({"lost": {"event"}}, {}, "not-stored", "The issue was accepted", id="issue dropped later"),
        pytest.param({}, {"auth_token": "old"}, "token-unknown", "Invalid token", id="token unknown"),
        pytest.param({"allowed": False}, {}, "token-forbidden", "org:read, project:read", id="token without scopes"),
        pytest.param({}, {"auth_token": ""}, "verify-impossible", "SENTRY_AUTH_TOKEN", id="no token"),
        pytest.param({}, {"org": ""}, "verify-impossible", "SENTRY_ORG", id="no organisation"),
        pytest.param({}, {"url": "http://127.0.0.1:9"}, "api-unreachable", "SENTRY_URL", id="API elsewhere"),
    ],
)
def test_why_nothing_is_found(how: dict[str, Any], settings: dict[str, Any], code: str, words: str) -> None:
    """Each with its own code."""
    found = told(verified(api(**how), **settings))

    assert list(found) == [code]
    assert words in found[code]
