"""The edge: everything that is observed of this process, in one call. What cannot be looked at is left empty."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from otel_sentry.facts.facts import BookFact, Facts, SettingFact
from otel_sentry.facts.packages import package_facts
from otel_sentry.facts.process import process_facts
from otel_sentry.facts.providers import propagator_names, provider_facts
from otel_sentry.facts.sentry_client import sdk_facts
from otel_sentry.settings.declaration import declarations
from otel_sentry.settings.settings import Settings
from otel_sentry.settings.variables import telemetry_variables

if TYPE_CHECKING:
    from otel_sentry.delivery.ledger import Ledger

_SIGNALS: Final = {"traces": "traces_exporters", "logs": "logs_exporters", "metrics": "metrics_exporters"}


def gathered(
    settings: Settings | None, *, refusal: str = "", ledger: Ledger | None = None, set_up: bool = False
) -> Facts:
    """Everything that can be observed here and now; secrets are masked.

    Args:
        settings: in effect; None where they are refused.
        refusal: why they are.
        ledger: the books of delivery, if there is one.
        set_up: whether otel_sentry is set up in this process.
    """
    return Facts(
        at=time.time(),
        process=process_facts(set_up=set_up),
        refusal=refusal,
        settings=() if settings is None else _settings(settings),
        variables=telemetry_variables(),
        exporters={} if settings is None else _exporters(settings),
        provider=provider_facts(),
        propagators=propagator_names(),
        sdk=sdk_facts(),
        packages=package_facts(),
        books=() if ledger is None else _books(ledger),
        spool_problem="" if settings is None else _spool_problem(settings.spool_dir),
    )


def _settings(settings: Settings) -> tuple[SettingFact, ...]:
    return tuple(
        SettingFact(row.name, row.shown(getattr(settings, row.name)), settings.origins.get(row.name, "default"))
        for row in declarations(Settings)
    )


def _exporters(settings: Settings) -> dict[str, tuple[str, ...]]:
    """What is in effect: with a DSN and nothing chosen, spans go to Sentry."""
    chosen = {signal: getattr(settings, name) for signal, name in _SIGNALS.items()}
    if chosen["traces"] is None and settings.dsn is not None and not settings.errors_only:
        chosen["traces"] = ("sentry",)
    return {signal: tuple(names or ()) for signal, names in chosen.items()}


def _books(ledger: Ledger) -> tuple[BookFact, ...]:
    return tuple(
        BookFact(
            category=category.value,
            created=book.created,
            delivered=book.delivered,
            pending=book.pending,
            dropped={reason.value: number for reason, number in sorted(book.dropped.items()) if number},
        )
        for category, book in ledger.snapshot().items()
    )


def _spool_problem(folder: str | None) -> str:
    """Whether files can be written there, or in the nearest folder above it that exists."""
    if folder is None:
        return ""
    path = Path(folder)
    nearest = next((one for one in (path, *path.absolute().parents) if one.exists()), path)
    if not nearest.is_dir():
        return f"{nearest} is no folder"
    return "" if os.access(nearest, os.W_OK | os.X_OK) else f"{nearest} cannot be written to by this user"
