"""The ingest endpoint as an ASGI application. Starlette enters here; what an envelope means is decided elsewhere."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from otel_sentry._version import __version__
from otel_sentry.errors import MalformedEnvelope, MissingExtra
from otel_sentry.local.checks import Consequence, Problem, check_envelope
from otel_sentry.local.decode import BodyTooLarge, BrokenBody, UnknownEncoding, decode
from otel_sentry.local.store import Refused
from otel_sentry.protocol.dsn import Dsn
from otel_sentry.protocol.envelope import Envelope, parse_envelope

try:
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route, Router
except ImportError as exc:
    raise MissingExtra("the embedded Sentry", "dev") from exc

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from otel_sentry.local.store import Store

DEFAULT_MAX_ENVELOPE_BYTES: Final = 200 * 2**20
"""Decompressed size of one envelope; Relay's own default."""

_AUTH_PAIR: Final = re.compile(r"(sentry_\w+)\s*=\s*([^,\s]+)")
_CORS: Final = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "x-sentry-error, x-sentry-rate-limits, retry-after",
}
_PREFLIGHT: Final = {
    **_CORS,
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, "
    "content-type, authentication, authorization, content-encoding, transfer-encoding",
    "access-control-max-age": "3600",
}


@dataclass(frozen=True, slots=True)
class Posted:
    """One request as the `behaviour` of a receiver sees it, before anything is decoded or checked.

    Attributes:
        number: counts the requests of this receiver from 1.
        project: project id of the URL.
        headers: request headers, names in lower case.
        body: as sent, still compressed.
    """

    number: int
    project: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver that is told to misbehave does with a request.

    Attributes:
        status: HTTP status; an envelope is stored only when it is below 300.
        headers: such as `Retry-After` or `X-Sentry-Rate-Limits`.
        body: text of the answer.
        delay_seconds: waited before anything else.
        reset: the connection is torn down without an answer.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = "{}"
    delay_seconds: float = 0.0
    reset: bool = False


@dataclass(slots=True)
class Intake:
    """What the endpoint works with and what it counts; one per receiver.

    Attributes:
        store: keeps what was accepted.
        public_key: the only key that is let in; None lets any in.
        checks: False counts requests and bytes and looks at nothing, for benchmarks.
        behaviour: asked first for each request; None as answer means normal work.
        requests: all that came.
        received_bytes: their bodies as sent.
    """

    store: Store
    public_key: str | None = None
    checks: bool = True
    max_envelope_bytes: int = DEFAULT_MAX_ENVELOPE_BYTES
    behaviour: Callable[[Posted], Reply | None] | None = None
    requests: int = 0
    received_bytes: int = 0


class Refusal(Exception):
    """The endpoint's no, as HTTP."""

    def __init__(self, status: int, detail: str, problems: Iterable[Problem] | None = None) -> None:
        self.status = status
        self.problems = (Problem(None, "request", detail),) if problems is None else tuple(problems)
        self.content: dict[str, Any] = {"detail": detail, "causes": [str(problem) for problem in problems or ()]}
        super().__init__(detail)


def ingest_app(intake: Intake, reset_connection: Callable[[Request], None]) -> Router:
    """Build the application: a bare router, because tracers patch `Starlette` and would trace what they send.

    Args:
        intake: state that it works on.
        reset_connection: tears the request's connection down; only the server can do that.
    """

    async def envelope(request: Request) -> Response:
        body = await _body(request, intake.max_envelope_bytes)
        intake.requests += 1
        intake.received_bytes += len(body)
        posted = Posted(intake.requests, request.path_params["project"], dict(request.headers), body)
        reply = intake.behaviour(posted) if intake.behaviour else None
        if reply is not None:
            await asyncio.sleep(reply.delay_seconds)
            if reply.reset:
                reset_connection(request)
                await _gone(request)
            if reply.status >= 300 or reply.status == 204:
                return Response(reply.body, reply.status, {**_CORS, **reply.headers}, "application/json")
        accepted = _accept(intake, posted, request.query_params)
        return JSONResponse(accepted, headers={**_CORS, **(reply.headers if reply else {})})

    return Router(
        routes=[
            Route("/api/{project}/envelope/", _answering(intake, envelope), methods=["POST"]),
            Route("/api/{project}/envelope", _answering(intake, envelope), methods=["POST"]),
            Route("/api/{project}/envelope/", _preflight, methods=["OPTIONS"]),
            Route("/health", _health),
        ]
    )


def _answering(
    intake: Intake, endpoint: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """Turn refusals into answers."""

    async def answering(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            intake.store.refuse(Refused(time.time(), refusal.status, str(refusal), refusal.problems))
            return JSONResponse(refusal.content, refusal.status, {**_CORS, "x-sentry-error": ascii(str(refusal))})
        except ClientDisconnect:
            return Response()

    return answering


async def _gone(request: Request) -> None:
    """Return when the server has noticed that the connection is no more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    raise ClientDisconnect


async def _preflight(_request: Request) -> Response:
    return Response(None, 204, _PREFLIGHT)


async def _health(_request: Request) -> Response:
    return JSONResponse({"is": "otel-sentry", "version": __version__})


async def _body(request: Request, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            raise Refusal(413, f"the body has more than {max_bytes} bytes")
        parts.append(part)
    return b"".join(parts)


def _accept(intake: Intake, posted: Posted, query: Mapping[str, str]) -> dict[str, Any]:
    """Store an envelope.

    Raises:
        Refusal: Sentry would not take it.
    """
    if not intake.checks:
        return {}
    if not posted.project.isdigit():
        raise Refusal(400, f"project id must be a number, not {posted.project!r}")
    try:
        raw = decode(posted.body, posted.headers.get("content-encoding", ""), intake.max_envelope_bytes)
        envelope = parse_envelope(raw)
    except UnknownEncoding as exc:
        raise Refusal(415, str(exc)) from exc
    except BodyTooLarge as exc:
        raise Refusal(413, str(exc)) from exc
    except (BrokenBody, MalformedEnvelope) as exc:
        raise Refusal(400, str(exc)) from exc
    public_key = _public_key(intake, posted.headers, query, envelope)
    now = time.time()
    problems = check_envelope(envelope, now)
    consequences = {problem.consequence for problem in problems}
    if Consequence.TOO_LARGE in consequences:
        raise Refusal(413, "the envelope is larger than Sentry takes", problems)
    if Consequence.REFUSED in consequences:
        raise Refusal(400, "the envelope is not what Sentry takes", problems)
    intake.store.add(envelope, raw, at=now, project=posted.project, public_key=public_key, problems=tuple(problems))
    event_id = envelope.headers.get("event_id")
    return {"id": event_id} if event_id else {}


def _public_key(intake: Intake, headers: Mapping[str, str], query: Mapping[str, str], envelope: Envelope) -> str:
    """The key of the header, of the query string or of the envelope's own DSN, in this order."""
    pairs = dict(_AUTH_PAIR.findall(headers.get("x-sentry-auth", ""))) or dict(query)
    key = pairs.get("sentry_key") or _own_key(envelope)
    if not key:
        raise Refusal(401, "no sentry_key: neither in X-Sentry-Auth, nor in the query, nor a dsn in the envelope")
    if intake.public_key not in (None, key):
        raise Refusal(403, "this sentry_key is not known here", [])
    if pairs.get("sentry_version", "7") != "7":
        raise Refusal(400, f"sentry_version must be 7, not {pairs['sentry_version']!r}")
    return str(key)


def _own_key(envelope: Envelope) -> str | None:
    dsn = envelope.headers.get("dsn")
    try:
        return Dsn.parse(dsn).public_key if isinstance(dsn, str) else None
    except ValueError:
        return None
