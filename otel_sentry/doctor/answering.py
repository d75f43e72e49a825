"""Sends the probe the way delivery does: same connections, proxies, certificates. The network enters here."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sentry_sdk.consts import DEFAULT_OPTIONS

from otel_sentry._version import __version__
from otel_sentry.delivery.wire.dialler import Urllib3Dialler
from otel_sentry.delivery.wire.message import request_bytes
from otel_sentry.doctor.answer import Answer
from otel_sentry.masking.mask import SecretMask

if TYPE_CHECKING:
    from otel_sentry.doctor.probe import Probe
    from otel_sentry.protocol.dsn import Dsn

_SHOWN_HEADERS: Final = frozenset(
    {"content-type", "date", "location", "retry-after", "server", "via", "x-sentry-error", "x-sentry-rate-limits"}
)
_LONGEST_BODY: Final = 2000
_FAILURES: Final = (
    ("proxy", ("ProxyError", "Tunnel connection failed")),
    ("tls", ("SSL", "CERTIFICATE", "certificate")),
    ("unknown-host", ("NameResolution", "getaddrinfo", "Name or service not known", "Temporary failure in name")),
    ("timeout", ("timed out", "Timeout")),
    ("refused", ("refused",)),
)
"""Kind of failure → what its chain of errors says."""


def ask(probe: Probe, kind: str, dsn: Dsn, options: Mapping[str, Any], timeout: float) -> Answer:
    """Send one envelope of the probe and read the answer; never raises for what the network does.

    Args:
        probe: what is sent.
        kind: which envelope.
        dsn: where to.
        options: of the sentry-sdk client: proxies, certificates.
        timeout: seconds for each step.
    """
    headers = {
        "Connection": "close",
        "Content-Type": "application/x-sentry-envelope",
        "User-Agent": f"otel_sentry.doctor/{__version__}",
        "X-Sentry-Auth": f"Sentry sentry_key={dsn.public_key}, sentry_version=7, "
        f"sentry_client=otel_sentry.doctor/{__version__}",
    }
    try:
        dialler = Urllib3Dialler({**DEFAULT_OPTIONS, **options, "dsn": str(dsn)}, dsn.envelope_url, headers)
        with dialler.dial(timeout) as opened:
            opened.settimeout(timeout)
            opened.sendall(request_bytes(dialler.request_start, "", probe.envelope(kind)))
            answer = http.client.HTTPResponse(opened, method="POST")
            answer.begin()
            read = answer.read(_LONGEST_BODY).decode("utf-8", "replace")
    except Exception as error:  # noqa: BLE001 - whatever goes wrong on the way is the answer
        return Answer(kind, failure=_failure(error, dsn.host), detail=_words(error), at=time.time())
    found = {name.lower(): value for name, value in answer.getheaders() if name.lower() in _SHOWN_HEADERS}
    return Answer(kind, answer.status, found, read, at=time.time())


def _failure(error: BaseException, host: str) -> str:
    chain = " ".join(f"{type(one).__name__} {one}" for one in _chain(error))
    if any(isinstance(one, ssl.SSLError) for one in _chain(error)):
        return "tls"
    if "host=" in chain and host not in chain:
        return "proxy"  # urllib3 names whom it could not reach, and that is not Sentry
    if any(isinstance(one, socket.gaierror) for one in _chain(error)):
        return "unknown-host"
    return next((kind for kind, words in _FAILURES if any(word in chain for word in words)), "network")


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _words(error: BaseException) -> str:
    return SecretMask().text(f"{type(error).__name__}: {error}".splitlines()[0])[:200]
