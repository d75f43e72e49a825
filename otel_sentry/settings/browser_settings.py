"""The settings of the browser side: what the page's SDK is told, and what the tunnel lets through."""

from __future__ import annotations

from dataclasses import dataclass

from otel_sentry.settings import parsers
from otel_sentry.settings.choices import ClientAddress, ReplayMasking
from otel_sentry.settings.declaration import setting


@dataclass(frozen=True, slots=True, repr=False, init=False, eq=False)  # what a subclass makes anew costs a start
class BrowserSettings:
    """Part of `Settings`; see there."""

    browser_sdk: str | None = setting(
        "OTEL_SENTRY_BROWSER_SDK",
        parsers.text,
        None,
        "Sentry's browser SDK: a URL, or a file that `otel-sentry browser build` made; unset: Sentry's CDN.",
    )
    browser_sdk_integrity: str | None = setting(
        "OTEL_SENTRY_BROWSER_SDK_INTEGRITY",
        parsers.integrity,
        None,
        "Subresource integrity of that URL, `sha384-…`; known for the CDN's default, computed for a file.",
    )
    browser_traces_sample_rate: float | None = setting(
        "OTEL_SENTRY_BROWSER_TRACES_SAMPLE_RATE",
        parsers.rate,
        None,
        "Share of traces that pages begin themselves, 0 to 1; unset: `SENTRY_TRACES_SAMPLE_RATE`, else 1.",
    )
    replays_session_sample_rate: float = setting(
        "OTEL_SENTRY_REPLAYS_SESSION_SAMPLE_RATE", parsers.rate, 1.0, "Share of visits that are recorded as replays."
    )
    replays_on_error_sample_rate: float = setting(
        "OTEL_SENTRY_REPLAYS_ON_ERROR_SAMPLE_RATE",
        parsers.rate,
        1.0,
        "Share of the other visits whose last minute is kept as a replay when an error happens.",
    )
    replay_masking: ReplayMasking = setting(
        "OTEL_SENTRY_REPLAY_MASKING",
        parsers.one_of(ReplayMasking),
        ReplayMasking.ALL,
        "What replays hide: `all` (text, inputs, media), `inputs` (what is typed), `none`.",
    )
    tunnel_path: str | None = setting(
        "OTEL_SENTRY_TUNNEL_PATH",
        parsers.url_path,
        None,
        "Path where the application has its tunnel, which pages then send to; "
        "`BrowserMiddleware` serves one at `/otel-sentry/tunnel` if it is unset.",
    )
    tunnel_max_bytes: int = setting(
        "OTEL_SENTRY_TUNNEL_MAX_BYTES", parsers.size, 20_971_520, "Largest envelope of the tunnel, bytes."
    )
    tunnel_max_rate: int = setting(
        "OTEL_SENTRY_TUNNEL_MAX_RATE",
        parsers.size,
        100,
        "Most envelopes a second that the tunnel of one process takes; "
        "one browser may use a fifth of them where `OTEL_SENTRY_TUNNEL_CLIENT_ADDRESS` tells browsers apart.",
    )
    tunnel_origins: tuple[str, ...] = setting(
        "OTEL_SENTRY_TUNNEL_ORIGINS",
        parsers.names,
        (),
        "Origins besides its own whose pages may use the tunnel, such as `https://shop.example`.",
    )
    tunnel_client_address: ClientAddress = setting(
        "OTEL_SENTRY_TUNNEL_CLIENT_ADDRESS",
        parsers.one_of(ClientAddress),
        ClientAddress.OFF,
        "What the tunnel tells Sentry of the browser's IP address: `off` (nothing), `peer` (who is connected), "
        "`forwarded` (the last entry of `X-Forwarded-For`, which your proxy must write).",
    )
