"""Feeds Python's `logging` to OpenTelemetry, where nobody does it yet: a handler on the root logger."""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Callable
from functools import wraps
from typing import Any

from opentelemetry import _logs

from otel_sentry.otel.logging_handler import TemplateHandler


def install_logging_handler() -> None:
    """Put our handler on the root logger, unless it or one of OpenTelemetry's is there."""
    root = logging.getLogger()
    if any(_feeds_opentelemetry(handler) for handler in root.handlers):
        return
    handler = TemplateHandler(_logs.get_logger_provider())
    root.addHandler(handler)
    # As OpenTelemetry does it: `basicConfig` does nothing where a handler is, the other two would take ours away.
    for module, name in ((logging, "basicConfig"), (logging.config, "dictConfig"), (logging.config, "fileConfig")):
        setattr(module, name, _without(handler, getattr(module, name)))


def _feeds_opentelemetry(handler: logging.Handler) -> bool:
    kind = type(handler)
    return isinstance(handler, TemplateHandler) or (
        kind.__name__ == "LoggingHandler" and kind.__module__.startswith("opentelemetry.")
    )


def _without(handler: logging.Handler, configure: Callable[..., Any]) -> Callable[..., Any]:
    """`configure` run as if `handler` were not on the root logger."""

    @wraps(configure)
    def run(*args: Any, **keywords: Any) -> Any:
        root = logging.getLogger()
        was_there = handler in root.handlers
        root.removeHandler(handler)
        try:
            return configure(*args, **keywords)
        finally:
            if was_there:
                root.addHandler(handler)

    return run
