"""Notices `sentry_sdk.init` when it comes after us. sentry-sdk has no hook for it: the global scope is asked to tell.

Only the one global scope object gets a subclass with an ear; no class of sentry-sdk is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import sentry_sdk

from otel_sentry.masking.own_log import own_logger

if TYPE_CHECKING:
    from sentry_sdk.client import BaseClient

_logger = own_logger(__name__)


def watch_clients(told: Callable[[BaseClient], None]) -> None:
    """Call `told` with each client that becomes the global one from now on, on the thread that calls `init`."""
    scope = sentry_sdk.get_global_scope()

    class ListeningScope(type(scope)):  # type: ignore[misc]  # whatever class the scope has by now
        __slots__ = ()

        def set_client(self, client: BaseClient | None = None) -> None:
            super().set_client(client)
            if client is not None:
                _tell(told, client)

    with suppress(TypeError):  # A scope of another layout stays as it is; its client is then found with the next span.
        scope.__class__ = ListeningScope


def _tell(told: Callable[[BaseClient], None], client: BaseClient) -> None:
    try:
        told(client)
    except Exception:  # the application's own `init` must not fail by our fault
        _logger.exception("otel_sentry could not join the application's sentry_sdk.init")
