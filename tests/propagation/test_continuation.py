"""Whose traces are continued; the table of the specification is run in test_peer_cases.py."""

from __future__ import annotations

import pytest

from otel_sentry.propagation.continuation import continues


@pytest.mark.parametrize("strict", [True, False])
def test_an_empty_organisation_is_a_missing_one(strict: bool) -> None:
    """`sentry-org_id=` says nothing."""
    assert continues("", "1", strict=strict) is continues(None, "1", strict=strict)
    assert continues("", None, strict=strict)
