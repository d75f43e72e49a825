"""What stands in a secret's place."""

from __future__ import annotations

from typing import Final

MASK: Final = "[Filtered]"
"""Sentry's own word for it; source: `sentry_sdk.consts.SENSITIVE_DATA_SUBSTITUTE`."""
