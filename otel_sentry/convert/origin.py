"""Where a span comes from, in Sentry's words: `manual` (the application) or `auto.…` (an instrumentation). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from otel_sentry.convert.values import text
from otel_sentry.protocol.items import MAX_ORIGIN_LENGTH

EXPLICIT_ORIGIN: Final = "sentry.origin"
MANUAL: Final = "manual"
NO_CATEGORY: Final = "default"
"""Category of a span without op: what Sentry's ingest calls its op."""

INSTRUMENTATION_PREFIXES: Final = (
    "opentelemetry.instrumentation.",
    "opentelemetry_instrumentation_",
    "openinference.instrumentation.",
    "otel_sentry.instrumentation.",
)
"""Scope names that start so are instrumentations; the rest of the name is the library."""

LIBRARY_SCOPES: Final[Mapping[str, str]] = {
    "ariadne": "ariadne",
    "autogen-core": "autogen",
    "elasticsearch-api": "elasticsearch",
    "google.adk": "google_adk",
    "google.cloud": "google_cloud",
    "litellm": "litellm",
    "mcp-python-sdk": "mcp",
    "pydantic-ai": "pydantic_ai",
    "semantic_kernel": "semantic_kernel",
    "strawberry": "strawberry",
    "temporalio": "temporalio",
}
"""Libraries that make spans themselves: scope name, or its beginning up to a dot → library."""

_FORBIDDEN = re.compile(r"[^A-Za-z0-9_.]")


def instrumented_library(scope_name: str) -> str | None:
    """`fastapi` for `opentelemetry.instrumentation.fastapi`; None when the scope is the application's own."""
    for prefix in INSTRUMENTATION_PREFIXES:
        if scope_name.startswith(prefix) and len(scope_name) > len(prefix):
            return scope_name[len(prefix) :]
    for scope, library in LIBRARY_SCOPES.items():
        if scope_name == scope or scope_name.startswith(f"{scope}."):
            return library
    return None


def sentry_origin(explicit: Any, scope_name: str, op: str | None) -> str:
    """The origin of a span.

    Args:
        explicit: what the application set as `sentry.origin`; it wins, made to fit `[A-Za-z0-9_.]`, at most 128.
        scope_name: name of the instrumentation scope.
        op: the span's op; its first part is the category.
    """
    if explicit:
        return _clean(text(explicit))
    library = instrumented_library(scope_name)
    if library is None:
        return MANUAL
    category = (op or NO_CATEGORY).partition(".")[0]
    return _clean(f"auto.{category}.otel.{library}")


def _clean(origin: str) -> str:
    return _FORBIDDEN.sub("_", origin)[:MAX_ORIGIN_LENGTH]
