"""Settings of what is traced by itself: which instrumentations, and how files and contracts are."""

from __future__ import annotations

from dataclasses import dataclass

from otel_sentry.settings import parsers
from otel_sentry.settings.browser_settings import BrowserSettings
from otel_sentry.settings.declaration import setting


@dataclass(frozen=True, slots=True, repr=False, init=False, eq=False)  # what a subclass makes anew costs a start
class InstrumentationSettings(BrowserSettings):
    """Part of `Settings`; see there."""

    disabled_instrumentations: tuple[str, ...] = setting(
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", parsers.names, (), "Instrumentations that stay off; `*` for all."
    )
    expected_reverts: tuple[str, ...] = setting(
        "OTEL_SENTRY_EXPECTED_REVERTS",
        parsers.names,
        (),
        "Reverts of contracts that are ordinary outcomes, no failure and no issue: comma list of reasons, names of "
        "errors and selectors, `*` and `?` as in file names.",
    )
    files_min_duration_seconds: float = setting(
        "OTEL_SENTRY_FILES_MIN_DURATION",
        parsers.seconds,
        0.0,
        "File operations that are shorter have no span of their own, seconds.",
    )
    files_sample_rate: float = setting(
        "OTEL_SENTRY_FILES_SAMPLE_RATE", parsers.rate, 1.0, "Share of file operations that may have a span, 0 to 1."
    )
    files_max_per_span: int = setting(
        "OTEL_SENTRY_FILES_MAX_PER_SPAN",
        parsers.size,
        100,
        "Most spans of file operations under one span; further ones are counted there (`file.io.untraced`).",
    )
