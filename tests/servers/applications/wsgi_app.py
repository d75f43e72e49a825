"""A WSGI application that knows OpenTelemetry only."""

from __future__ import annotations

import os
import time

from flask import Flask
from opentelemetry import trace

WALLET = "0x" + "AB" * 20

app = Flask(__name__)
tracer = trace.get_tracer("application")


@app.get("/work/<int:number>")
def work(number: int) -> str:
    """Look somebody up; every fifth request fails. Answers which process did it."""
    with tracer.start_as_current_span("db.get_user", attributes={"wallet.address": WALLET}):
        time.sleep(0.02)  # long enough for another worker to take the next request
    if number % 5 == 0:
        raise ValueError(number)
    return str(os.getpid())
