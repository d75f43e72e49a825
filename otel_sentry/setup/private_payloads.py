"""The last look at what sentry-sdk sends itself: issues, its own logs, metrics and check-ins.

Ours have lost their secrets before. Here it is last of all, behind every event processor and hook, and off the
application's threads. Where a transport of the application's own sends events, they are looked at as they are made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import sentry_sdk

from otel_sentry.convert.log import PARAMETER_PREFIX, TEMPLATE
from otel_sentry.delivery.transport import SentryTransport
from otel_sentry.identity.privacy import Privacy
from otel_sentry.identity.redaction import WalletRedaction
from otel_sentry.masking.mask import SecretMask

if TYPE_CHECKING:
    from otel_sentry.settings.settings import Settings

Event = dict[str, Any]

_WITHOUT_TEXT: Final = frozenset({"client_report", "session", "sessions"})
_EVENTS: Final = frozenset({"event", "transaction", "feedback"})


def private_payload(settings: Settings) -> Callable[[str, Any], Any]:
    """Type of an item and its payload → the payload without secrets and private wallets."""
    mask = SecretMask(settings.secret_patterns)
    wallets = _wallets(settings)

    def private(kind: str, payload: Any) -> Any:
        if kind in _WITHOUT_TEXT:
            return payload
        if kind in _EVENTS:
            return wallets.tree(mask.event(payload))
        if kind == "log":
            items = [mask.log(item, TEMPLATE, PARAMETER_PREFIX) for item in payload.get("items", ())]
            payload = {**payload, "items": items}
        return wallets.tree(mask.tree(payload))

    return private


def private_text(settings: Settings) -> Callable[[str], str]:
    """Text → the text without secrets and private wallets."""
    mask, wallets = SecretMask(settings.secret_patterns), _wallets(settings)
    return lambda text: wallets.text(mask.text(text))


def event_processor(settings: Settings) -> Callable[[Event, Event], Event]:
    """Hides wallets in events, once their user is known; secrets too, where another transport than ours sends them."""
    mask, wallets = SecretMask(settings.secret_patterns), _wallets(settings)

    def process(event: Event, _: Event) -> Event:
        if not isinstance(sentry_sdk.get_client().transport, SentryTransport):
            event.update(mask.event(event))
        event.update(wallets.tree(event))
        return event

    return process


def _wallets(settings: Settings) -> WalletRedaction:
    return WalletRedaction(Privacy(settings.wallet_privacy.value, settings.wallet_hash_key))
