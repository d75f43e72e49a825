"""The worker: takes notifications out of the table and works on each in the trace of the request that asked for it."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import closing
from pathlib import Path

from node import Node
from opentelemetry import propagate, trace
from opentelemetry.instrumentation.utils import suppress_instrumentation
from store import Notification, Store

tracer = trace.get_tracer(__name__)


def main() -> None:
    """Work until told to stop."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    node = Node(os.environ["DAPP_NODE_URL"], os.environ["DAPP_CONTRACT"])
    with closing(Store(os.environ["DAPP_DATABASE"])) as store:
        store.prepare()
        while not stopped.is_set():
            with suppress_instrumentation():  # looking for work is no work: an idle worker makes no traces
                notification = store.take_notification()
            if notification:
                process(notification, node, store)
            else:
                stopped.wait(0.05)


def process(notification: Notification, node: Node, store: Store) -> None:
    """Tell a wallet the outcome of its transaction, in the trace of the request that sent it."""
    attributes = {
        "messaging.system": "sqlite",
        "messaging.operation.type": "process",
        "messaging.destination.name": "notifications",
        "messaging.message.id": str(notification.id),
        "wallet.address": notification.wallet,
    }
    with tracer.start_as_current_span(
        "process notifications",
        context=propagate.extract(notification.headers),
        kind=trace.SpanKind.CONSUMER,
        attributes=attributes,
    ):
        receipt = node.receipt(notification.subject)
        with tracer.start_as_current_span("write_receipt"):
            outbox = Path(os.environ["DAPP_OUTBOX"])
            text = f"{notification.wallet}: block {receipt['blockNumber']}, gas {receipt['gasUsed']}\n"
            (outbox / f"{notification.id}.txt").write_text(text)
        store.finish_notification(notification.id)


if __name__ == "__main__":
    main()
