"""Old attribute names become new ones; nothing that is there is overwritten."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import SpanKind

from otel_sentry.convert.attribute_names import DIRECTIVES, RENAMES, wire_attributes
from otel_sentry.convert.values import plain

CLIENT, SERVER = SpanKind.CLIENT, SpanKind.SERVER


def wire(attributes: dict[str, Any], kind: SpanKind = CLIENT) -> dict[str, Any]:
    """Names and bare values as they are sent."""
    return {name: typed["value"] for name, typed in wire_attributes(attributes, kind).items()}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param({"http.url": "http://h/p"}, {"url.full": "http://h/p"}, id="url"),
        pytest.param(
            {"http.target": "/p?q=1#f"}, {"url.path": "/p", "url.query": "q=1", "url.fragment": "f"}, id="target"
        ),
        pytest.param({"http.target": "/p"}, {"url.path": "/p"}, id="target without query"),
        pytest.param({"http.scheme": "https"}, {"url.scheme": "https"}, id="scheme"),
        pytest.param({"http.status_code": 200}, {"http.response.status_code": 200}, id="status"),
        pytest.param({"http.status_code": "200"}, {"http.response.status_code": 200}, id="status as text"),
        pytest.param({"http.status_code": "fine"}, {"http.response.status_code": "fine"}, id="status that is none"),
        pytest.param({"http.user_agent": "u"}, {"user_agent.original": "u"}, id="user agent"),
        pytest.param({"http.flavor": "1.1"}, {"network.protocol.version": "1.1"}, id="flavor"),
        pytest.param({"http.client_ip": "1.2.3.4"}, {"client.address": "1.2.3.4"}, id="client"),
        pytest.param({"http.host": "h:80"}, {"server.address": "h", "server.port": 80}, id="host with port"),
        pytest.param({"http.host": "h"}, {"server.address": "h"}, id="host"),
        pytest.param({"http.host": "h:None"}, {"server.address": "h"}, id="host of an ASGI server without port"),
        pytest.param({"http.host": "[::1]:80"}, {"server.address": "::1", "server.port": 80}, id="IPv6 host with port"),
        pytest.param({"http.host": "::1"}, {"server.address": "::1"}, id="IPv6 host"),
        pytest.param({"http.host": "h:99999999"}, {"server.address": "h:99999999"}, id="host with no port"),
        pytest.param({"net.host.name": "h"}, {"server.address": "h"}, id="own name"),
        pytest.param({"net.peer.name": "h", "net.peer.port": 1}, {"server.address": "h", "server.port": 1}, id="peer"),
        pytest.param({"net.peer.port": "46390"}, {"server.port": 46390}, id="port as text"),
        pytest.param({"net.peer.ip": "1.2.3.4"}, {"network.peer.address": "1.2.3.4"}, id="peer's address"),
        pytest.param({"net.transport": "ip_tcp"}, {"network.transport": "tcp"}, id="transport"),
        pytest.param({"net.transport": "pipe"}, {"network.transport": "pipe"}, id="transport without prefix"),
        pytest.param({"db.name": "shop"}, {"db.namespace": "shop"}, id="database"),
        pytest.param({"rpc.grpc.status_code": 5}, {"rpc.response.status_code": "NOT_FOUND"}, id="gRPC code"),
        pytest.param({"rpc.grpc.status_code": 99}, {"rpc.response.status_code": "99"}, id="unknown gRPC code"),
        pytest.param(
            {"code.filepath": "a.py", "code.lineno": 3}, {"code.file.path": "a.py", "code.line.number": 3}, id="code"
        ),
        pytest.param({"http.method": "GET"}, {"http.method": "GET"}, id="left to Sentry's ingest"),
        pytest.param({"http.url": None, "my": 1}, {"my": 1}, id="None"),
        pytest.param(dict.fromkeys(DIRECTIVES, "x"), {}, id="directives leave elsewhere"),
    ],
)
def test_old_names(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Each old name has its new one, in the form of the new one."""
    assert wire(old) == new


def test_the_peer_of_a_server_is_its_client() -> None:
    """`net.peer.*` means the other side, whichever that is."""
    assert wire({"net.peer.name": "c", "net.peer.port": 9, "net.host.port": 80}, SERVER) == {
        "client.address": "c",
        "client.port": 9,
        "server.port": 80,
    }


def test_a_new_name_is_never_overwritten() -> None:
    """What says the same goes, what says something else stays under its old name."""
    assert wire({"http.url": "http://a", "url.full": "http://a"}) == {"url.full": "http://a"}
    assert wire({"http.url": "http://b", "url.full": "http://a"}) == {"url.full": "http://a", "http.url": "http://b"}


def test_the_first_old_name_wins() -> None:
    """Of several old names for one thing the more telling one is taken."""
    assert wire({"http.server_name": "alias", "http.host": "h:80", "net.host.port": 80}) == {
        "server.address": "h",
        "server.port": 80,
        "http.server_name": "alias",
    }


@given(st.dictionaries(st.sampled_from(sorted(RENAMES)), st.text() | st.integers(0, 2**40)), st.sampled_from(SpanKind))
def test_nothing_is_lost(attributes: dict[str, Any], kind: SpanKind) -> None:
    """Each old value is found again, under the old or the new name, whole or in its parts."""
    sent = wire(attributes, kind)

    for old, value in attributes.items():
        for name, part in RENAMES[old].pairs(value, kind):
            assert sent.get(name) == plain(part) or sent.get(old) == plain(value)
