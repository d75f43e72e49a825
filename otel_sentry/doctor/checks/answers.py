"""What Sentry's answers mean. Pure: a table of statuses, one of failures, the rate-limit header in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from otel_sentry.doctor.finding import Finding, error, warning
from otel_sentry.protocol.rate_limits import limits_told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_sentry.doctor.answer import Answer

STATUSES: Final = {
    400: ("refused-as-invalid", "it does not know this kind of item, or not in this form: an older Sentry?"),
    401: ("key-unknown", "the public key of the DSN is missing or wrong"),
    403: ("key-refused", "the key is switched off, belongs to another project, or the project is gone"),
    404: ("no-such-place", "there is no project of this number, or no Sentry at this address"),
    405: ("not-sentry", "this address takes no POST: it is no Sentry"),
    408: ("too-slow", "it waited too long for the request"),
    411: ("not-sentry", "a proxy on the way wants something that Sentry does not"),
    413: ("too-large", "a limit on the way is far too small: a proxy's client_max_body_size?"),
    415: ("not-sentry", "this address does not know envelopes: it is no Sentry, or a very old one"),
    429: ("rate-limited", "it wants no more for now: the quota is used up, or the key has a rate limit"),
    500: ("server-error", "the server failed"),
    502: ("server-error", "a proxy in front of Sentry does not reach it"),
    503: ("server-error", "Sentry is overloaded, starting, or down for maintenance"),
    504: ("server-error", "a proxy in front of Sentry waited too long for it"),
}
"""HTTP status → code, and meaning. Source: develop docs "rate limiting", Relay's `envelope.rs`."""
REMEDIES: Final = {
    "refused-as-invalid": "OTEL_SENTRY_WIRE_FORMAT=transaction for self-hosted Sentry before 26.4.2 and GlitchTip",
    "key-unknown": "Copy the DSN again: Settings, Projects, your project, Client Keys",
    "key-refused": "Look whether the key is enabled: Settings, Projects, your project, Client Keys",
    "no-such-place": "Compare host, path and project number of the DSN with Client Keys",
    "not-sentry": "Compare the host of the DSN with Client Keys",
    "too-slow": "Try again; behind a proxy, raise its timeouts",
    "too-large": "Allow bodies of 20 MB on the way to Sentry",
    "rate-limited": "Settings, Subscription or Client Keys, Rate Limits; meanwhile a lower SENTRY_TRACES_SAMPLE_RATE",
    "server-error": "Look at Sentry's own status; OTEL_SENTRY_SPOOL_DIR keeps telemetry meanwhile",
    "redirected": "Put the address it redirects to into the DSN: telemetry is not sent after redirects",
}
FAILURES: Final = {
    "refused": ("nobody listens at this port", "Is Sentry running there? Compare host and port of the DSN"),
    "unknown-host": ("the host's name cannot be resolved here", "Check the host of the DSN, and the container's DNS"),
    "tls": (
        "its certificate is not trusted here",
        "SSL_CERT_FILE=/path/to/ca.pem, or ca_certs= of sentry_sdk.init; http:// instead of https://?",
    ),
    "timeout": ("no answer came in time", "A firewall? Allow outgoing connections to the host of the DSN"),
    "proxy": ("the proxy does not lead there", "Check HTTPS_PROXY and HTTP_PROXY, or name the host in NO_PROXY"),
    "network": ("the connection broke", "Check the way to the host of the DSN"),
}
"""Kind of failure → meaning, remedy."""
_REDIRECTS: Final = range(300, 400)


def judged(answers: Sequence[Answer]) -> Iterator[Finding]:
    """What is wrong with the answers; the same trouble of several kinds is told once."""
    for code, cause, remedy, kinds in _grouped(answers):
        weigh = warning if code == "limit-told" else error
        yield weigh(code, f"{_enumerated(kinds)}: {cause}.", remedy)


def meaning(answer: Answer) -> str:
    """An answer in a line."""
    if answer.failure:
        return f"no answer: {FAILURES[answer.failure][0]} ({answer.detail})"
    if _is_foreign(answer):
        return f"{answer.status}, but this is no answer of Sentry's ({answer.headers.get('content-type', 'no type')})"
    if answer.accepted:
        return f"{answer.status} accepted (accepted is not yet stored; --verify looks)"
    return f"{answer.status}: {_of_status(answer)[1]}"


def limits_in_words(answer: Answer) -> list[str]:
    """What the rate-limit header says, one line per category."""
    limits = limits_told(answer.status, answer.headers, now=0.0, date=answer.at)
    return [
        f"{'everything' if category is None else category.value}: no more for {seconds:.0f} s"
        for category, seconds in limits.items()
        if seconds > 0
    ]


def _grouped(answers: Sequence[Answer]) -> list[tuple[str, str, str, list[str]]]:
    groups: dict[tuple[str, str, str], list[str]] = {}
    for answer in answers:
        found = _trouble(answer)
        if found is not None:
            groups.setdefault(found, []).append(answer.kind)
    return [(*key, kinds) for key, kinds in groups.items()]


def _trouble(answer: Answer) -> tuple[str, str, str] | None:
    """Code, cause and remedy; None where all is well."""
    if answer.failure:
        cause, remedy = FAILURES[answer.failure]
        return f"unreachable-{answer.failure}", f"Sentry was not reached, {cause} ({answer.detail})", remedy
    if _is_foreign(answer):
        said = answer.headers.get("content-type", "no content type")
        return "not-sentry", f"somebody answers {answer.status} who is no Sentry ({said})", REMEDIES["not-sentry"]
    limits = limits_in_words(answer)
    told = f" ({'; '.join(limits)})" if limits else ""
    if answer.accepted:
        if not limits:
            return None
        return "limit-told", f"Sentry takes this one and limits what follows{told}", REMEDIES["rate-limited"]
    code, cause = _of_status(answer)
    reason = answer.headers.get("x-sentry-error") or _first_line(answer.body)
    return (
        code,
        f"Sentry answers {answer.status}, {cause}{told}{f'; it says: {reason}' if reason else ''}",
        REMEDIES[code],
    )


def _of_status(answer: Answer) -> tuple[str, str]:
    if answer.status in _REDIRECTS:
        return "redirected", f"it lives at {answer.headers.get('location', 'another address')}"
    known = STATUSES.get(answer.status)
    if known is not None:
        return known
    return ("server-error", "the server failed") if answer.status >= 500 else ("refused-as-invalid", "it refuses this")


def _is_foreign(answer: Answer) -> bool:
    """A page for people where Sentry would answer with JSON: a login page, a web server's welcome."""
    return answer.accepted and "html" in answer.headers.get("content-type", "")


def _first_line(body: str) -> str:
    text = " ".join(body.split())
    return "" if text.startswith("<") or text in ("{}", "") else text[:160]


def _enumerated(kinds: list[str]) -> str:
    return kinds[0].capitalize() if len(kinds) == 1 else f"{', '.join(kinds[:-1])} and {kinds[-1]}".capitalize()
