"""The envelope grammar: round trips, tolerances, and errors that say where."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentry_sdk.envelope import Envelope as SdkEnvelope
from sentry_sdk.envelope import Item as SdkItem

from otel_sentry.errors import MalformedEnvelope
from otel_sentry.protocol.envelope import (
    Envelope,
    EnvelopeItem,
    envelope_headers,
    envelope_items,
    parse_envelope,
    serialize_envelope,
    serialize_item,
)

_text = st.text(st.characters(exclude_categories=["Cs"]))
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=5,
)
_headers = st.dictionaries(_text.filter(lambda key: key not in ("type", "length")), _json, max_size=4)
_items = st.builds(
    lambda headers, kind, payload: EnvelopeItem({"type": kind, **headers}, payload), _headers, _text, st.binary()
)


@given(headers=_headers, items=st.lists(_items, max_size=4))
def test_reading_what_was_written_gives_the_same_envelope(headers: dict, items: list) -> None:
    """Decode ∘ encode is the identity, whatever the payloads hold."""
    assert parse_envelope(serialize_envelope(headers, items)) == Envelope(headers, items)


@given(headers=_headers, item=_items)
def test_an_envelope_of_one_item(headers: dict, item: EnvelopeItem) -> None:
    """The short way writes the same bytes."""
    assert serialize_item(headers, item.headers, item.payload) == serialize_envelope(headers, [item])


@given(st.binary() | st.binary().map(lambda tail: b'{}\n{"type":"event","length":3}\n' + tail))
def test_arbitrary_bytes_never_crash_the_reader(data: bytes) -> None:
    """Bytes are an envelope or malformed; nothing else is raised."""
    try:
        envelope = parse_envelope(data)
    except MalformedEnvelope as refusal:
        assert str(refusal).startswith("line ")  # noqa: PT017  it need not be raised
    else:
        assert parse_envelope(serialize_envelope(envelope.headers, envelope.items)) == envelope


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"{}", Envelope({}), id="header only"),
        pytest.param(b"{}\n", Envelope({}), id="header only, final newline"),
        pytest.param(
            b'{"a":1}\n{"type":"x","length":2}\nhi\n',
            Envelope({"a": 1}, [EnvelopeItem({"type": "x"}, b"hi")]),
            id="final newline",
        ),
        pytest.param(
            b'{}\n{"type":"x","length":2}\nhi',
            Envelope({}, [EnvelopeItem({"type": "x"}, b"hi")]),
            id="no final newline",
        ),
        pytest.param(
            b'{}\n{"type":"x"}\nhi',
            Envelope({}, [EnvelopeItem({"type": "x"}, b"hi")]),
            id="no length, no final newline",
        ),
        pytest.param(
            b'{}\n{"type":"x"}\nhi\n{"type":"y"}\nho\n',
            Envelope({}, [EnvelopeItem({"type": "x"}, b"hi"), EnvelopeItem({"type": "y"}, b"ho")]),
            id="no length, two items",
        ),
        pytest.param(
            b'{}\n{"type":"x","length":0}\n\n', Envelope({}, [EnvelopeItem({"type": "x"}, b"")]), id="empty payload"
        ),
        pytest.param(
            b'{}\n{"type":"x","length":0}',
            Envelope({}, [EnvelopeItem({"type": "x"}, b"")]),
            id="empty payload, nothing follows",
        ),
        pytest.param(
            b'{}\n{"type":"x","length":3}\na\nb\n',
            Envelope({}, [EnvelopeItem({"type": "x"}, b"a\nb")]),
            id="newline in payload",
        ),
        pytest.param(
            b'{}\n{"type":"x","new":[1]}\n\n',
            Envelope({}, [EnvelopeItem({"type": "x", "new": [1]}, b"")]),
            id="unknown header kept",
        ),
    ],
)
def test_tolerances_of_the_grammar(data: bytes, expected: Envelope) -> None:
    """Length and the final newline may be missing."""
    assert parse_envelope(data) == expected


@pytest.mark.parametrize(
    ("data", "where", "why"),
    [
        pytest.param(b"", "line 1, byte 0", "empty", id="nothing"),
        pytest.param(b"\n{}", "line 1, byte 0", "no JSON", id="blank first line"),
        pytest.param(b"[]\n", "line 1, byte 0", "must be a JSON object", id="header is a list"),
        pytest.param(b"{}\r\n", "line 1, byte 0", "LF only", id="CR LF"),
        pytest.param(b"\xff\xfe", "line 1, byte 0", "no JSON", id="not UTF-8"),
        pytest.param(b"{}\n{}\nx", "line 2, byte 3", "no `type`", id="item without type"),
        pytest.param(b'{}\n{"type":1}\nx', "line 2, byte 3", "no `type`", id="type is a number"),
        pytest.param(
            b'{}\n{"type":"x","length":-1}\n', "line 2, byte 3", "number of bytes, not -1", id="negative length"
        ),
        pytest.param(b'{}\n{"type":"x","length":true}\n', "line 2, byte 3", "not True", id="boolean length"),
        pytest.param(b'{}\n{"type":"x","length":"2"}\nhi', "line 2, byte 3", "not '2'", id="length as text"),
        pytest.param(b'{}\n{"type":"x","length":9}\nhi', "line 3, byte 27", "must be 9 bytes, only 2 follow", id="cut"),
        pytest.param(
            b'{}\n{"type":"x","length":1}\nhi', "line 3, byte 28", "a newline must follow", id="length too short"
        ),
        pytest.param(
            b'{}\n{"type":"x"}\nhi\nrubbish', "line 4, byte 19", "no JSON: 'rubbish'", id="second item header"
        ),
    ],
)
def test_malformed_bytes_are_refused_with_place_and_reason(data: bytes, where: str, why: str) -> None:
    """The message names line, byte and reason."""
    with pytest.raises(MalformedEnvelope) as caught:
        parse_envelope(data)

    assert where in str(caught.value)
    assert why in str(caught.value)


def test_items_before_the_damage_can_be_read() -> None:
    """A damaged envelope yields what precedes the damage."""
    data = b'{}\n{"type":"x"}\nhi\n{"type":"y","length":99}\ncut'
    _, offset = envelope_headers(data)
    seen: list[EnvelopeItem] = []

    def read_on() -> None:
        for item in envelope_items(data, offset):
            seen.append(item)  # noqa: PERF402 - extend() would lose them at the error

    with pytest.raises(MalformedEnvelope):
        read_on()

    assert seen == [EnvelopeItem({"type": "x"}, b"hi")]


def test_hostile_bytes_are_shown_harmless_and_short() -> None:
    """Control characters of a bad line are escaped and the line is cut."""
    with pytest.raises(MalformedEnvelope) as caught:
        parse_envelope(b"\x1b[2J" + b"x" * 10_000)

    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200


def _reading_seconds(items: int) -> float:
    data = serialize_envelope({}, [EnvelopeItem({"type": "x"}, b"y" * 1000)] * items)
    start = time.perf_counter()
    assert len(parse_envelope(data).items) == items
    return time.perf_counter() - start


def test_reading_time_grows_with_size_not_with_its_square() -> None:
    """Sixteen times the items cost far less than the 256 times that a quadratic reader would need."""
    small = min(_reading_seconds(1_000) for _ in range(3))
    big = min(_reading_seconds(16_000) for _ in range(3))

    assert big < small * 100


def test_the_sdk_reads_what_we_write() -> None:
    """sentry-sdk's own reader agrees with our writer."""
    items = [
        EnvelopeItem({"type": "attachment", "filename": "a"}, b"\n\0\n"),
        EnvelopeItem({"type": "event"}, b'{"a":1}'),
    ]
    read = SdkEnvelope.deserialize(serialize_envelope({"event_id": "a" * 32}, items))

    assert [(item.type, item.get_bytes()) for item in read.items] == [("attachment", b"\n\0\n"), ("event", b'{"a":1}')]


def test_we_read_what_the_sdk_writes() -> None:
    """Our reader agrees with sentry-sdk's writer; cut short it is malformed."""
    envelope = SdkEnvelope(headers={"event_id": "a" * 32})
    envelope.add_item(SdkItem(b"\n\0\n", type="attachment"))
    written = envelope.serialize()

    assert parse_envelope(written).items[0].payload == b"\n\0\n"
    with pytest.raises(MalformedEnvelope, match="must be 3 bytes, only 1 follow"):
        parse_envelope(written[:-3])
