"""Whether a caller's trace is continued, or refused as another organisation's. Pure. Source: protocol page 6.5."""

from __future__ import annotations


def continues(caller_org: str | None, own_org: str | None, *, strict: bool) -> bool:
    """Whether to join the caller's trace.

    Args:
        caller_org: `org_id` of its dynamic sampling context; empty counts as missing.
        own_org: id of the organisation that this process reports to.
        strict: refuse too when only one of the two is known.
    """
    if caller_org and own_org:
        return caller_org == own_org
    return not (strict and (caller_org or own_org))
