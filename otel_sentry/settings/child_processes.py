"""Environments that pass between processes. Here because nobody outside this room reads `os.environ`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from otel_sentry.settings.role import serves

if TYPE_CHECKING:
    from collections.abc import Mapping

_TELEMETRY = ("OTEL_", "SENTRY_", "NEXT_PUBLIC_SENTRY_")
_OURS = "OTEL_SENTRY_"


_STARTER = ("SENTRY_TRACE", "SENTRY_BAGGAGE", "SENTRY_USE_ENVIRONMENT")


def starters_trace() -> dict[str, str]:
    """Variables in which whoever started this process has left a trace; empty for servers and workers.

    Those work for many callers, each with headers of its own, and none of them is whoever started the process.
    """
    if serves(sys.argv, sys.orig_argv):
        return {}
    return {name: os.environ[name] for name in _STARTER if name in os.environ}


def child_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without its telemetry set-up but with each `OTEL_SENTRY_*` setting, and `changes`."""
    inherited = {
        name: value for name, value in os.environ.items() if name.startswith(_OURS) or not name.startswith(_TELEMETRY)
    }
    return {**inherited, **changes}
