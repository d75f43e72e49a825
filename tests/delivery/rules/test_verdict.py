"""What answers mean."""

from __future__ import annotations

import pytest

from otel_sentry.delivery.rules.verdict import Verdict, verdict


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Verdict.DELIVERED),
        (202, Verdict.DELIVERED),
        (204, Verdict.DELIVERED),
        (301, Verdict.FINAL),
        (400, Verdict.FINAL),
        (401, Verdict.FINAL),
        (403, Verdict.FINAL),
        (404, Verdict.FINAL),
        (408, Verdict.RETRY),
        (413, Verdict.DIVIDE),
        (415, Verdict.RECODE),
        (429, Verdict.LATER),
        (500, Verdict.RETRY),
        (502, Verdict.RETRY),
        (503, Verdict.RETRY),
        (599, Verdict.RETRY),
        (600, Verdict.FINAL),
    ],
)
def test_judges_a_status(status: int, expected: Verdict) -> None:
    """Each status has one meaning."""
    assert verdict(status) is expected
