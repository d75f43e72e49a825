"""A trace as the source of a pytest fixture, to be pasted into a test. Pure."""

from __future__ import annotations

import pprint
import re
from typing import TYPE_CHECKING, Any

from otel_sentry.local.arrivals import attribute_values

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEMPLATE = '''\
import pytest


@pytest.fixture
def {name}() -> list[dict]:
    """{count} spans of trace {trace_id}, as they arrived at the embedded Sentry; attributes are plain values."""
    return {spans}
'''


def fixture_code(trace_id: str, spans: Iterable[dict[str, Any]]) -> str:
    """Python source; whatever the telemetry holds becomes literals, nothing of it becomes code."""
    plain = sorted(map(attribute_values, spans), key=_start)
    literal = pprint.pformat(plain, width=112, sort_dicts=False, indent=1).replace("\n", "\n    ")
    shown = trace_id if re.fullmatch(r"[0-9a-f]{1,32}", trace_id) else "unknown"
    return _TEMPLATE.format(name=f"trace_{shown[:8]}", count=len(plain), trace_id=shown, spans=literal)


def _start(span: dict[str, Any]) -> str:
    return str(span.get("start_timestamp"))
