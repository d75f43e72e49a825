"""Many requests at once: on threads, and on tasks of one event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Final

from tests.benchmarks.loads.application import Application, serve, timed
from tests.benchmarks.loads.web_request import VARIANTS, WEB_REQUEST, SpanShape

if TYPE_CHECKING:
    from tests.benchmarks.dialects import Dialect

THREADS: Final = 8
TASKS: Final = 100


def threads(dialect: Dialect, requests: int) -> Application:
    """Serve on eight threads at once, so many requests on each."""
    shares = [Application() for _ in range(THREADS)]

    def work(share: Application) -> None:
        timed(share, requests, lambda number: serve(dialect, WEB_REQUEST, number))

    workers = [threading.Thread(target=work, args=(share,)) for share in shares]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return Application(
        sum(share.cpu_ns for share in shares), [latency for share in shares for latency in share.latencies_ns]
    )


async def _visit_and_yield(dialect: Dialect, shape: SpanShape, variant: int) -> None:
    with dialect.span(shape, variant) as span:
        await asyncio.sleep(0)
        for child in shape.children:
            await _visit_and_yield(dialect, child, variant)
        for key, value in shape.late:
            dialect.annotate(span, key, value)


async def _task(dialect: Dialect, requests: int, application: Application) -> None:
    for number in range(requests):
        variant = number % VARIANTS
        before = time.perf_counter_ns()
        with dialect.root(WEB_REQUEST, variant):
            for child in WEB_REQUEST.children:
                await _visit_and_yield(dialect, child, variant)
        application.latencies_ns.append(time.perf_counter_ns() - before)


async def _all_tasks(dialect: Dialect, requests: int, application: Application) -> None:
    await asyncio.gather(*(_task(dialect, requests, application) for _ in range(TASKS)))


def tasks(dialect: Dialect, requests: int) -> Application:
    """Serve on a hundred asyncio tasks, so many requests on each, yielding to each other in every span."""
    application = Application()
    started = time.thread_time_ns()
    asyncio.run(_all_tasks(dialect, requests, application))
    application.cpu_ns = time.thread_time_ns() - started
    return application
