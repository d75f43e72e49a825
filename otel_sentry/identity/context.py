"""The wallet of a block of code: in OpenTelemetry's Context, and on the spans that are open around it.

Pure but for those two, which belong to the caller. Concurrent tasks and threads are kept apart by the Context itself.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from contextvars import Token
from typing import Any, TypeVar, cast

from opentelemetry import trace
from opentelemetry.context import Context, attach, create_key, detach, get_current, set_value

from otel_sentry.identity.decoration import decorated
from otel_sentry.identity.user import (
    USER_ID,
    USER_NAME,
    WALLET_ADDRESS,
    WALLET_CHAIN,
    WALLET_NAME,
    Identity,
    wallet_identity,
)
from otel_sentry.identity.wallet import canonical_wallet

SEGMENT_ATTRIBUTE = "_otel_sentry_segment"
"""A live span's segment: its `.root` (live or None), `.bind(identity)`."""

_WALLET_KEY = create_key("otel_sentry.wallet")

Function = TypeVar("Function", bound=Callable[..., Any])


def use_wallet(address: object, name: object = None, chain: object = None) -> WalletBlock:
    """Bind a wallet to a block (`with`) or to a function of any kind (decorator).

    The wallet reaches the current span, its local root, and through Context everything that starts inside.
    `use_wallet(None)` is a logout: what starts inside has no wallet; spans that already carry one keep it.

    Decorate a generator rather than write `with` inside it: between two items that would leak into its consumer, as
    every context variable of Python does.

    Args:
        address: the wallet in any spelling, CAIP-10 included; what is no usable text counts as None.
        name: ENS name or label.
        chain: CAIP-2 chain or EVM chain id.
    """
    return WalletBlock(wallet_identity(address, name, chain))


def wallet_in(context: Context | None = None) -> Identity | None:
    """The identity that `use_wallet` bound in `context` (the current one if None).

    Returns:
        None if nothing was bound; `NOBODY` after a logout.
    """
    found = get_current() if context is None else context  # `get_value` without its call: each root asks
    return cast("Identity | None", found.get(_WALLET_KEY))


def with_wallet(identity: Identity, context: Context | None = None) -> Context:
    """A copy of `context` (the current one if None) in which `identity` is bound."""
    return set_value(_WALLET_KEY, identity, context)


def own_context(identity: Identity) -> contextvars.Context:
    """A copy of all context variables in which `identity` is bound: to run the steps of something lazy in."""
    own = contextvars.copy_context()
    own.run(WalletBlock(identity).__enter__)
    return own


class WalletBlock:
    """What `use_wallet` returns. Entering binds, leaving restores; entering again nests.

    Attributes:
        identity: what is bound; `NOBODY` for a logout.
    """

    __slots__ = ("_tokens", "identity")

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._tokens: list[Token[Context]] = []

    def __enter__(self) -> Identity:
        self._tokens.append(attach(with_wallet(self.identity)))
        _tell_open_spans(self.identity)
        return self.identity

    def __exit__(self, *_: object) -> None:
        detach(self._tokens.pop())

    def __call__(self, function: Function) -> Function:
        """Decorate a function, coroutine function, generator or asynchronous generator: each call has its own block."""
        return decorated(function, lambda: WalletBlock(self.identity))


def _tell_open_spans(identity: Identity) -> None:
    span = trace.get_current_span()
    segment = getattr(span, SEGMENT_ATTRIBUTE, None)
    root = getattr(segment, "root", None)
    _stamp(span, identity)
    if root is not None and root is not span:
        _stamp(root, identity)
    if segment is not None:
        segment.bind(identity)


def _stamp(span: trace.Span, identity: Identity) -> None:
    if identity and span.is_recording():
        span.set_attributes(_stamp_over(getattr(span, "attributes", None) or {}, identity))


def _stamp_over(before: Mapping[str, Any], identity: Identity) -> dict[str, str]:
    """What to set over `before`: attributes cannot be taken away, so what was another wallet's is emptied."""
    parts = {WALLET_ADDRESS: identity.wallet, WALLET_CHAIN: identity.wallet_chain, WALLET_NAME: identity.wallet_name}
    stamp = {key: value for key, value in parts.items() if value is not None}
    former = before.get(WALLET_ADDRESS)
    if former is None or canonical_wallet(former) == identity.wallet:
        return stamp
    implied = (former, before.get(WALLET_NAME))
    stale = [key for key in (USER_ID, USER_NAME) if before.get(key) in implied]
    stale += [key for key in (WALLET_CHAIN, WALLET_NAME) if key in before and key not in stamp]
    return {**dict.fromkeys(stale, ""), **stamp}
