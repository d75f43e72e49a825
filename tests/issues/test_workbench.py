"""What both sides of the issues room share: nothing is forgotten between waiting and sending."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.issues.lab import KeepingTransport

if TYPE_CHECKING:
    from sentry_sdk.envelope import Envelope


class SlowTransport(KeepingTransport):
    """Lets a test decide how long sending takes."""

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        super().__init__(options)
        self.entered = threading.Event()
        self.may_go_on = threading.Event()

    def capture_envelope(self, envelope: Envelope) -> None:
        self.entered.set()
        self.may_go_on.wait(5)
        super().capture_envelope(envelope)


def test_a_flush_waits_for_what_another_thread_is_sending(new_lab: Any) -> None:
    """An issue whose time had come just before the process leaves is with the client when the flush returns."""
    lab = new_lab(transport=SlowTransport, processor={"grace_seconds": 0.0})
    with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
        raise ValueError("boom")
    assert lab.transport.entered.wait(5)
    threading.Timer(0.05, lab.transport.may_go_on.set).start()

    lab.issues.force_flush()

    assert [event["exception"]["values"][-1]["value"] for event in lab.sent] == ["boom"]
