"""Sends what the tunnel lets through on to Sentry. urllib3 enters here; sentry-sdk depends on it anyway.

Blocking: it is called from threads. Its requests are nobody's spans, follow no redirects and are not tried twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.request import getproxies, proxy_bypass

import certifi
import sentry_sdk
import urllib3
from opentelemetry.instrumentation.utils import suppress_instrumentation
from sentry_sdk.client import NonRecordingClient

from otel_sentry.web.tunnel_rules import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from otel_sentry.protocol.dsn import Dsn

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0
_CONNECTIONS: Final = 16
_MAX_ANSWER_BYTES: Final = 65_536
_PASSED_BACK: Final = ("x-sentry-rate-limits", "retry-after", "x-sentry-error")
"""Headers of Sentry's answer that a browser's SDK goes by; no other leaves the tunnel."""


class _QuietClient(NonRecordingClient):
    """sentry-sdk instruments http.client itself; with a client that has no integrations it leaves a request alone."""

    def is_active(self) -> bool:
        return True


_QUIET: Final = _QuietClient()


class Forwarder:
    """Keeps connections to Sentry and POSTs envelopes.

    Args:
        ca_certs: file of certificates that are trusted; those of certifi, as with sentry-sdk, if None.
    """

    def __init__(self, ca_certs: str | None = None) -> None:
        self._options: dict[str, Any] = {
            "maxsize": _CONNECTIONS,
            "ca_certs": ca_certs or certifi.where(),
            "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            "retries": False,
        }
        self._managers: dict[Dsn, urllib3.PoolManager] = {}

    def post(self, dsn: Dsn, body: Iterator[bytes], length: int | None, headers: Mapping[str, str]) -> Answer:
        """Send one envelope.

        Args:
            dsn: where to; the address is made of nothing else.
            body: its pieces; what it raises ends the request and is raised here.
            length: bytes in all; None if not known.
            headers: of the request.

        Returns:
            Sentry's answer, or 502 or 504 when there is none.
        """
        told = dict(headers) if length is None else {**headers, "Content-Length": str(length)}
        try:
            with suppress_instrumentation(), sentry_sdk.new_scope() as scope:
                scope.set_client(_QUIET)
                return self._answer(
                    self._manager(dsn).urlopen(
                        "POST",
                        dsn.envelope_url,
                        body=body,
                        headers=told,
                        chunked=length is None,
                        redirect=False,
                        preload_content=False,
                    )
                )
        except urllib3.exceptions.NewConnectionError:  # which urllib3 counts among the timeouts
            return _unreachable(502)
        except (urllib3.exceptions.TimeoutError, TimeoutError):
            return _unreachable(504)
        except (urllib3.exceptions.HTTPError, OSError):
            return _unreachable(502)

    def _answer(self, response: urllib3.BaseHTTPResponse) -> Answer:
        body = response.read(_MAX_ANSWER_BYTES)
        response.drain_conn() if len(body) < _MAX_ANSWER_BYTES else response.close()
        if 300 <= response.status < 400:
            return _unreachable(502)
        passed = {name: response.headers[name] for name in _PASSED_BACK if name in response.headers}
        return Answer(response.status, body, {**passed, "content-type": "application/json"})

    def _manager(self, dsn: Dsn) -> urllib3.PoolManager:
        """The connections of a DSN; how its host is reached is looked up once."""
        if dsn not in self._managers:
            proxy = None if proxy_bypass(dsn.host) else getproxies().get(dsn.scheme)
            kept = self._options
            self._managers[dsn] = urllib3.ProxyManager(proxy, **kept) if proxy else urllib3.PoolManager(**kept)
        return self._managers[dsn]


def _unreachable(status: int) -> Answer:
    return Answer(status, b'{"detail":"Sentry gave no usable answer"}', {"content-type": "application/json"})
