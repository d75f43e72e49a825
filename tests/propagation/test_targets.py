"""Addresses and who may get headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.propagation.targets import (
    Address,
    address_of,
    admits,
    compile_targets,
    is_host_among,
    matches,
)


@pytest.mark.parametrize(
    ("url", "targets", "expected"),
    [
        pytest.param("https://api.example.com/v1?next=internal", ["internal"], False, id="the query never counts"),
        pytest.param("https://api.example.com/v1#internal", ["internal"], False, id="the fragment never counts"),
        pytest.param("https://internal:x@evil.example/", ["internal"], False, id="user info never counts"),
        pytest.param("https://api.example.com/v1", ["api.example.com/v1"], True, id="host and path"),
        pytest.param(
            "https://api.example.com/v1", ["api.example.com:443/v1"], True, id="the scheme's own port, written"
        ),
        pytest.param("https://api.example.com:443/v1", ["api.example.com/v1"], True, id="the scheme's own port, asked"),
        pytest.param("https://api.example.com:8443/v1", ["api.example.com/v1"], False, id="another port"),
        pytest.param("http://[::1]:8000/a", ["http://[::1]:8000"], True, id="IPv6"),
        pytest.param("https://API.Example.com/v1", ["https://api.example.com"], True, id="host in capitals"),
        pytest.param("https://api.example.com/v1", ["/^https://api[.]/"], True, id="expression"),
        pytest.param("https://api.example.com/v1", ["/^api/"], False, id="expression with anchor"),
        pytest.param("https://api.example.com", ["https://api.example.com/"], True, id="an empty path is the root"),
        pytest.param("https://api.example.com/", ["/"], True, id="a single slash is plain text"),
        pytest.param("not a url", ["not"], False, id="not absolute"),
        pytest.param("http://[broken", ["http"], False, id="broken brackets"),
        pytest.param("http://host:99999/", ["host"], False, id="port out of range"),
    ],
)
def test_matches(url: str, targets: list[str], expected: bool) -> None:
    """Scheme, host, port and path decide."""
    assert matches(url, targets) is expected


@given(st.text(), st.lists(st.text(), max_size=3).map(lambda entries: [f"x{entry}" for entry in entries]))
def test_no_text_raises(url: str, targets: list[str]) -> None:
    """Whatever an address looks like, the question has an answer."""
    assert matches(url, targets) in {True, False}


def test_unset_targets_admit_everybody_and_the_unknown() -> None:
    """Without targets an unknown address gets headers, with targets it does not."""
    assert admits(None, None)
    assert not admits(compile_targets(()), None)
    assert not admits(compile_targets(("/.*/",)), None)


def test_messages_have_addresses_too() -> None:
    """A message without a known broker is admitted by its system or its destination."""
    address = Address("kafka", "", 0, "/orders")

    assert admits(compile_targets(["kafka://"]), address)
    assert admits(compile_targets(["/orders$/"]), address)
    assert not admits(compile_targets(["https://"]), address)


@pytest.mark.parametrize(
    ("hosts", "url", "expected"),
    [
        pytest.param(["api.example.com"], "https://api.example.com/x", True, id="host"),
        pytest.param(["API.example.com"], "https://api.example.com/x", True, id="host in capitals"),
        pytest.param(["api.example.com"], "https://api.example.com.evil.example/x", False, id="longer host"),
        pytest.param(["api.example.com:8443"], "https://api.example.com:8443/x", True, id="host and port"),
        pytest.param(["api.example.com:8443"], "https://api.example.com/x", False, id="another port"),
        pytest.param(["*.example.com"], "https://api.example.com/x", True, id="subdomain"),
        pytest.param(["*.example.com"], "https://example.com/x", False, id="the domain itself is no subdomain"),
        pytest.param(["*.example.com"], "https://evilexample.com/x", False, id="the dot counts"),
        pytest.param(["[::1]:8000"], "http://[::1]:8000/", True, id="IPv6"),
        pytest.param([], "https://api.example.com/x", False, id="nobody"),
    ],
)
def test_hosts_of_the_wallet(hosts: list[str], url: str, expected: bool) -> None:
    """Hosts are compared whole."""
    address = address_of(url)
    assert address is not None

    assert is_host_among(hosts, address) is expected


def test_host_and_own_port() -> None:
    """The two schemes of one host are one server; any other port is another."""
    assert Address("http", "a", 80, "/").host_and_own_port == Address("https", "a", 443, "/").host_and_own_port
    assert Address("http", "a", 8969, "/").host_and_own_port == ("a", 8969)
