"""Options of the application's own `sentry_sdk.init` that concern spans: they count, in whichever order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

INIT = """
import os, re, sentry_sdk

def shout(span, hint):
    span["attributes"].pop("card", None)
    return {**span, "name": span["name"].upper()}

sentry_sdk.init(
    dsn=os.environ["SENTRY_DSN"],
    before_send_span=shout,
    ignore_spans=["tick", re.compile("poll .*"), {"attributes": {"probe": True}}],
)
"""
CONFIGURE = "import otel_sentry\notel_sentry.configure()\n"
APPLICATION = """
from opentelemetry import trace
tracer = trace.get_tracer("dapp")
for name, attributes in (("tick", {}), ("poll 7", {}), ("ask", {"probe": True}), ("order", {"card": "4111"})):
    with tracer.start_as_current_span(name, attributes=attributes):
        tracer.start_span(f"below {name}").end()
"""


@pytest.mark.parametrize("code", [INIT + CONFIGURE, CONFIGURE + INIT], ids=["init before", "init after"])
def test_options_of_the_applications_init_count(code: str, receiver: Receiver, run_app: Any) -> None:
    """Its `ignore_spans` leave segments out and its `before_send_span` changes spans."""
    run_app(code + APPLICATION, {"SENTRY_DSN": receiver.dsn})
    receiver.wait_for(lambda: len(receiver.spans) >= 2 and receiver.client_reports)

    assert {span["name"] for span in receiver.spans} == {"ORDER", "BELOW ORDER"}
    assert ["card" in span["attributes"] for span in receiver.spans] == [False, False]
    lost = [loss for report in receiver.client_reports for loss in report["discarded_events"]]
    assert {(one["reason"], one["category"]): one["quantity"] for one in lost} == {("ignored", "span"): 6}
