"""Reading and writing `sentry-trace`: laws, and headers from nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.propagation.sentry_trace import format_sentry_trace, parse_sentry_trace

TRACE = "771a43a4192642f0b136d5159a501700"
SPAN = "1234567890abcdef"

trace_ids = st.integers(1, 2**128 - 1)
span_ids = st.integers(1, 2**64 - 1)


@given(trace_ids, span_ids, st.sampled_from([True, False, None]))
def test_what_is_written_is_read(trace_id: int, span_id: int, sampled: bool | None) -> None:
    """Reading undoes writing."""
    assert parse_sentry_trace(format_sentry_trace(trace_id, span_id, sampled)) == (trace_id, span_id, sampled)


@given(st.text())
def test_any_text_is_read_without_harm(text: str) -> None:
    """No text raises; what is read could have been written."""
    found = parse_sentry_trace(text)

    assert found is None or parse_sentry_trace(format_sentry_trace(*found)) == found


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("x" * 1_000_000, id="1 MB"),
        pytest.param("," * 1_000_000, id="1 MB of commas"),
        pytest.param(" " * 1_000_000, id="1 MB of blanks"),
        pytest.param(f"{TRACE}-{SPAN}-1\r\nx: y", id="CRLF"),
        pytest.param(f"{TRACE}-{SPAN}-1\n", id="newline at the end"),
        pytest.param(f"{TRACE}-{SPAN}-\x00", id="NUL"),
        pytest.param(f"{'0' * 32}-{SPAN}-1", id="trace id of zeros"),
        pytest.param(f"{TRACE}-{'0' * 16}-1", id="span id of zeros"),
        pytest.param(f"{TRACE.upper()}-{SPAN}-1", id="upper case"),
        pytest.param(f"{TRACE}-{SPAN}-1-1", id="a fourth part"),
        pytest.param(TRACE, id="trace id alone"),
        pytest.param("-1", id="decision alone"),
        pytest.param(f"{TRACE}{SPAN}1", id="no dashes"),
        pytest.param("\u0660" * 32 + f"-{SPAN}-1", id="digits of another script"),
    ],
)
def test_hostile_headers_are_ignored(header: str) -> None:
    """What is no header begins a new trace."""
    assert parse_sentry_trace(header) is None


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        pytest.param(f"  {TRACE}-{SPAN}-1\t", True, id="blanks around"),
        pytest.param(f" , ,{TRACE}-{SPAN}-0,nonsense", False, id="blank headers before it"),
        pytest.param(f"00-{TRACE}-{SPAN}-00", None, id="wrapped as a traceparent"),
    ],
)
def test_what_other_sdks_tolerate_is_read(header: str, sampled: bool | None) -> None:
    """Whitespace, joined headers and the wrapper that sentry-python strips do no harm."""
    assert parse_sentry_trace(header) == (int(TRACE, 16), int(SPAN, 16), sampled)
