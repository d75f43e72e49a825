"""The pytest plugin: the fixture `sentry` and two ini options. Imports nothing but pytest: most suites never use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.testing.sentry_capture import SentryCapture
    from otel_sentry.testing.studio import Studio

_STUDIO: pytest.StashKey[Studio] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two settings of the suite."""
    parser.addini(
        "otel_sentry_settings",
        "settings of otel_sentry in tests that use the fixture `sentry`, one `keyword=value` a line",
        type="linelist",
        default=[],
    )
    parser.addini(
        "otel_sentry_early",
        "set the telemetry of the fixture `sentry` up before anything of the application is imported, and leave it on",
        type="bool",
        default=False,
    )


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set up before conftest files import the application, where the suite wants it."""
    if early_config.getini("otel_sentry_early"):
        _studio(early_config).stay()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Put everything back and stop listening."""
    studio = config.stash.get(_STUDIO, None)
    if studio is not None:
        studio.close()


@pytest.fixture
def sentry(pytestconfig: pytest.Config) -> Iterator[SentryCapture]:
    """What the application would have sent to Sentry, captured in memory by its whole real pipeline."""
    with _studio(pytestconfig).capture() as captured:
        yield captured


def _studio(config: pytest.Config) -> Studio:
    """The one of this process; each worker of xdist has its own."""
    if _STUDIO not in config.stash:
        from otel_sentry.testing.studio import Studio  # noqa: PLC0415 - see the module's docstring

        config.stash[_STUDIO] = Studio(_settings(config.getini("otel_sentry_settings")))
    return config.stash[_STUDIO]


def _settings(lines: list[str]) -> dict[str, Any]:
    """Keywords out of `keyword=value` lines."""
    pairs = [line.partition("=") for line in lines if line.strip()]
    for keyword, equals, _ in pairs:
        if not equals:
            raise pytest.UsageError(f"otel_sentry_settings: {keyword!r} is not keyword=value")
    return {keyword.strip(): value.strip() for keyword, _, value in pairs}
