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


def without_wallet(
    members: Iterable[Member], span: Span, context: Context | None, rules: PropagationRules
) -> list[Member]:
    """Members that neither are named like a wallet nor hold the wallet of the user at hand."""
    wallets = [one.wallet.casefold() for one in _known(span, context) if one is not None and one.wallet]
    return [
        member
        for member in members
        if member.key not in rules.wallet_keys and not any(wallet in member.value.casefold() for wallet in wallets)
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
    from otel_sentry.identity.user import NOBODY, identity_of, user_attributes  # noqa: PLC0415

    said = {member.key: member.value for member in own if member.key in rules.wallet_keys}
    identity = identity_of(said, rules.wallet_attributes) or NOBODY
    for one in _known(span, context):
        identity = identity.merged(one or NOBODY)
    attributes = user_attributes(identity, rules.privacy)
    return [Member(key, value) for key, value in attributes.items() if key.startswith("wallet.")]


def _known(span: Span, context: Context | None) -> tuple[Identity | None, Identity | None]:
    """Who the segment's user is, and whom the block around the request is bound to."""
    # Imported when there is baggage to look at: the propagator must stay cheap to import.
    from otel_sentry.identity.context import wallet_in  # noqa: PLC0415

    segment = segment_of(span)
    return (segment.identity if segment is not None else None, wallet_in(context))
