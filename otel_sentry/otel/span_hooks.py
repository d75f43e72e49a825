"""sentry-sdk's hooks on what is about to leave: `before_send_span`, `before_send_transaction`. Slow, only where set.

Source: `Client._capture_telemetry` and `Client._prepare_event` of sentry-sdk 2.75. Hooks are the application's code:
what they raise changes nothing but the one span or transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.masking.own_log import own_logger
from otel_sentry.protocol.item_kinds import Category, LossReason
from otel_sentry.protocol.json_text import dumps, loads

if TYPE_CHECKING:
    from otel_sentry.delivery.outbox import Outbox
    from otel_sentry.protocol.items import Transaction

_logger = own_logger(__name__)

Hook = Callable[..., Any]


def edited_span(span_json: bytes, hook: Hook) -> bytes:
    """A span as the hook wants it: it may change `name` and `attributes`; anything else keeps the original.

    Args:
        span_json: a span v2.
        hook: gets the span as sentry-sdk shows it, attributes as plain values, and an empty hint.
    """
    span = loads(span_json)
    typed = span["attributes"]
    shown = {**span, "attributes": {name: value["value"] for name, value in typed.items()}}
    try:
        answer = hook(shown, {})
    except Exception:
        _logger.exception("before_send_span failed; the span leaves as it was")
        return span_json
    if not isinstance(answer, Mapping) or not isinstance(answer.get("name"), str):
        return span_json
    found = answer.get("attributes") or {}
    same = {name: typed[name] for name, value in found.items() if name in typed and typed[name]["value"] == value}
    changed = typed_attributes({name: value for name, value in found.items() if name not in same})
    return dumps({**span, "name": answer["name"], "attributes": {**same, **changed}})


def edited_transaction(payload: Transaction, hook: Hook, outbox: Outbox) -> Transaction | None:
    """A transaction as the hook wants it; None when it does not want it. What is left out is counted.

    Args:
        payload: of one segment.
        hook: gets the event, with times in seconds, and an empty hint.
        outbox: counts.
    """
    before = 1 + len(payload["spans"])
    reason = LossReason.BEFORE_SEND
    try:
        answer = hook(payload, {})
    except Exception:
        _logger.exception("before_send_transaction failed; the transaction is dropped, as sentry-sdk does")
        answer, reason = None, LossReason.CALLBACK_ERROR
    if answer is None:
        outbox.lost(reason, Category.TRANSACTION, 1)
        outbox.lost(reason, Category.SPAN, before)
        return None
    left_out = before - 1 - len(answer.get("spans") or ())
    if left_out > 0:
        outbox.lost(LossReason.BEFORE_SEND, Category.SPAN, left_out)
    return cast("Transaction", answer)
