"""`Examination`: facts, Sentry's answers, findings. What `otel-sentry doctor` prints, in two forms, is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_sentry.doctor.answer import Answer
    from otel_sentry.doctor.explain import Explanation
    from otel_sentry.doctor.finding import Finding
    from otel_sentry.doctor.sentry_api import Stored
    from otel_sentry.facts.facts import Facts


@dataclass(frozen=True, slots=True)
class Examination:
    """What was seen and found.

    Attributes:
        facts: of the process.
        findings: the worst first.
        answers: to the probe; empty if none was sent.
        stored: what the API says; empty if it was not asked.
        explanations: of what was asked.
        trace_id: of the probe; empty if none was sent.
    """

    facts: Facts
    findings: tuple[Finding, ...]
    answers: tuple[Answer, ...] = ()
    stored: tuple[Stored, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the examination is to do beyond looking.

    Attributes:
        send: one of each kind to the DSN.
        verify: read it back.
        timeout: seconds for each step of a request.
        wait: seconds until everything must be stored.
    """

    send: bool = True
    verify: bool = False
    timeout: float = 5.0
    wait: float = 30.0
