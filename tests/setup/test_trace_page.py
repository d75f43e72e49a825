"""Where a trace can be seen."""

from __future__ import annotations

from typing import Any

import pytest

from otel_sentry.settings.settings import Settings
from otel_sentry.setup.trace_page import trace_page

TRACE, SPAN = 0xAB, 0xC
HEX = f"{TRACE:032x}"


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        pytest.param({}, None, id="no DSN"),
        pytest.param(
            {"dsn": "https://k@o7.ingest.us.sentry.io/1", "org": "acme"},
            f"https://sentry.io/organizations/acme/explore/traces/trace/{HEX}/",
            id="sentry.io",
        ),
        pytest.param(
            {"dsn": "https://k@o7.ingest.sentry.io/1"},
            f"https://sentry.io/orgredirect/organizations/:orgslug/explore/traces/trace/{HEX}/",
            id="organisation unknown",
        ),
        pytest.param(
            {"dsn": "https://k@sentry.acme.org/errors/1", "org": "acme"},
            f"https://sentry.acme.org/errors/organizations/acme/explore/traces/trace/{HEX}/",
            id="self-hosted",
        ),
        pytest.param(
            {"dsn": "https://k@ingest.acme.org/1", "org": "acme", "url": "https://sentry.acme.org/"},
            f"https://sentry.acme.org/organizations/acme/explore/traces/trace/{HEX}/",
            id="address given",
        ),
        pytest.param(
            {"trace_url": "https://jaeger/{trace_id}?span={span_id}"},
            f"https://jaeger/{HEX}?span={SPAN:016x}",
            id="template",
        ),
    ],
)
def test_a_trace_has_a_page(keywords: dict[str, Any], expected: str | None) -> None:
    """A template beats everything; otherwise the DSN's Sentry has the page."""
    assert expected == trace_page(Settings.from_env({}, **keywords), trace_id=TRACE, span_id=SPAN)
