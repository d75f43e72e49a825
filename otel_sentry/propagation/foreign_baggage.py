"""Other people's baggage, between the header and OpenTelemetry's Context. Pure.

Rule: members of Sentry never stay in OpenTelemetry's baggage; a member's properties (`;…`) live beside it, because the
API has no place for them, and go out again only with an unchanged value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from opentelemetry.baggage import get_all, remove_baggage, set_baggage
from opentelemetry.context import Context, create_key, get_value, set_value

from otel_sentry.propagation.baggage import SENTRY_PREFIX, Member

_PROPERTIES_KEY = create_key("otel_sentry.baggage_properties")


def with_members(members: Iterable[Member], context: Context) -> Context:
    """A copy of `context` whose baggage holds `members` too."""
    properties = {}
    for member in members:
        context = set_baggage(member.key, member.value, context)
        if member.properties:
            properties[member.key] = member
    return set_value(_PROPERTIES_KEY, {**_known_properties(context), **properties}, context) if properties else context


def without_sentry_members(context: Context) -> Context:
    """A copy of `context` whose baggage has no member of Sentry (another propagator may have put some there)."""
    for key in [key for key in get_all(context) if key.startswith(SENTRY_PREFIX)]:
        context = remove_baggage(key, context)
    return context


def members_in(context: Context | None) -> list[Member]:
    """The baggage of `context` (the current one if None), as it may be sent, in the order it was set."""
    baggage = get_all(context)
    if not baggage:
        return []
    known = _known_properties(context)
    members = (Member(str(key), str(value)) for key, value in baggage.items())
    return [_with_properties(member, known) for member in members]


def _with_properties(member: Member, known: Mapping[str, Member]) -> Member:
    arrived = known.get(member.key)
    return arrived if arrived is not None and arrived.value == member.value else member


def _known_properties(context: Context | None) -> Mapping[str, Member]:
    return cast("Mapping[str, Member]", get_value(_PROPERTIES_KEY, context) or {})
