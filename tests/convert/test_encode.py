"""Spans as bytes: the fast way gives what the plain way gives, and everything fits into the container."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import Link, SpanKind, StatusCode

from otel_sentry.convert.attribute_names import IDENTITY_NAMES
from otel_sentry.convert.container import CommonPart
from otel_sentry.convert.encode import EncodedSpan, SpanEncoder
from otel_sentry.convert.segment import segment_attributes, segment_only_attributes
from otel_sentry.convert.service import service_attributes
from otel_sentry.convert.shape import MAX_CACHED
from otel_sentry.convert.span import span_payload
from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.masking.mask import MAX_CLEAN
from otel_sentry.protocol.json_text import dumps
from tests.convert.strategies import spans
from tests.spans import context, joined, recorded, recorded_cases, span

SERVICE = service_attributes(
    Resource({"service.name": "shop", "host.name": "box", "url.path": "odd"}),
    release="r",
    environment="e",
    server_name="box",
    dist=None,
    sdk_version="1",
)
COMMON = {
    **SERVICE,
    **segment_attributes(
        segment_id="00000000000000aa", segment_name="GET /", replay_id=None, user={"user.id": "u", "wallet.chain": "1"}
    ),
}


def user_of(identity: Mapping[str, Any]) -> dict[str, str]:
    """Shows which identity attributes of a span were handed over."""
    return {"user.id": "|".join(sorted(identity))}


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, no name twice."""
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


def rendered(*encoded: EncodedSpan) -> list[dict[str, Any]]:
    """Items of the container, read back."""
    common = CommonPart(COMMON, user_of)
    payload = json.loads(joined((one, common) for one in encoded), object_pairs_hook=unique)

    assert payload.pop("version") == 2
    return list(payload.pop("items"))


def plainly(source: ReadableSpan, *, is_segment: bool) -> dict[str, Any]:
    """The same span by way of dictionaries."""
    payload: dict[str, Any] = dict(span_payload(source))
    own = payload["attributes"]
    if is_segment:
        own = {**own, **segment_only_attributes(source)}
    identity = {
        name: value for name, value in (source.attributes or {}).items() if name in IDENTITY_NAMES and value is not None
    }
    shared: dict[str, Any] = COMMON
    if identity:
        shared = {name: value for name, value in COMMON.items() if not name.startswith(("user.", "wallet."))}
        shared = {**shared, **typed_attributes(user_of(identity))}
    if source.kind in {SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER}:
        shared = {name: value for name, value in shared.items() if name != "server.address"}
    own = {name: value for name, value in own.items() if name not in IDENTITY_NAMES}
    return dict(json.loads(dumps({**payload, "is_segment": is_segment, "attributes": {**shared, **own}})))


ENCODER = SpanEncoder(common_names=COMMON)


@given(spans(), st.booleans())
@settings(max_examples=200)
def test_the_fast_way_is_the_plain_way(source: ReadableSpan, is_segment: bool) -> None:
    """Whatever a span holds, seen for the first time or again."""
    for encoder in (SpanEncoder(common_names=COMMON), ENCODER):
        assert rendered(encoder.encode(source, is_segment=is_segment)) == [plainly(source, is_segment=is_segment)]


@pytest.mark.parametrize("case", recorded_cases())
def test_real_spans_the_fast_way(case: str) -> None:
    """What instrumentations set goes the fast way, to the same end."""
    real = recorded(case)

    assert rendered(*map(ENCODER.encode, real)) == [plainly(one, is_segment=False) for one in real]


ALL_KINDS = {"text": 'é "quoted"', "number": -5, "yes": True, "no": False, "ratio": 0.1, "whole": 2.0, "empty": ""}


@pytest.mark.parametrize("is_segment", [True, False])
@pytest.mark.parametrize(
    "source",
    [
        pytest.param(span(attributes=ALL_KINDS), id="a value of each kind"),
        pytest.param(span(attributes={"http.status_code": 200, "a": 1}), id="an old name"),
        pytest.param(span(attributes={"http.status_code": "200", "a": 1}), id="an old name with another type"),
        pytest.param(span(attributes={"sentry.platform": "x", "a": 1}), id="a name that segments have too"),
        pytest.param(span(attributes={"a": "\ud800"}), id="half of a surrogate pair"),
        pytest.param(span(attributes={"a": 1 << 70}), id="a great integer"),
        pytest.param(span(attributes={"a": float("inf")}), id="a number without end"),
        pytest.param(
            span(attributes={"db.system": "redis", "cache.key": "k", "db.operation": "GET"}), id="an op by value"
        ),
        pytest.param(
            span(attributes={"db.system": "redis", "cache.key": None, "db.operation": "GET"}), id="op but None"
        ),
        pytest.param(span(attributes={"component": True}), id="an op by a value that is no text"),
        pytest.param(span(attributes={"nothing": None, "a": 1}), id="a value that is None"),
        pytest.param(span(attributes={"component": "net/http"}), id="a name that tells no op after all"),
        pytest.param(span(attributes=BoundedAttributes(1, {"a": 1, "b": 2})), id="an attribute the SDK dropped"),
    ],
)
def test_rare_spans_the_fast_way(source: ReadableSpan, is_segment: bool) -> None:
    """What the property above meets only now and then; twice, for much is remembered."""
    twice = [ENCODER.encode(source, is_segment=is_segment) for _ in range(2)]

    assert rendered(*twice) == 2 * [plainly(source, is_segment=is_segment)]


def test_spans_as_the_sdk_ends_them() -> None:
    """From a real tracer, with limits, events and links."""
    provider = TracerProvider(shutdown_on_exit=False)
    tracer = provider.get_tracer("app", "1")
    with tracer.start_as_current_span("outer", links=[Link(context(3, 4), {"a": 1})]) as outer:
        outer.set_attributes({"a": 1, "b": "x", "c": [1, 2], "wallet.address": "0xA"})
        outer.add_event("once")
        with tracer.start_as_current_span("inner") as inner:
            inner.set_attribute("ratio", 0.5)
    real: Any = [outer, inner]

    assert rendered(*map(ENCODER.encode, real)) == [plainly(one, is_segment=False) for one in real]


class Slow(Mapping[str, Any]):
    """A mapping that knows nothing of `copy`."""

    def __getitem__(self, name: str) -> Any:
        return {"a": 1}[name]

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


def test_attributes_in_any_mapping() -> None:
    """Also in one that cannot be copied the fast way, or in none at all."""
    odd = [span(attributes=Slow()), ReadableSpan("x", context=context())]

    assert rendered(*map(ENCODER.encode, odd)) == [plainly(one, is_segment=False) for one in odd]


def test_an_empty_container() -> None:
    """Valid JSON even so."""
    assert rendered() == []


def test_a_span_with_nothing_in_common() -> None:
    """No comma too many."""
    encoded = SpanEncoder().encode(span())
    items = json.loads(joined([(encoded, CommonPart({}, user_of))]))["items"]

    assert items == [{**json.loads(dumps(span_payload(span()))), "is_segment": False}]


def test_a_spans_own_attribute_wins() -> None:
    """Over the common one of the same name, once."""
    (item,) = rendered(ENCODER.encode(span(attributes={"server.address": "db", "net.peer.name": "db"})))

    assert item["attributes"]["server.address"]["value"] == "db"
    assert "net.peer.name" not in item["attributes"]


@pytest.mark.parametrize("more", [{}, {"odd": (1, "a")}])
def test_the_scope_is_told_once(more: dict[str, Any]) -> None:
    """An attribute of the application that has the name of the scope's gives way to it, on flat spans and others."""
    said = {"otel.scope.name": "mine", "otel.scope.version": "9", **more}
    one = span(scope="app", scope_version="1.0", attributes=said)

    found = rendered(ENCODER.encode(one))[0]["attributes"]

    assert found["otel.scope.name"]["value"] == "app"
    assert found["otel.scope.version"]["value"] == "1.0"


def test_the_servers_name_is_not_told_as_the_other_sides() -> None:
    """On a request that goes out, `server.address` is where it goes."""
    there, here = rendered(*(ENCODER.encode(span(kind=kind)) for kind in (SpanKind.CLIENT, SpanKind.INTERNAL)))

    assert "server.address" not in there["attributes"]
    assert here["attributes"]["server.address"]["value"] == "box"


def test_raw_identity_never_leaves() -> None:
    """A span's own identity is replaced whole by what may be sent; the segment's goes with it."""
    encoded = ENCODER.encode(span(attributes={"wallet.address": "0xSecret", "enduser.id": "e", "user.roles": ["a"]}))
    (item,) = rendered(encoded)

    assert encoded.identity == {"wallet.address": "0xSecret", "enduser.id": "e"}
    assert b"0xSecret" not in encoded.head
    assert {
        name: typed["value"] for name, typed in item["attributes"].items() if name.startswith(("user", "wal", "end"))
    } == {
        "user.roles": ["a"],
        "user.id": "enduser.id|wallet.address",
    }


def test_secrets_never_leave() -> None:
    """Told by name or by form, whichever way a span is encoded."""
    secret = {"db.password": "hunter2"}
    both = [span("login Bearer 8f14e45fceea167a", attributes=kept) for kept in (secret, MappingProxyType(secret))]

    for item in rendered(*map(ENCODER.encode, both)):
        assert item["name"] == "login Bearer [Filtered]"
        assert item["attributes"]["db.password"] == {"type": "string", "value": "[Filtered]"}


def test_other_names_can_be_held_back() -> None:
    """The settings may name further wallet attributes."""
    encoder = SpanEncoder(common_names=COMMON, identity_names={*IDENTITY_NAMES, "account"})
    encoded = encoder.encode(span(attributes={"account": "0xSecret"}))

    assert encoded.identity == {"account": "0xSecret"}
    assert b"0xSecret" not in encoded.head


def test_what_orjson_refuses_goes_the_plain_way() -> None:
    """Lone surrogates in names, values and keys."""
    odd = span("a\ud800", attributes={"b\ud800": "c\ud800", "wallet.address": "\ud800", "server.address": "\ud801"})

    for is_segment in (True, False):
        assert rendered(ENCODER.encode(odd, is_segment=is_segment)) == [plainly(odd, is_segment=is_segment)]


def test_a_great_span_goes_the_plain_way() -> None:
    """And is cut there."""
    great = span(attributes={"body": "x" * 3_000_000})

    assert rendered(ENCODER.encode(great)) == [plainly(great, is_segment=False)]
    assert len(ENCODER.encode(great).head) < 600_000


def test_shapes_are_bounded() -> None:
    """Attribute names that never come again do not fill the memory, and stay right."""
    encoder = SpanEncoder(common_names=COMMON)
    for number in range(MAX_CACHED + 10):
        source = span(attributes={f"name{number}": 1, "sentry.op": f"op{number}"})
        assert rendered(encoder.encode(source)) == [plainly(source, is_segment=False)]

    assert 0 < len(encoder._shapes._known) <= MAX_CACHED


def test_renderings_of_a_shape_are_bounded() -> None:
    """Ops that never come again neither."""
    encoder = SpanEncoder(common_names=COMMON)
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("app")
    for number in range(MAX_CACHED + 10):
        source: Any = tracer.start_span("work", attributes={"sentry.op": f"op{number}"})
        source.end()
        assert rendered(encoder.encode(source)) == [plainly(source, is_segment=False)]

    assert 0 < max(len(shape._inferred) for shape in encoder._shapes._known.values()) <= MAX_CACHED


def test_names_of_spans_are_bounded() -> None:
    """Names that never come again, long ones, and such that hold a secret: those are not remembered."""
    encoder = SpanEncoder(common_names=COMMON)
    names = [*map(str, range(MAX_CLEAN + 10)), 300 * "y", "login Bearer 8f14e45fceea167a"]
    last = [span(name) for name in names][-12:]
    for name in names:
        encoder.encode(span(name))

    assert 0 < len(encoder._span_names) <= MAX_CLEAN
    assert encoder._span_names.keys().isdisjoint(names[-2:])
    assert [item["name"] for item in rendered(*map(encoder.encode, last))] == [
        *names[-12:-1],
        "login Bearer [Filtered]",
    ]


class Fickle(dict[str, Any]):
    """Loses an attribute once its values are asked for."""

    def values(self) -> Any:
        self.pop("gone", None)
        return super().values()


def test_attributes_that_change_meanwhile() -> None:
    """No value leaves under another's name."""
    source = span(attributes={"gone": 1, "stays": 2}, parent=3)
    source._attributes._dict = Fickle(source._attributes._dict)  # type: ignore[union-attr] # as another processor might
    (item,) = rendered(ENCODER.encode(source))

    assert item["attributes"]["stays"] == {"type": "integer", "value": 2}
    assert "gone" not in item["attributes"]


def test_what_is_remembered_of_values_is_bounded() -> None:
    """Texts and op-giving values that never come again neither."""
    encoder = SpanEncoder(common_names=COMMON)
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("app")
    last: list[Any] = []
    for value in (*map(str, range(MAX_CLEAN + 10)), 300 * "y"):
        last = [*last[-1:], tracer.start_span("work", attributes={"a": value, "gen_ai.operation.name": value})]
        last[-1].end()
        encoder.encode(last[-1])
    (shape,) = encoder._shapes._known.values()

    assert rendered(*map(encoder.encode, last)) == [plainly(one, is_segment=False) for one in last]
    assert 0 < len(encoder._shapes._texts) <= MAX_CLEAN
    assert 0 < len(shape._inferred_by_values) <= MAX_CACHED


def test_failed_spans_are_told() -> None:
    """Whichever way they are encoded: they are kept longest."""
    failed = [span(status=StatusCode.ERROR, attributes=kept) for kept in ({"a": 1}, Slow())]

    assert [ENCODER.encode(one).failed for one in (*failed, span())] == [True, True, False]


def test_equal_scopes_share_their_shapes() -> None:
    """Asking for a tracer again and again costs nothing but itself, and is bounded as well."""
    encoder = SpanEncoder(common_names=COMMON)
    for _ in range(2 * MAX_CACHED):
        encoder.encode(span(scope="app", attributes={"a": 1}))
    encoder.encode(span(scope="other", attributes={"a": 1}))
    origins = [rendered(encoder.encode(span(scope=scope)))[0]["attributes"]["otel.scope.name"] for scope in ("a", "b")]

    assert len(encoder._shapes._known) <= 5
    assert len(encoder._shapes._scopes) <= MAX_CACHED
    assert [typed["value"] for typed in origins] == ["a", "b"]


def test_a_great_shape_is_not_remembered() -> None:
    """A span with thousands of attributes is encoded and forgotten."""
    encoder = SpanEncoder(common_names=COMMON)
    great = span(attributes={f"name{number}": number for number in range(5000)})

    assert rendered(encoder.encode(great)) == [plainly(great, is_segment=False)]
    assert encoder._shapes._known == {}
