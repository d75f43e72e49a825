"""Reads the probe back through Sentry's web API: accepted is not yet stored. Another edge to the network.

Source: Sentry's API reference, "Retrieve an Event for a Project" and "Query Explore Events in Table Format".
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from opentelemetry.instrumentation.utils import suppress_instrumentation

from otel_sentry.protocol import json_text

if TYPE_CHECKING:
    from otel_sentry.doctor.probe import Probe

_DATASETS: Final = {"span": "spans", "log": "logs", "metric": "tracemetrics"}
"""Kind → dataset of Explore."""
_SAAS: Final = "https://sentry.io"


@dataclass(frozen=True, slots=True)
class Stored:
    """Whether one kind was found.

    Attributes:
        kind: which.
        found: it is stored.
        status: of the last question; 0 if there was no answer.
        detail: what the API says.
        seconds: how long it took, or was waited for.
    """

    kind: str
    found: bool
    status: int
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SentryApi:
    """Where to ask.

    Attributes:
        url: of Sentry, without path.
        token: needs the scopes org:read, project:read and event:read.
        org: id or slug.
        project: id or slug.
        project_id: number, as the DSN has it.
    """

    url: str
    token: str
    org: str
    project: str
    project_id: str

    def question(self, probe: Probe, kind: str) -> str:
        """The URL that answers whether `kind` is stored."""
        base = f"{self.url.rstrip('/')}/api/0"
        if kind == "issue":
            return f"{base}/projects/{quote(self.org)}/{quote(self.project)}/events/{probe.event_id}/"
        asked = {
            "dataset": _DATASETS[kind],
            "field": ["id", "trace", "timestamp"],
            "query": f"trace:{probe.trace_id}",
            "project": self.project_id,
            "statsPeriod": "1h",
            "per_page": "1",
        }
        return f"{base}/organizations/{quote(self.org)}/events/?{urlencode(asked, doseq=True)}"

    def ask(self, url: str, timeout: float) -> tuple[int, Any, str]:
        """Status, decoded body, detail in words; status 0 if nobody answers."""
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token}"})  # noqa: S310 - a setting
        try:
            with suppress_instrumentation(), urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
                return answer.status, json_text.loads(answer.read()), ""
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, None, refused.read(300).decode("utf-8", "replace")
        except (OSError, ValueError) as error:
            return 0, None, str(getattr(error, "reason", error))


def api_url(url: str | None, host: str, scheme: str, netloc: str) -> str:
    """Sentry's address: as set, else that of the DSN; sentry.io for its ingest hosts.

    Args:
        url: SENTRY_URL.
        host: of the DSN.
        scheme: of the DSN.
        netloc: host and port of the DSN.
    """
    if url:
        return url
    return _SAAS if host == "sentry.io" or host.endswith(".sentry.io") else f"{scheme}://{netloc}"


def looked_up(
    api: SentryApi,
    probe: Probe,
    kinds: list[str],
    *,
    wait_seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Stored]:
    """Ask for each kind until it is there, all within one wait.

    Args:
        api: where.
        probe: what was sent.
        kinds: what was accepted.
        wait_seconds: longest wait for all of them; ingestion usually takes seconds.
        clock: monotonic seconds.
        sleep: waits.
    """
    started = clock()
    found: dict[str, Stored] = {}
    while True:
        for kind in kinds:
            if kind not in found or not (found[kind].found or _is_final(found[kind].status)):
                found[kind] = _look(api, probe, kind, clock() - started)
        waiting = [one for one in found.values() if not one.found and not _is_final(one.status)]
        left = wait_seconds - (clock() - started)
        if not waiting or left <= 0:
            return [found[kind] for kind in kinds]
        sleep(min(1.0, left))


def _look(api: SentryApi, probe: Probe, kind: str, waited: float) -> Stored:
    status, body, detail = api.ask(api.question(probe, kind), timeout=10.0)
    rows = body.get("data") if isinstance(body, dict) else None
    is_there = status == 200 and (bool(rows) if kind != "issue" else True)
    return Stored(kind, is_there, status, detail, waited)


def _is_final(status: int) -> bool:
    """Whether asking again would not help: a token that is refused stays refused."""
    return status in {400, 401, 403}
