"""What a server said to a request, and how far apart the clocks are. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, or why there was none.

    Attributes:
        kind: what was sent.
        status: HTTP status; 0 if there was no answer.
        headers: names in lower case.
        body: its beginning.
        failure: `refused`, `unknown-host`, `tls`, `timeout`, `proxy` or `network`; empty if there was an answer.
        detail: the failure's own words.
        at: seconds since 1970, when it came, by our clock.
    """

    kind: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    failure: str = ""
    detail: str = ""
    at: float = 0.0

    @property
    def accepted(self) -> bool:
        """Whether the status says yes."""
        return 200 <= self.status < 300

    @property
    def skew_seconds(self) -> float | None:
        """How far our clock is ahead of the server's; None if its answer has no date."""
        try:
            return self.at - parsedate_to_datetime(self.headers.get("date", "")).timestamp()
        except (TypeError, ValueError):
            return None
