"""Attributes of a resource that are release and environment where no setting says more. Pure."""

from __future__ import annotations

from typing import Final

RELEASE_KEYS: Final = ("service.version",)
ENVIRONMENT_KEYS: Final = ("deployment.environment.name", "deployment.environment")
