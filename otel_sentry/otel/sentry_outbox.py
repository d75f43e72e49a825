"""Where a processor or exporter sends: the sentry-sdk client that is there, or one of our own, by the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from otel_sentry.otel.private_outbox import private
from otel_sentry.settings.choices import WireFormat

if TYPE_CHECKING:
    from otel_sentry.delivery.outbox import Outbox
    from otel_sentry.delivery.tuning import Tuning
    from otel_sentry.settings.settings import Settings


def client_options(settings: Settings) -> dict[str, Any]:
    """Options of `sentry_sdk.init` for a client of our own; never `traces_sample_rate`: its tracing stays off."""
    options = {
        "dsn": str(settings.dsn) if settings.dsn else None,
        "environment": settings.environment,
        "release": settings.release,
        "server_name": settings.server_name,
        "dist": settings.dist,
        "debug": settings.debug or None,
        "shutdown_timeout": settings.shutdown_timeout_seconds,
    }
    return {name: value for name, value in options.items() if value is not None}


def outbox_of(settings: Settings, outbox: Outbox | None) -> Callable[[], Outbox]:
    """Gives `outbox`, or joins or builds a sentry-sdk client when it is first called; wallets leave as told."""

    def joined() -> Outbox:
        # Imported late: sentry-sdk costs a tenth of a second and is needed only when a span is on its way.
        from otel_sentry.delivery.client import connect  # noqa: PLC0415

        return private(connect(client_options(settings), tuning=tuning_of(settings)).outbox, settings)

    return joined if outbox is None else lambda: private(outbox, settings)


def tuning_of(settings: Settings) -> Tuning:
    """How delivery behaves, by what users may set.

    Servers that need transactions are read by gzip alone: Spotlight answers zstd with 500, as one that is down would.
    """
    from otel_sentry.delivery.tuning import Tuning  # noqa: PLC0415  as in `outbox_of`
    from otel_sentry.delivery.wire.compression import GZIP, ZSTD  # noqa: PLC0415  as in `outbox_of`

    return Tuning(
        encoding=GZIP if settings.wire_format is WireFormat.TRANSACTION else ZSTD,
        spool_dir=settings.spool_dir,
        spool_max_bytes=settings.spool_max_bytes,
        max_age_seconds=settings.spool_max_age_seconds,
    )
