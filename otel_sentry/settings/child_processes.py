"""The environment that a process started by us gets. Here because nobody outside this room reads `os.environ`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TELEMETRY = ("OTEL_", "SENTRY_", "NEXT_PUBLIC_SENTRY_")
_OURS = "OTEL_SENTRY_"


def child_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without its telemetry set-up but with each `OTEL_SENTRY_*` setting, and `changes`."""
    inherited = {
        name: value for name, value in os.environ.items() if name.startswith(_OURS) or not name.startswith(_TELEMETRY)
    }
    return {**inherited, **changes}
