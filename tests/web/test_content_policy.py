"""What policies allow, as browsers read them."""

from __future__ import annotations

import pytest

from otel_sentry.web.content_policy import ScriptRule, script_rule

HASH = "sha256-abc="
YES, NO = ScriptRule(allowed=True), ScriptRule(allowed=False)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        pytest.param([], YES, id="none"),
        pytest.param(["img-src 'self'"], YES, id="about something else"),
        pytest.param(["script-src 'self' 'nonce-r4nd'"], ScriptRule(allowed=True, nonce="r4nd"), id="nonce"),
        pytest.param(["default-src 'nonce-d'"], ScriptRule(allowed=True, nonce="d"), id="nonce for everything"),
        pytest.param(["script-src-elem 'nonce-e'; script-src 'none'"], ScriptRule(allowed=True, nonce="e"), id="elem"),
        pytest.param(["Script-Src 'unsafe-inline'"], YES, id="inline"),
        pytest.param(["script-src 'unsafe-inline' 'sha256-x'"], NO, id="a hash switches inline off"),
        pytest.param([f"script-src '{HASH}'"], YES, id="our hash"),
        pytest.param(["default-src 'self'"], NO, id="self only"),
        pytest.param(["script-src 'nonce-a'", "script-src 'self'"], NO, id="the strictest counts"),
        pytest.param(["script-src 'nonce-a'", f"script-src '{HASH}'"], ScriptRule(allowed=True, nonce="a"), id="both"),
        pytest.param(["script-src 'nonce-a', script-src 'nonce-b'"], NO, id="two nonces"),
        pytest.param(["", " ; "], YES, id="empty"),
    ],
)
def test_rule(policies: list[str], expected: ScriptRule) -> None:
    """All policies together."""
    assert script_rule(policies, HASH) == expected
