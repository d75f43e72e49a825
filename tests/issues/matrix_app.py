"""An application that fails in every way of the matrix, in one framework. Run as `matrix_app.py FRAMEWORK RATE`.

`SENTRY_DSN` says where to. Each cell's name is the message of its exceptions, so that its events can be counted.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from opentelemetry import trace

DEPTHS = (0, 1, 3)
SHAPES = ("plain", "chained", "group") if sys.version_info >= (3, 11) else ("plain", "chained")
OUTCOMES = ("unhandled", "handled", "logged", "reported")
FRAMEWORKS = ("none", "fastapi", "flask", "django", "celery")
EXITS = ("excepthook", "threading", "asyncio-run", "asyncio-task", "asyncio-lost")


class Cell(NamedTuple):
    """One way to fail; `outcome` is what becomes of the exception, or the way it leaves the process."""

    framework: str
    depth: int
    shape: str
    outcome: str

    @property
    def name(self) -> str:
        """The message of its exceptions."""
        return f"cell {'/'.join(map(str, self))}."


def cells(framework: str) -> list[Cell]:
    """All cells of a framework; without one, a depth of 0 is there only for the ways out of the process."""
    if framework == "exits":
        return [Cell(framework, *rest) for rest in itertools.product(DEPTHS, SHAPES, EXITS)]
    depths = DEPTHS[1:] if framework == "none" else DEPTHS
    return [Cell(framework, *rest) for rest in itertools.product(depths, SHAPES, OUTCOMES)]


GROUPS: tuple[type[Exception], ...] = (ExceptionGroup,) if sys.version_info >= (3, 11) else ()  # noqa: F821


class CellError(Exception):
    """What the cells raise."""


def fail(cell: Cell) -> None:
    """Raise in the cell's shape."""
    if cell.shape == "chained":
        try:
            raise CellError(cell.name)
        except CellError as error:
            raise RuntimeError(cell.name) from error
    if cell.shape == "group":
        members: list[Exception] = []
        for _ in range(2):
            try:
                with tracer().start_as_current_span("member"):
                    raise CellError(cell.name)
            except CellError as error:
                members.append(error)
        raise ExceptionGroup(cell.name, members)  # noqa: F821  there from 3.11 on, and so is this shape
    raise CellError(cell.name)


def descend(cell: Cell, depth: int) -> None:
    """Fail below `depth` spans."""
    if depth == 0:
        fail(cell)
    with tracer().start_as_current_span(f"level {depth}"):
        descend(cell, depth - 1)


def work(cell: Cell) -> None:
    """Fail, and do with the exception what the cell says."""
    if cell.outcome not in OUTCOMES[1:]:
        descend(cell, cell.depth)
        return
    try:
        descend(cell, cell.depth)
    except Exception as error:
        if cell.outcome == "handled":
            trace.get_current_span().record_exception(error)
            return
        if cell.outcome == "logged":
            logging.getLogger("matrix").exception("it failed")
            raise
        import sentry_sdk  # noqa: PLC0415  only cells of this kind know of it

        sentry_sdk.capture_exception(error)


def tracer() -> trace.Tracer:
    """The application's tracer."""
    return trace.get_tracer("matrix")


def run_none(todo: list[Cell]) -> None:
    """Each cell in a root span of its own, whose caller survives."""
    for cell in todo:
        try:
            with tracer().start_as_current_span("root"):
                work(cell)
        except (CellError, RuntimeError, *GROUPS):
            logging.getLogger("matrix").info("survived")


def run_fastapi(todo: list[Cell]) -> None:
    """Plain and asynchronous endpoints by turns."""
    from fastapi import FastAPI  # noqa: PLC0415
    from fastapi.testclient import TestClient  # noqa: PLC0415

    app = FastAPI()

    @app.get("/sync/{text:path}")
    def sync(text: str) -> None:
        work(read(text))

    @app.get("/async/{text:path}")
    async def asynchronous(text: str) -> None:
        work(read(text))

    client = TestClient(app, raise_server_exceptions=False)
    for number, cell in enumerate(todo):
        client.get(f"/{'async' if number % 2 else 'sync'}/{written(cell)}")


def run_flask(todo: list[Cell]) -> None:
    """One view."""
    from flask import Flask  # noqa: PLC0415

    app = Flask("matrix")

    @app.get("/<path:text>")
    def view(text: str) -> str:
        work(read(text))
        return ""

    for cell in todo:
        app.test_client().get(f"/{written(cell)}")


def prepare_django() -> None:
    """Name a settings module, as `manage.py` does before anything else."""
    settings: Any = type(sys)("matrix_settings")
    settings.ROOT_URLCONF, settings.ALLOWED_HOSTS, settings.SECRET_KEY = "matrix_settings", ["*"], "no secret"
    settings.LOGGING_CONFIG = None
    settings.urlpatterns = []
    sys.modules["matrix_settings"] = settings
    os.environ["DJANGO_SETTINGS_MODULE"] = "matrix_settings"


def run_django(todo: list[Cell]) -> None:
    """One view."""
    import django  # noqa: PLC0415
    from django.http import HttpRequest, HttpResponse  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.urls import path  # noqa: PLC0415

    def view(_: HttpRequest, text: str) -> HttpResponse:
        work(read(text))
        return HttpResponse()

    sys.modules["matrix_settings"].urlpatterns.append(path("<path:text>", view))
    django.setup()
    for cell in todo:
        Client(raise_request_exception=False).get(f"/{written(cell)}")


def run_celery(todo: list[Cell]) -> None:
    """A real worker on a thread, fed through memory."""
    from celery import Celery  # noqa: PLC0415
    from celery.contrib.testing.worker import start_worker  # noqa: PLC0415

    app = Celery("matrix", broker="memory://", backend="cache+memory://")

    @app.task
    def run(text: str) -> None:
        work(read(text))

    with start_worker(app, perform_ping_check=False, pool="solo"):
        started = [run.delay(written(cell)) for cell in todo]
        for one in started:
            one.get(timeout=30, propagate=False)


def run_exits(todo: list[Cell]) -> None:
    """Each way out of a process; those that end it, in a child."""
    for cell in todo:
        if cell.outcome == "threading":
            thread = threading.Thread(target=work, args=[cell])
            thread.start()
            thread.join()
        elif os.fork() == 0:
            leave(cell)
            sys.exit()
        else:
            os.wait()


def leave(cell: Cell) -> None:
    """Leave the process, or an event loop, with the cell's exception."""
    import asyncio  # noqa: PLC0415
    import gc  # noqa: PLC0415

    async def asynchronous() -> None:
        work(cell)

    async def with_task() -> None:
        await asyncio.gather(asyncio.create_task(asynchronous()))

    async def forgetful() -> None:
        task = asyncio.create_task(asynchronous())
        await asyncio.sleep(0.01)
        del task
        gc.collect()

    if cell.outcome == "excepthook":
        work(cell)
    entry: dict[str, Callable[[], Any]] = {
        "asyncio-run": asynchronous,
        "asyncio-task": with_task,
        "asyncio-lost": forgetful,
    }
    asyncio.run(entry[cell.outcome]())


def written(cell: Cell) -> str:
    """A cell as one part of a URL."""
    return quote("|".join(map(str, cell)), safe="")


def read(text: str) -> Cell:
    """The reverse."""
    framework, depth, shape, outcome = unquote(text).split("|")
    return Cell(framework, int(depth), shape, outcome)


def main() -> None:
    """Set everything up as an application does, run the cells, deliver."""
    framework, rate = sys.argv[1], float(sys.argv[2])
    parent = os.getpid()
    # Runs last. A child has done then what it is for; taking an interpreter apart that was forked costs a second.
    atexit.register(lambda: os._exit(0) if os.getpid() != parent else None)
    import sentry_sdk  # noqa: PLC0415
    from sentry_sdk.integrations.logging import LoggingIntegration  # noqa: PLC0415

    import otel_sentry  # noqa: PLC0415

    if framework == "django":
        prepare_django()
    # sentry-sdk 3 makes events of log records only when it is told to.
    sentry_sdk.init(
        dsn=os.environ["SENTRY_DSN"], integrations=[LoggingIntegration(event_level=logging.ERROR)], shutdown_timeout=10
    )
    telemetry = otel_sentry.configure(traces_sample_rate=rate)
    runners: dict[str, Callable[[list[Cell]], None]] = {
        "none": run_none,
        "fastapi": run_fastapi,
        "flask": run_flask,
        "django": run_django,
        "celery": run_celery,
        "exits": run_exits,
    }
    runners[framework](cells(framework))
    telemetry.flush(10)


if __name__ == "__main__":
    main()
