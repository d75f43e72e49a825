"""`browser_snippet`: what goes into the head of a page so that its SDK starts, in the trace, as the user.

The script in it is always the same text, so that a content security policy can name its hash; what differs from page
to page stands in a data block, which browsers do not run.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import trace

from otel_sentry.protocol.service_keys import ENVIRONMENT_KEYS, RELEASE_KEYS
from otel_sentry.settings.choices import WireFormat
from otel_sentry.settings.settings import Settings
from otel_sentry.web.page_trace import page_trace, page_user
from otel_sentry.web.sdk_script import SdkScript, sdk_script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_sentry.protocol.dsn import Dsn

_DATA_ID: Final = "otel-sentry"


class Snippet(str):
    """HTML that template engines take as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        """The text itself."""
        return str(self)


class BrowserPage:
    """What every page of an application is told.

    Args:
        settings: those of the environment if None.
        tunnel: path of the tunnel; `OTEL_SENTRY_TUNNEL_PATH` if None, and the DSN's own host if that is unset too.
    """

    def __init__(self, settings: Settings | None = None, *, tunnel: str | None = None) -> None:
        self.settings = settings or Settings.from_env()
        self.sdk: SdkScript = sdk_script(self.settings)
        self._script = (Path(__file__).parent / "start.js").read_text(encoding="utf-8")
        self._tunnel = tunnel or self.settings.tunnel_path

    @property
    def script_hash(self) -> str:
        """What a content security policy may name to allow the inline script: `sha256-…`."""
        return f"sha256-{base64.b64encode(hashlib.sha256(self._script.encode()).digest()).decode()}"

    def snippet(self, *, nonce: str | None = None, personal: bool = True, scripts: bool = True) -> Snippet:
        """The HTML; empty without a browser's DSN.

        Args:
            nonce: of the content security policy.
            personal: with the request's trace and user. False for what a cache may give to others.
            scripts: False leaves the trace alone, for a policy that allows no script of ours.
        """
        if self.settings.browser_dsn is None:
            return Snippet()
        parts = self._meta_tags() if personal else []
        if scripts:
            own = f' nonce="{html.escape(nonce)}"' if nonce else ""
            data = json.dumps(self._told(personal=personal)).translate(_NO_TAGS)
            parts += [
                f"<script{own}{self._source()}></script>",
                f'<script type="application/json" id="{_DATA_ID}">{data}</script>',
                f"<script{own}>{self._script}</script>",
            ]
        return Snippet("".join(parts))

    def _meta_tags(self) -> list[str]:
        told = page_trace()
        named = {} if told is None else {"sentry-trace": told.sentry_trace, "baggage": told.baggage}
        return [f'<meta name="{name}" content="{html.escape(value)}">' for name, value in named.items() if value]

    def _source(self) -> str:
        integrity = f' integrity="{self.sdk.integrity}"' if self.sdk.integrity else ""
        cross = ' crossorigin="anonymous"' if self.sdk.is_foreign else ""
        return f' src="{html.escape(self.sdk.url)}"{integrity}{cross}'

    def _told(self, *, personal: bool) -> dict[str, Any]:
        settings, resource = self.settings, _resource()
        rate = settings.browser_traces_sample_rate
        told = {
            "dsn": _public(settings.browser_dsn),
            "tunnel": self._tunnel,
            "release": settings.release or _first(resource, RELEASE_KEYS),
            "environment": settings.environment or _first(resource, ENVIRONMENT_KEYS),
            "dist": settings.dist,
            "tracesSampleRate": settings.traces_sample_rate if rate is None else rate,
            "replaysSessionSampleRate": settings.replays_session_sample_rate,
            "replaysOnErrorSampleRate": settings.replays_on_error_sample_rate,
            "traceLifecycle": "static" if settings.wire_format is WireFormat.TRANSACTION else None,
            "masking": settings.replay_masking.value,
            "privacy": settings.wallet_privacy.value,
            "user": (page_user(settings) or None) if personal else None,
        }
        return {"tracesSampleRate": 1.0, **{name: value for name, value in told.items() if value is not None}}


def browser_snippet(
    *, settings: Settings | None = None, nonce: str | None = None, tunnel: str | None = None, personal: bool = True
) -> Snippet:
    """HTML for the head of a page; see `BrowserPage`.

    With Jinja2: `templates.env.globals["browser_snippet"] = browser_snippet`, then `{{ browser_snippet() }}`.

    Args:
        settings: those of the environment if None.
        nonce: of the content security policy.
        tunnel: path of the tunnel; see `BrowserPage`.
        personal: False for pages that a shared cache may keep: without trace and user.
    """
    return BrowserPage(settings, tunnel=tunnel).snippet(nonce=nonce, personal=personal)


_NO_TAGS: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}
"""No text of a data block can end it."""


def _public(dsn: Dsn | None) -> str:
    """The DSN as a page may have it: an old one's secret half stays here."""
    return "" if dsn is None else str(replace(dsn, secret_key=None))


def _resource() -> Mapping[str, Any]:
    """What OpenTelemetry knows of the service: release and environment are the server's, where nobody says more."""
    resource = getattr(trace.get_tracer_provider(), "resource", None)
    return getattr(resource, "attributes", {})


def _first(attributes: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((str(attributes[name]) for name in names if attributes.get(name)), None)
