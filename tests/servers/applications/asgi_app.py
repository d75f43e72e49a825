"""An ASGI application that knows OpenTelemetry only."""

from __future__ import annotations

import asyncio
import os

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from opentelemetry import trace

WALLET = "0x" + "AB" * 20

app = FastAPI()
tracer = trace.get_tracer("application")


@app.get("/work/{number}")
async def work(number: int) -> PlainTextResponse:
    """Look somebody up; every fifth request fails. Answers which process did it."""
    with tracer.start_as_current_span("db.get_user", attributes={"wallet.address": WALLET}):
        await asyncio.sleep(0.02)  # long enough for another worker to take the next request
    if number % 5 == 0:
        raise ValueError(number)
    return PlainTextResponse(str(os.getpid()))
