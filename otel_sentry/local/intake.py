"""What happens to a posted envelope: who may send, what is decoded, checked, refused, stored. Knows no HTTP library."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.errors import MalformedEnvelope
from otel_sentry.local.checks import Consequence, Problem, check_envelope
from otel_sentry.local.decode import BodyTooLarge, BrokenBody, UnknownEncoding, decode
from otel_sentry.protocol.dsn import Dsn
from otel_sentry.protocol.envelope import Envelope, parse_envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from otel_sentry.local.store import Store

DEFAULT_MAX_ENVELOPE_BYTES: Final = 200 * 2**20
"""Decompressed size of one envelope; Relay's own default."""

_AUTH_PAIR: Final = re.compile(r"(sentry_\w+)\s*=\s*([^,\s]+)")


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
        host: what is listened on; the page answers to it and to loopback names only.
        remote: whether other machines may look at the page.
        closing: ends server push.
        requests: all that came.
        received_bytes: their bodies as sent.
    """

    store: Store
    public_key: str | None = None
    checks: bool = True
    max_envelope_bytes: int = DEFAULT_MAX_ENVELOPE_BYTES
    behaviour: Callable[[Posted], Reply | None] | None = None
    host: str = "127.0.0.1"
    remote: bool = False
    closing: bool = False
    requests: int = 0
    received_bytes: int = 0


class Refusal(Exception):
    """The endpoint's no, as HTTP."""

    def __init__(self, status: int, detail: str, problems: Iterable[Problem] | None = None) -> None:
        self.status = status
        self.problems = (Problem(None, "request", detail),) if problems is None else tuple(problems)
        self.content: dict[str, Any] = {"detail": detail, "causes": [str(problem) for problem in problems or ()]}
        super().__init__(detail)


def accept(intake: Intake, posted: Posted, query: Mapping[str, str]) -> dict[str, Any]:
    """Decode, check and store an envelope.

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
