"""Examines: judges the facts, sends the probe, judges the answers, reads the probe back."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from otel_sentry.doctor import sentry_api
from otel_sentry.doctor.answering import ask
from otel_sentry.doctor.catalogue import findings_of
from otel_sentry.doctor.checks import answers as answer_checks
from otel_sentry.doctor.checks import clock as clock_checks
from otel_sentry.doctor.checks import stored as stored_checks
from otel_sentry.doctor.examination import Examination, Wish
from otel_sentry.doctor.finding import Finding, error
from otel_sentry.doctor.probe import KINDS, Probe
from otel_sentry.settings.choices import WireFormat

if TYPE_CHECKING:
    from otel_sentry.doctor.sentry_api import Stored
    from otel_sentry.facts.facts import Facts
    from otel_sentry.settings.settings import Settings


def examine(facts: Facts, settings: Settings | None, wish: Wish, *, failed: Sequence[Finding] = ()) -> Examination:
    """Judge the facts and, where wished, ask Sentry.

    Args:
        facts: of this process or another.
        settings: of this process; None where nothing can be sent.
        wish: see `Wish`.
        failed: findings from gathering the facts.
    """
    findings = [*failed, *findings_of(facts)]
    if settings is None or settings.dsn is None or not wish.send:
        return Examination(facts, _sorted(findings))
    probe = new_probe(settings)
    answers = [ask(probe, kind, settings.dsn, _client_options(), wish.timeout) for kind in KINDS]
    findings += answer_checks.judged(answers)
    findings += clock_checks.skew(answers)
    stored: list[Stored] = []
    if wish.verify:
        stored, told = _verified(settings, probe, [answer.kind for answer in answers if answer.accepted], wish.wait)
        findings += told
    return Examination(facts, _sorted(findings), tuple(answers), tuple(stored), trace_id=probe.trace_id)


def new_probe(settings: Settings) -> Probe:
    """A probe of now, with ids of its own."""
    drawn = random.SystemRandom()
    return Probe(
        trace_id=f"{drawn.getrandbits(128) | 1:032x}",
        span_id=f"{drawn.getrandbits(64) | 1:016x}",
        event_id=f"{drawn.getrandbits(128):032x}",
        at=time.time(),
        environment=settings.environment or "production",
        release=settings.release or "",
        public_key=settings.dsn.public_key if settings.dsn else "",
        transaction=settings.wire_format is WireFormat.TRANSACTION,
    )


def _verified(settings: Settings, probe: Probe, kinds: list[str], wait: float) -> tuple[list[Stored], list[Finding]]:
    dsn, token = settings.dsn, settings.auth_token
    org = settings.org or (dsn.org_id if dsn else None)
    if dsn is None or not token or not org:
        missing = "SENTRY_AUTH_TOKEN" if not token else "SENTRY_ORG"
        remedy = f"export {missing}=… (--verify asks Sentry's API)"
        return [], [error("verify-impossible", f"--verify needs {missing}, which is not set.", remedy)]
    api = sentry_api.SentryApi(
        url=sentry_api.api_url(settings.url, dsn.host, dsn.scheme, dsn.netloc),
        token=token,
        org=org,
        project=settings.project or dsn.project_id,
        project_id=dsn.project_id,
    )
    stored = sentry_api.looked_up(api, probe, kinds, wait_seconds=wait)
    return stored, list(stored_checks.judged(stored))


def _client_options() -> dict[str, Any]:
    """Options of sentry-sdk's client: proxies and certificates of the application count for the probe too."""
    import sentry_sdk  # noqa: PLC0415 - loaded only where something is sent

    return dict(sentry_sdk.get_client().options)


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    """Errors first, then warnings, then notes; in each the order of the checks."""
    order = {weight: number for number, weight in enumerate(type(findings[0].weight))} if findings else {}
    return tuple(sorted(findings, key=lambda finding: order[finding.weight]))
