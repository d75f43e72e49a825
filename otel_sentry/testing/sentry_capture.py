"""`SentryCapture`, the value of the fixture `sentry`: what was captured, and what can be claimed of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.local.arrivals import Arrival, Kind
from otel_sentry.testing.captured import captured_issue, captured_log, captured_metric, captured_span
from otel_sentry.testing.secrets_sent import places_of, secrets_of
from otel_sentry.testing.snapshot import snapshot
from otel_sentry.testing.trace_text import trace_text

if TYPE_CHECKING:
    from otel_sentry.local.store import Received
    from otel_sentry.testing.captured import CapturedIssue, CapturedLog, CapturedMetric, CapturedSpan, CapturedUser

FLUSH_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.02
_NOTHING: Final = "nothing was captured: no span, issue or log"


class SentryCapture:
    """What the application would have sent to Sentry since the test began.

    Whatever is read is flushed first: what has ended is there. Spans that are still open are not.

    Args:
        dsn: takes the telemetry of other processes.
        received: gives the envelopes that came.
        flush: delivers what this process recorded, within seconds.
        clear: forgets what came.
    """

    def __init__(
        self,
        *,
        dsn: str,
        received: Callable[[], list[Received]],
        flush: Callable[[float], bool],
        clear: Callable[[], None],
    ) -> None:
        self.dsn = dsn
        self._received = received
        self._flush = flush
        self._clear = clear

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables of a subprocess whose telemetry is to be captured.

        `subprocess.run(…, env={**os.environ, **sentry.variables})`; it must call `configure()` or run under
        `opentelemetry-instrument`. What it sends before it ends is there when it has ended.
        """
        to_sentry = dict.fromkeys(("OTEL_TRACES_EXPORTER", "OTEL_LOGS_EXPORTER", "OTEL_METRICS_EXPORTER"), "sentry")
        return {
            **to_sentry,
            "SENTRY_DSN": self.dsn,
            "SENTRY_WORKER_DSN": self.dsn,
            "SENTRY_TRACES_SAMPLE_RATE": "1",
            "OTEL_SDK_DISABLED": "false",
            "OTEL_SENTRY_SHUTDOWN_TIMEOUT": str(FLUSH_SECONDS),
        }

    @property
    def spans(self) -> list[CapturedSpan]:
        """Spans, in the order of their start."""
        found = [captured_span(arrival.payload) for arrival in self._arrivals(Kind.SPAN)]
        return sorted(found, key=lambda span: (span.start, -span.end))

    @property
    def issues(self) -> list[CapturedIssue]:
        """Errors and messages, in the order of their arrival."""
        return [captured_issue(arrival.payload) for arrival in self._arrivals(Kind.ISSUE)]

    @property
    def logs(self) -> list[CapturedLog]:
        """Log lines, in the order of their time."""
        return sorted((captured_log(arrival.payload) for arrival in self._arrivals(Kind.LOG)), key=lambda log: log.at)

    @property
    def metrics(self) -> list[CapturedMetric]:
        """Measurements, in the order of their arrival."""
        return [captured_metric(arrival.payload) for arrival in self._arrivals(Kind.METRIC)]

    @property
    def users(self) -> list[CapturedUser]:
        """Everybody who was named by a span or an issue, once."""
        named = [*(span.user for span in self.spans), *(issue.user for issue in self.issues)]
        return list(dict.fromkeys(user for user in named if user is not None))

    @property
    def user(self) -> CapturedUser | None:
        """The one user of everything captured; None if nobody was named.

        Raises:
            AssertionError: there were several.
        """
        users = self.users
        if len(users) > 1:
            raise AssertionError(f"not one user but {len(users)}: {', '.join(map(str, users))}")
        return users[0] if users else None

    @property
    def envelopes(self) -> list[bytes]:
        """Everything that was sent, as it was sent, decompressed."""
        self.flush()
        return [received.raw for received in self._received()]

    @property
    def problems(self) -> list[str]:
        """What Sentry would have taken away from the envelopes, and why."""
        self.flush()
        return [str(problem) for received in self._received() for problem in received.problems]

    def flush(self, timeout: float = FLUSH_SECONDS) -> None:
        """Have everything delivered that this process has recorded.

        Raises:
            AssertionError: it took longer than `timeout` seconds.
        """
        if not self._flush(timeout):
            raise AssertionError(f"the pipeline did not deliver within {timeout} s")

    def clear(self) -> None:
        """Forget what was captured so far."""
        self.flush()
        self._clear()

    def wait_for(self, predicate: Callable[[], object], timeout: float = FLUSH_SECONDS) -> None:
        """Return as soon as `predicate()` is true; for telemetry of other processes that are still running.

        Raises:
            AssertionError: not within `timeout` seconds; shows what was captured.
        """
        deadline = time.monotonic() + timeout
        while not predicate():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout} s:\n{self.trace_tree() or _NOTHING}")
            time.sleep(_POLL_SECONDS)

    def trace_tree(self, trace_id: str | None = None) -> str:
        """Spans with their issues and logs as a tree of text, the same in every run.

        Args:
            trace_id: 32 hex digits; None shows all traces, in the order of their first span, a blank line between.
        """
        grouped: dict[str, list[Arrival]] = {}
        for arrival in self._arrivals():
            if arrival.trace_id is not None and trace_id in (None, arrival.trace_id):
                grouped.setdefault(arrival.trace_id, []).append(arrival)
        order = {span.trace_id: number for number, span in reversed(list(enumerate(self.spans)))}
        traces = sorted(grouped, key=lambda found: order.get(found, len(order)))
        return "\n\n".join(filter(None, (trace_text(found, grouped[found]) for found in traces)))

    def snapshot(self) -> dict[str, list[dict[str, Any]]]:
        """Everything captured as one JSON value with stable ids and times; see `otel_sentry.testing.snapshot`."""
        return snapshot(self.spans, self.issues, self.logs, self.metrics)

    def assert_span(
        self,
        name: str | None = None,
        *,
        op: str | None = None,
        user: str | None = None,
        status: str | None = None,
        attributes: dict[str, Any] | None = None,
    ) -> CapturedSpan:
        """Claim that there is such a span.

        Args:
            name: the whole name.
            op: the whole op.
            user: id, name or email of its user.
            status: `ok` or `error`.
            attributes: the span has these, and maybe others.

        Returns:
            The first one.

        Raises:
            AssertionError: there is none; shows what was captured.
        """
        wanted = {"name": name, "op": op, "status": status}
        for span in self.spans:
            same = all(getattr(span, key) == value for key, value in wanted.items() if value is not None)
            has = all(key in span.attributes and span.attributes[key] == it for key, it in (attributes or {}).items())
            if same and has and (user is None or _is(user, span.user)):
                return span
        told = {**wanted, "user": user, "attributes": attributes}
        asked = ", ".join(f"{key}={value!r}" for key, value in told.items() if value is not None)
        raise AssertionError(f"no span with {asked or 'anything'}; captured:\n{self.trace_tree() or _NOTHING}")

    def assert_issue_once(self, exc_type: type[BaseException] | str, *, user: str | None = None) -> CapturedIssue:
        """Claim that an exception became exactly one issue.

        Args:
            exc_type: the exception's class, or its name without module.
            user: id, name or email of the issue's user.

        Returns:
            The issue.

        Raises:
            AssertionError: there is none, or more than one, or it is another user's; shows all issues.
        """
        name = exc_type if isinstance(exc_type, str) else exc_type.__name__
        issues = self.issues
        found = [issue for issue in issues if issue.type == name]
        if len(found) != 1:
            titles = "\n".join(f"- {issue.title}" for issue in issues) or "(none)"
            raise AssertionError(f"{len(found)} issues of {name} instead of one; all issues:\n{titles}")
        if user is not None and not _is(user, found[0].user):
            raise AssertionError(f"the issue {found[0].title!r} is of the user {found[0].user}, not of {user}")
        return found[0]

    def assert_no_secret(self, *secrets: str) -> None:
        """Claim that nothing secret was sent: neither as it is, nor in JSON, URLs or base64.

        Args:
            secrets: texts that must not occur; without any, the values of all environment variables whose names end
                in `_KEY`, `_TOKEN`, `_SECRET`, `_PASSWORD`, `_MNEMONIC` or `_CREDENTIALS`.

        Raises:
            AssertionError: one of them was sent; shows where, itself masked.
            ValueError: a secret is empty.
        """
        envelopes = self.envelopes
        named = {f"secret {number}": secret for number, secret in enumerate(secrets, 1)} or secrets_of(os.environ)
        found = [f"{name}: {place}" for name, secret in named.items() for place in places_of(secret, envelopes)]
        if found:
            raise AssertionError("sent to Sentry:\n" + "\n".join(found))

    def _arrivals(self, kind: Kind | None = None) -> Iterator[Arrival]:
        self.flush()
        for received in self._received():
            for arrival in received.arrivals:
                if kind is None or arrival.kind is kind:
                    yield arrival


def _is(wanted: str, user: CapturedUser | None) -> bool:
    return user is not None and wanted in (user.id, user.name, user.email)
