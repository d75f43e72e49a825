"""Turns on the OpenTelemetry instrumentations that are installed, as `opentelemetry-instrument` does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from opentelemetry.instrumentation.dependencies import DependencyConflictError, get_dist_dependency_conflicts
from opentelemetry.util._importlib_metadata import entry_points

from otel_sentry.instrumentation.file_access.record import FileOptions
from otel_sentry.instrumentation.files import FilesInstrumentor
from otel_sentry.instrumentation.web3 import Web3Instrumentor
from otel_sentry.masking.own_log import own_logger

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from opentelemetry.util._importlib_metadata import EntryPoint

    from otel_sentry.settings.settings import Settings

_logger = own_logger(__name__)

GROUP: Final = "opentelemetry_instrumentor"
OURSELVES: Final = "otel_sentry"
ALL: Final = "*"
_OURS: Final = "otel_sentry."


def tell_instrumentors(settings: Settings) -> None:
    """Hand our own instrumentors their settings, whoever turns them on, and before or after."""
    Web3Instrumentor().expect(settings.expected_reverts)
    FilesInstrumentor().adopt(
        FileOptions(
            min_duration_seconds=settings.files_min_duration_seconds,
            sample_rate=settings.files_sample_rate,
            max_per_span=settings.files_max_per_span,
            left_out=(settings.spool_dir,) if settings.spool_dir else (),
        )
    )


def instrument_installed(disabled: Collection[str]) -> list[str]:
    """Turn on what is installed, fits the installed libraries, and is not on yet.

    Args:
        disabled: names that stay off; `*` for all.

    Returns:
        Names of what was turned on. What fails is logged and left off.
    """
    turned_on = [one.name for one in _fitting(disabled) if _turned_on(one)]
    _logger.debug("turned on the instrumentations %s", ", ".join(turned_on) or "(none)")
    return turned_on


def tell_of_others(disabled: Collection[str]) -> None:
    """Say in debug which instrumentations `opentelemetry-instrument` turns on, before this one or after it."""
    if _logger.isEnabledFor(logging.DEBUG):
        names = [one.name for one in _fitting(disabled)]
        _logger.debug("opentelemetry-instrument turns on the instrumentations %s", ", ".join(names) or "(none)")


def _fitting(disabled: Collection[str]) -> Iterator[EntryPoint]:
    """The instrumentations that are installed, wanted, and made for the libraries that are installed."""
    for one in () if ALL in disabled else entry_points(group=GROUP):
        if one.name == OURSELVES or one.name in disabled:
            continue
        foreign = not one.value.startswith(_OURS)  # ours fit whatever is there; reading our own metadata takes a while
        conflict = get_dist_dependency_conflicts(one.dist) if foreign and one.dist is not None else None
        if conflict is None:
            yield one
        else:
            _logger.debug("left the instrumentation %s off: %s", one.name, conflict)


def _turned_on(entry_point: EntryPoint) -> bool:
    try:
        instrumentor = entry_point.load()()
        if instrumentor.is_instrumented_by_opentelemetry:
            return False
        instrumentor.instrument(skip_dep_check=True, raise_exception_on_conflict=True)
    except (ImportError, DependencyConflictError) as exc:
        _logger.debug("left the instrumentation %s off: %s", entry_point.name, exc)
        return False
    except Exception:
        _logger.exception("the instrumentation %s failed and stays off", entry_point.name)
        return False
    return True
