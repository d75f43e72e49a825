"""Which members of the Context's baggage may leave, and to whom the user's wallet may go.

Imports next to nothing at load, because the propagator needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from otel_sentry.otel.segments import segment_of
from otel_sentry.propagation.baggage import Member

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from otel_sentry.identity.user import Identity
    from otel_sentry.otel.propagation_rules import PropagationRules
    from otel_sentry.propagation.targets import Address


def without_wallet(members: Iterable[Member], span: Span, rules: PropagationRules) -> list[Member]:
    """Members that neither are named like a wallet nor hold the wallet of the user at hand."""
    segment = segment_of(span)
    identity = segment.identity if segment is not None else None
    wallet = (identity.wallet or "").casefold() if identity is not None else ""
    return [
        member
        for member in members
        if member.key not in rules.wallet_keys and not (wallet and wallet in member.value.casefold())
    ]


def wallet_members(
    span: Span, context: Context | None, rules: PropagationRules, address: Address | None, own: Iterable[Member]
) -> list[Member]:
    """The user's wallet for a host that OTEL_SENTRY_WALLET_BAGGAGE names, under the privacy mode; empty for others.

    Args:
        span: the current one; its segment knows the user.
        context: where `use_wallet` has bound one.
        rules: names the hosts.
        address: where the request goes.
        own: the application's baggage, which may hold the wallet.
    """
    if rules.privacy is None or not rules.admits_wallet(address):
        return []
    # Imported only where the setting asks for it: the propagator must stay cheap to import.
    from otel_sentry.identity.context import wallet_in  # noqa: PLC0415
    from otel_sentry.identity.user import NOBODY, identity_of, user_attributes  # noqa: PLC0415

    segment = segment_of(span)
    said = {member.key: member.value for member in own if member.key in rules.wallet_keys}
    known: list[Identity | None] = [
        identity_of(said, tuple(rules.wallet_keys)),
        segment.identity if segment is not None else None,
        wallet_in(context),
    ]
    identity = NOBODY
    for one in known:
        identity = identity.merged(one or NOBODY)
    attributes = user_attributes(identity, rules.privacy)
    return [Member(key, value) for key, value in attributes.items() if key.startswith("wallet.")]
