"""An application that spills every secret of the corpus wherever telemetry comes from."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import fastapi
import httpx
import sentry_sdk
from opentelemetry import metrics, trace
from opentelemetry.trace import Link, Status, StatusCode
from sentry_sdk.scrubber import EventScrubber

import otel_sentry
from otel_sentry.masking.own_log import own_logger
from tests.masking.corpus import HASH, HOST, NAMED, TEXTS

# Everything that sentry-sdk would hide by itself is told, so that what is hidden is hidden by us.
sentry_sdk.init(
    send_default_pii=True,
    enable_logs=True,
    event_scrubber=EventScrubber(denylist=[], pii_denylist=[]),
    max_value_length=5000,
)
telemetry = otel_sentry.configure(release="postgresql://a:in-release@b/c")
tracer = trace.get_tracer("spilling", attributes={"api_key": NAMED["api_key"]})
counter = metrics.get_meter("spilling").create_counter("spilled")
log = logging.getLogger("spilling")
ours = own_logger("otel_sentry.delivery")
app = fastapi.FastAPI()


class Shown:
    """An object that shows a text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return f"Shown({self._text})"


def failing(text: str, **named: Any) -> None:
    """Fail with secrets in locals of all kinds."""
    nested = {"deep": [{**named}, (text, text)]}
    shown = Shown(text)
    raise RuntimeError(f"{text} {shown} {len(nested)}")


@app.post("/spill")
def spill(body: dict[str, Any]) -> None:
    """Fail in a request full of secrets."""
    raise RuntimeError(str(body))


def spill_text(text: str, named: dict[str, str]) -> None:
    """Put a text, and a value under its name, everywhere."""
    (name,) = named
    link = Link(trace.get_current_span().get_span_context(), {"linked": text, **named})
    with tracer.start_as_current_span(f"did {text}", attributes={"a.text": text, **named}, links=[link]) as span:
        span.set_attribute("a.list", [text, "clean"])
        span.set_attribute("a.bytes", text.encode())
        span.set_attribute("http.url", text)  # an old name, which is sent under the new one
        span.set_attribute(f"http.request.header.{name}", [str(named[name])])
        span.add_event(f"event {text}", {"told": text, **named})
        span.set_status(Status(StatusCode.ERROR, f"because {text}"))
        log.warning("logged %s", text)
        log.error("%s: %s", name, named[name], extra={"more": text})
        log.info("%s=%s", *next(iter(named.items())))
        counter.add(1, {"label": text, **named})
        sentry_sdk.add_breadcrumb(message=text, data=dict(named))
        sentry_sdk.logger.warning("native {told}", told=text, attributes={"native": text, **named})
        ours.warning("own line %s", text)
        try:
            failing(text, **{name.replace("-", "_").replace(".", "_"): named[name]})
        except RuntimeError as error:
            span.record_exception(error, {"recorded": text, **named})
            sentry_sdk.set_context("spilt", {"text": text, "object": Shown(text), **named})
            sentry_sdk.set_tag("spilt", text[:150])
            sentry_sdk.set_extra("spilt", {"pairs": [[name, named[name]]], **named})
            sentry_sdk.capture_exception(error)


async def spill_requests() -> None:
    """Requests with secrets in headers, query and body."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://dapp") as client:
        headers = {name: value for name, value in NAMED.items() if "." not in name}
        await client.post("/spill", params=NAMED, headers=headers, json={**NAMED, "texts": list(TEXTS)})


class Handler(BaseHTTPRequestHandler):
    """Prints what other services are told."""

    def do_GET(self) -> None:
        for name in ("baggage", "sentry-trace"):
            sys.stdout.write(f"header {name}: {self.headers[name]}\n")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def main() -> None:
    """Spill everything."""
    logging.basicConfig(level=logging.DEBUG, filename=os.environ["OWN_LOG"])
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for text in TEXTS:
        with tracer.start_as_current_span(f"segment {text}"):
            urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").close()
            spill_text(text, {"plain": text})
    for name in NAMED:
        named = {name: NAMED[name]}
        with tracer.start_as_current_span(f"segment {name}={named[name]}"):
            spill_text(f"{name}={named[name]}", named)
            spill_text(repr(named), named)
    asyncio.run(spill_requests())
    with tracer.start_as_current_span(
        "what stays readable", attributes={"tx.hash": HASH, "url.full": f"https://{HOST}/v2/x"}
    ):
        pass
    telemetry.flush(30)


if __name__ == "__main__":
    main()
