"""A small shop that fails in several ways, each of them twice. Run as `bugsink_app.py otel_sentry|sentry_sdk`.

With `sentry_sdk` it is watched by sentry-sdk alone; `SENTRY_DSN` says where to.
"""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Callable

from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry import trace

WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"
logger = logging.getLogger("shop")


def span(name: str) -> trace.Span:
    """A span that becomes the current one."""
    return trace.get_tracer("shop").start_as_current_span(name)  # type: ignore[return-value]


def charge(order: int) -> None:
    """Fail deep inside."""
    with span("db.charge"):
        raise LookupError(f"no account for order {order % 2}")


def buy(order: int) -> None:
    """Fail below two spans, with the wallet known."""
    with span("buy") as current:
        current.set_attribute("wallet.address", WALLET)
        charge(order)


def refund(order: int) -> None:
    """Fail with a cause."""
    with span("refund"):
        try:
            charge(order)
        except LookupError as error:
            raise RuntimeError("refund refused") from error


def settle(order: int) -> None:
    """Fail with a group."""
    with span("settle"):
        errors: list[Exception] = []
        for kind in (ValueError, TypeError):
            try:
                with span("settle.part"):
                    raise kind(f"part of order {order % 2}")
            except (ValueError, TypeError) as error:
                errors.append(error)
        raise ExceptionGroup("settlement failed", errors)  # noqa: F821  run on Python 3.11 and later


def audit(order: int) -> None:
    """Log a failure and go on."""
    with span("audit"):
        try:
            charge(order)
        except LookupError:
            logger.exception("audit failed")


def recount(order: int) -> None:
    """Fail in a thread of its own."""
    thread = threading.Thread(target=buy, args=[order])
    thread.start()
    thread.join()


def watched(peer: str) -> Callable[[float], object]:
    """Have a peer watch the application; returns what delivers."""
    import sentry_sdk  # noqa: PLC0415
    from sentry_sdk.integrations.logging import LoggingIntegration  # noqa: PLC0415

    # sentry-sdk 3 makes events of log records only when it is told to.
    told = not sentry_sdk.VERSION.startswith("2.")
    options = {"integrations": [LoggingIntegration(event_level=logging.ERROR)]} if told else {}
    if peer == "sentry_sdk" or told:
        sentry_sdk.init(release="shop@1", **options)
    if peer == "sentry_sdk":
        return sentry_sdk.flush
    import otel_sentry  # noqa: PLC0415

    return otel_sentry.configure(release="shop@1").flush


def main() -> None:
    """Be watched, and fail."""
    warnings.simplefilter("ignore")
    flush = watched(sys.argv[1])
    app = FastAPI()
    for work in (buy, refund, settle, audit, recount):
        app.get(f"/{work.__name__}/{{order}}")(work)
    client = TestClient(app, raise_server_exceptions=False)
    for order in range(2):
        for work in (buy, refund, settle, audit, recount):
            client.get(f"/{work.__name__}/{order * 2}")
    flush(10)


if __name__ == "__main__":
    main()
