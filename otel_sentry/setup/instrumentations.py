"""Turns on the OpenTelemetry instrumentations that are installed, as `opentelemetry-instrument` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry.instrumentation.dependencies import DependencyConflictError, get_dist_dependency_conflicts
from opentelemetry.util._importlib_metadata import entry_points

from otel_sentry.instrumentation.file_access.record import FileOptions
from otel_sentry.instrumentation.files import FilesInstrumentor
from otel_sentry.instrumentation.web3 import Web3Instrumentor
from otel_sentry.masking.own_log import own_logger

if TYPE_CHECKING:
    from collections.abc import Collection

    from opentelemetry.util._importlib_metadata import EntryPoint

    from otel_sentry.settings.settings import Settings

_logger = own_logger(__name__)

GROUP: Final = "opentelemetry_instrumentor"
OURSELVES: Final = "otel_sentry"
ALL: Final = "*"


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
    if ALL in disabled:
        return []
    wanted = [one for one in entry_points(group=GROUP) if one.name != OURSELVES and one.name not in disabled]
    turned_on = [one.name for one in wanted if _turned_on(one)]
    _logger.debug("turned on the instrumentations %s", ", ".join(turned_on) or "(none)")
    return turned_on


def _turned_on(entry_point: EntryPoint) -> bool:
    try:
        conflict = get_dist_dependency_conflicts(entry_point.dist) if entry_point.dist is not None else None
        if conflict is not None:
            _logger.debug("left the instrumentation %s off: %s", entry_point.name, conflict)
            return False
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
