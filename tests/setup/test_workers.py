"""The recipes of docs/how-to/workers.md, run as they stand there: a queue of one's own, links, Celery, a cron job."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "workers.md"
OWN_QUEUE, CELERY, LINKED, CRON = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
CONFIGURE = "import otel_sentry\ntelemetry = otel_sentry.configure()\n"
SHUT_DOWN = "telemetry.shutdown()\n"
PATIENCE = {"OTEL_SENTRY_SHUTDOWN_TIMEOUT": "30", "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "otel_sentry_files"}
WALLETS = [f"0x{number:040x}" for number in range(3)]

ASKED = """
import queue, threading

jobs = queue.Queue()
worker = threading.Thread(target=work, args=(jobs, lambda job: None))
worker.start()
for number in range(3):
    with tracer.start_as_current_span("request"):
        ask(jobs, number, f"0x{number:040x}")
jobs.put(None)
worker.join()
"""
WORKED_OFF = """
import queue

jobs = queue.Queue()
for number in range(3):
    with tracer.start_as_current_span("request"):
        ask(jobs, number, None)
work_off([jobs.get() for _ in range(3)], lambda job: None)
"""
WITH_CELERY = """
import warnings
from celery import Celery
from celery.contrib.testing.worker import start_worker
from opentelemetry import trace

app = Celery("shop", broker="memory://", backend="cache+memory://")
app.conf.worker_hijack_root_logger = False
{recipe}
with start_worker(app, perform_ping_check=False, pool="solo"):
    with trace.get_tracer("shop").start_as_current_span("request"):
        answer = send_receipt.delay(7, "0x" + "0" * 40)
    answer.get(timeout=20)
"""


def spans_named(receiver: Receiver, name: str) -> list[dict[str, Any]]:
    return [span for span in receiver.plain_spans if span["name"] == name]


def test_a_queue_of_ones_own(receiver: Receiver, run_app: Any) -> None:
    """The work hangs below the request that asked for it, and belongs to its wallet."""
    run_app(CONFIGURE + OWN_QUEUE + ASKED + SHUT_DOWN, {"SENTRY_DSN": receiver.dsn, **PATIENCE})
    sent = {span["span_id"]: span["trace_id"] for span in spans_named(receiver, "send mails")}
    done = spans_named(receiver, "process mails")

    assert sorted(span["attributes"]["user.id"] for span in done) == WALLETS
    assert [sent[span["parent_span_id"]] for span in done] == [span["trace_id"] for span in done]
    assert {span["attributes"]["sentry.op"] for span in done} == {"queue.process"}


def test_a_batch_is_linked(receiver: Receiver, run_app: Any) -> None:
    """A trace of its own, with a link to each span that asked."""
    run_app(CONFIGURE + OWN_QUEUE + LINKED + WORKED_OFF + SHUT_DOWN, {"SENTRY_DSN": receiver.dsn, **PATIENCE})
    (batch,) = spans_named(receiver, "process mails")
    asked = Counter((span["trace_id"], span["span_id"]) for span in spans_named(receiver, "send mails"))

    assert Counter((link["trace_id"], link["span_id"]) for link in batch["links"]) == asked
    assert batch["trace_id"] not in {trace_id for trace_id, _ in asked}
    assert batch.get("parent_span_id") is None


def test_celery(receiver: Receiver, run_app: Any, python_with: Any) -> None:
    """A real worker and a real message: one trace, and the wallet that the task was given."""
    recipe = CELERY.replace(
        "        ...", "        with trace.get_tracer('shop').start_as_current_span('receipt'):\n            pass"
    )
    code = CONFIGURE + WITH_CELERY.format(recipe=recipe) + SHUT_DOWN
    python = python_with("celery", "opentelemetry-instrumentation-celery")
    run_app(code, {"SENTRY_DSN": receiver.dsn, **PATIENCE}, python=python)
    (request,), (receipt,) = spans_named(receiver, "request"), spans_named(receiver, "receipt")

    assert receipt["trace_id"] == request["trace_id"]
    assert receipt["attributes"]["user.id"] == WALLETS[0]


def test_a_cron_job(receiver: Receiver, run_app: Any) -> None:
    """Begin and end of the run, and what the monitor is."""
    code = CONFIGURE + "from opentelemetry import trace\ntracer = trace.get_tracer('jobs')\n" + CRON + "\nnightly()\n"
    run_app(code + SHUT_DOWN, {"SENTRY_DSN": receiver.dsn, **PATIENCE})

    assert sorted(check_in["status"] for check_in in receiver.check_ins) == ["in_progress", "ok"]
    assert receiver.check_ins[0]["monitor_config"]["schedule"] == {"type": "crontab", "value": "0 3 * * *"}
