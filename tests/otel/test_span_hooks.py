"""sentry-sdk's hooks on spans and transactions that leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from otel_sentry.protocol.item_kinds import Category

if TYPE_CHECKING:
    from collections.abc import Callable


def work(one: Any) -> None:
    with one.tracer.start_as_current_span("root", attributes={"order": 7, "card": "4111"}):
        one.tracer.start_span("child", attributes={"rows": 3}).end()


def test_a_span_hook_changes_name_and_attributes(pipe: Callable[..., Any]) -> None:
    """What else it changes, removes or adds is not taken over; it sees plain values and an empty hint."""
    seen: list[Any] = []

    def hook(span: dict[str, Any], hint: Any) -> dict[str, Any]:
        seen.append((span["name"], span["attributes"].get("order"), hint))
        span["attributes"].pop("card", None)
        span["attributes"]["extra"] = True
        return {**span, "name": span["name"].upper(), "trace_id": "0" * 32, "status": "error"}

    one = pipe(before_send_span=hook)
    work(one)
    arrived = one.arrived()

    assert set(arrived) == {"ROOT", "CHILD"}
    assert sorted(seen) == [("child", None, {}), ("root", 7, {})]
    attributes = arrived["ROOT"]["attributes"]
    assert "card" not in attributes
    assert attributes["order"] == {"type": "integer", "value": 7}
    assert attributes["extra"] == {"type": "boolean", "value": True}
    assert {span["status"] for span in arrived.values()} == {"ok"}
    assert arrived["CHILD"]["parent_span_id"] == arrived["ROOT"]["span_id"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda *_: None, id="nothing"),
        pytest.param(lambda *_: "span", id="no span"),
        pytest.param(lambda span, _: {**span, "name": 7}, id="no name"),
        pytest.param(lambda span, _: span["attributes"].clear() or span["absent"], id="an exception"),
    ],
)
def test_spans_cannot_be_dropped_or_broken(pipe: Callable[..., Any], answer: Any) -> None:
    """Whatever a hook answers or raises, the span leaves as it was."""
    one = pipe(before_send_span=answer)
    work(one)
    arrived = one.arrived()

    assert set(arrived) == {"root", "child"}
    assert arrived["root"]["attributes"]["card"]["value"] == "4111"
    assert one.lost() == {}


def test_a_transaction_hook_may_change_anything(pipe: Callable[..., Any]) -> None:
    """Spans that it takes out are counted."""

    def hook(event: dict[str, Any], _: Any) -> dict[str, Any]:
        return {**event, "transaction": "other", "spans": []}

    one = pipe(before_send_transaction=hook, wire_format="transaction")
    work(one)
    one.arrived()

    assert [event["transaction"] for event in one.receiver.transactions] == ["other"]
    assert one.lost() == {"before_send": 1}


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        pytest.param(lambda *_: None, "before_send", id="dropped"),
        pytest.param(lambda *_: 1 / 0, "callback_error", id="an exception"),
    ],
)
def test_a_transaction_that_is_not_wanted_is_counted(pipe: Callable[..., Any], hook: Any, reason: str) -> None:
    """As sentry-sdk counts it: the transaction, and its spans with the root."""
    one = pipe(before_send_transaction=hook, wire_format="transaction")
    work(one)
    one.arrived()

    assert one.receiver.transactions == []
    assert one.lost() == {reason: 2}
    assert one.lost(Category.TRANSACTION) == {reason: 1}
