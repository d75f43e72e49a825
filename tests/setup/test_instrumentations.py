"""What is installed is turned on, by `configure()` and without code; names stay off; debug says which."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

pytest.importorskip("sqlalchemy")
pytest.importorskip("redis")

CONFIGURE = "import otel_sentry; telemetry = otel_sentry.configure()\n"
SERVED = """
import asyncio, contextlib, sqlite3, threading, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
import aiohttp, celery, django, fastapi, flask, httpx, redis, requests, sqlalchemy, urllib3
from fastapi.testclient import TestClient

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()
    log_message = lambda *_: None

server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/"

async def over_aiohttp():
    async with aiohttp.ClientSession() as session:
        await session.get(url)

api = fastapi.FastAPI()
api.get("/api")(lambda: {})
site = flask.Flask("site")
site.get("/site")(lambda: "")
django.setup()
from django.test import Client
queue = celery.Celery("queue", broker="memory://")
queue.conf.task_always_eager = True

@queue.task(name="task")
def task():
    return 1

httpx.get(url)
requests.get(url)
urllib.request.urlopen(url)
urllib3.PoolManager().request("GET", url)
asyncio.run(over_aiohttp())
TestClient(api).get("/api")
site.test_client().get("/site")
Client().get("/page")
with sqlalchemy.create_engine("sqlite://").connect() as connection:
    connection.execute(sqlalchemy.text("select 1"))
sqlite3.connect(":memory:").cursor().execute("select 1")
with contextlib.suppress(redis.exceptions.ConnectionError):
    redis.Redis(port=9).get("key")
task.delay()
server.shutdown()
"""
SITE = """
from django.http import HttpResponse
from django.urls import path
ROOT_URLCONF, ALLOWED_HOSTS, SECRET_KEY = "site_settings", ["*"], "x"
urlpatterns = [path("page", lambda _: HttpResponse())]
"""
LIBRARIES = (
    *("aiohttp_client", "celery", "django", "fastapi", "flask", "httpx", "redis", "requests"),
    *("sqlalchemy", "sqlite3", "urllib", "urllib3"),
)


def libraries(receiver: Receiver) -> set[str]:
    """The instrumented libraries that spans came from."""
    return {str(span["attributes"].get("sentry.origin", "")).rpartition(".")[2] for span in receiver.plain_spans}


@pytest.mark.parametrize("zero_code", [False, True], ids=["configure", "without code"])
def test_every_library_is_traced(zero_code: bool, receiver: Receiver, run_app: Any) -> None:
    """Twelve libraries, one application, spans of each of them; debug names what was switched on."""
    environ = {"SENTRY_DSN": receiver.dsn, "OTEL_TRACES_EXPORTER": "sentry", "SENTRY_DEBUG": "true"}
    environ |= {"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none", "OTEL_SENTRY_SHUTDOWN_TIMEOUT": "20"}
    environ |= {"DJANGO_SETTINGS_MODULE": "site_settings", "PYTHONPATH": "."}
    code = SERVED if zero_code else CONFIGURE + SERVED
    ended = run_app(code, environ, files={"site_settings.py": SITE}, python=sys.executable, zero_code=zero_code)
    said = next(line for line in ended.stderr.splitlines() if "the instrumentations" in line).replace("-", "_")

    assert libraries(receiver) >= set(LIBRARIES)
    assert [
        name for name in (*LIBRARIES, "otel_sentry_web3") if name.replace("_", "-") not in said.replace("_", "-")
    ] == []


def test_names_stay_off(receiver: Receiver, run_app: Any, python_with: Any) -> None:
    """By the variable that `opentelemetry-instrument` reads."""
    code = CONFIGURE + "import sqlite3\nsqlite3.connect(':memory:').cursor().execute('select 1')\n"
    code += "with telemetry.start_span('work'): pass\ntelemetry.shutdown()\n"
    environ, python = {"SENTRY_DSN": receiver.dsn}, python_with("opentelemetry-instrumentation-sqlite3")
    run_app(code, {**environ, "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "sqlite3"}, python=python)
    run_app(code, environ, python=python)

    assert Counter(span["name"] for span in receiver.plain_spans) == {"work": 2, "select": 1}


@pytest.mark.parametrize("listens", [False, True], ids=["alone", "the application listens"])
def test_debug_lines_are_seen_once(listens: bool, receiver: Receiver, run_app: Any) -> None:
    """On the standard error output, unless the application has set `logging` up and gets them there."""
    own = "import logging; logging.basicConfig(level=logging.DEBUG, format='mine %(message)s')\n" if listens else ""
    ended = run_app(own + CONFIGURE, {"SENTRY_DSN": receiver.dsn, "SENTRY_DEBUG": "true"})
    lines = [line for line in ended.stderr.splitlines() if "turned on the instrumentations" in line]

    assert [line.startswith("mine") for line in lines] == [listens]
