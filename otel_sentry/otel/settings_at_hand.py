"""Settings for what an entry point builds: a mistake in them is one error line, never an exception."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_sentry.masking.own_log import own_logger

if TYPE_CHECKING:
    from otel_sentry.settings.settings import Settings

_logger = own_logger(__name__)


def settings_at_hand(consequence: str, keywords: dict[str, Any]) -> Settings | None:
    """The settings of the environment and `keywords`.

    Args:
        consequence: what does not happen without them; begins the error line.
        keywords: settings by name, as declarative configuration hands them over; they beat the environment.

    Returns:
        None when they cannot be used; the one error line is logged then.
    """
    # Imported at first use: OpenTelemetry imports the propagator inside its own import, where settings are not needed.
    from otel_sentry.settings.settings import Settings  # noqa: PLC0415

    try:
        return Settings.from_env(**keywords)
    except Exception as exc:  # noqa: BLE001  # a raising entry point would take other backends down with it
        _logger.error("%s: %s", consequence, exc)  # noqa: TRY400  # one line is the promise
        return None
