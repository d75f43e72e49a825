"""sentry-sdk as this room uses it, on each of its lines."""

from __future__ import annotations

import contextvars
import json
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk

from otel_sentry.issues.finished_frame import FinishedFrame
from otel_sentry.issues.live_exception import entries
from otel_sentry.issues.sdk import SentrySdk
from tests.issues.lab import DSN, KeepingTransport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.issues.lab import Lab


@pytest.fixture
def sdk(lab: Lab) -> SentrySdk:
    return SentrySdk()


def caught() -> ValueError:
    amount = 7
    try:
        raise ValueError("boom", amount)
    except ValueError as error:
        return error


def test_values_are_those_of_capture_exception(lab: Lab, sdk: SentrySdk) -> None:
    """What is built is what sentry-sdk itself would send."""
    error = caught()
    ours = sdk.exceptions(error, entries(error.__traceback__), {"type": "generic", "handled": True})
    sentry_sdk.capture_exception(error)
    (theirs,) = (event["exception"]["values"] for event in lab.sent)
    for value in theirs:
        for frame in value["stacktrace"]["frames"]:
            frame.pop("in_app")

    assert json.loads(json.dumps(ours)) == json.loads(json.dumps(theirs))


def test_frames_alone(sdk: SentrySdk) -> None:
    """Frames of a traceback without an exception; none of none."""
    (frame,) = sdk.frames(entries(caught().__traceback__))

    assert (frame["function"], frame["vars"]["amount"]) == ("caught", "7")
    assert sdk.frames([]) == []


def test_finished_frames_are_not_walked_again(lab: Lab, sdk: SentrySdk) -> None:
    """They leave as plain mappings, and as scrubbers have left them."""
    error = caught()
    values = sdk.exceptions(error, entries(error.__traceback__), {"type": "generic", "handled": True})
    values[0]["stacktrace"]["frames"][0]["vars"] = {"password": "secret", "nested": {"list": ["a", None, 1, True]}}
    sdk.capture({"exception": {"values": values}}, {}, contextvars.copy_context())
    frame = lab.sent[0]["exception"]["values"][0]["stacktrace"]["frames"][0]

    assert type(frame) is dict
    assert frame["vars"]["nested"] == {"list": ["a", None, 1, True]}
    if sentry_sdk.VERSION.startswith("2."):
        assert frame["vars"]["password"] == "[Filtered]"


def test_finished_frame_with_notes_of_a_scrubber() -> None:
    """What sentry-sdk puts around replaced values is taken off; odd values become text."""

    class Annotated:
        value = "[Filtered]"

    frame = FinishedFrame({"vars": {"a": Annotated(), "b": object}, "lineno": 3})

    assert frame.__sentry_repr__() == {"vars": {"a": "[Filtered]", "b": "<class 'object'>"}, "lineno": 3}


@pytest.mark.parametrize("length", [None, 5], ids=["no limit", "limit"])
def test_limit_on_values(new_lab: Any, length: int | None) -> None:
    """The client's limit on lengths of values holds for locals, whoever walks them."""
    lab = new_lab(max_value_length=length) if length else new_lab()
    with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
        text = "abcdefghij" * 3
        raise ValueError(f"boom {text}")
    shown = lab.event()["exception"]["values"][0]["stacktrace"]["frames"][0]["vars"]["text"]

    assert len(shown) == (32 if length is None else length)


@pytest.fixture
def other_client() -> Iterator[Any]:
    client = sentry_sdk.Client(dsn=DSN, transport=KeepingTransport, default_integrations=False)
    yield client
    client.close(timeout=0)


def test_client_that_is_not_the_current_one(lab: Lab, other_client: Any) -> None:
    """Issues go where they were told to, not to whatever client is current."""
    sdk = SentrySdk(lambda: other_client)
    sdk.capture({"message": "hello"}, {}, contextvars.copy_context())

    assert (len(other_client.transport.envelopes), len(lab.sent)) == (1, 0)


def test_scopes_of_the_context(lab: Lab, sdk: SentrySdk) -> None:
    """The scopes that were active in a context are found again from anywhere."""
    with sentry_sdk.isolation_scope() as scope:
        scope.set_tag("order", "7")
        context = contextvars.copy_context()
    sdk.capture({"message": "hello"}, {}, context)

    assert lab.sent[0]["tags"] == {"order": "7"}


def test_losses_and_key(lab: Lab, sdk: SentrySdk) -> None:
    """Losses are the client's to report; the public key is the DSN's."""
    sdk.lost("internal_sdk_error")

    assert lab.transport.lost == [("internal_sdk_error", "error", 1)]
    assert sdk.public_key() == "key"


def test_without_client() -> None:
    """Nothing is sent, counted or asked for."""
    sdk = SentrySdk()
    sdk.lost("internal_sdk_error")

    assert (sdk.client(), sdk.public_key()) == (None, None)
    assert sdk.capture({"message": "hello"}, {}, contextvars.copy_context()) is None
    assert sdk.frames(entries(caught().__traceback__))[0]["function"] == "caught"
