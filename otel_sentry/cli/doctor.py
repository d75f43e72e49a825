"""`otel-sentry doctor`: what would happen to telemetry here, why, and what to type instead."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from otel_sentry.cli.doctor_dumps import read_dumps
from otel_sentry.doctor.examination import Examination, Wish, examine
from otel_sentry.doctor.explain import explained
from otel_sentry.doctor.finding import Finding, Weight, error
from otel_sentry.doctor.report import report_json, report_text
from otel_sentry.errors import InvalidSetting
from otel_sentry.facts.gather import gathered
from otel_sentry.settings.settings import Settings
from otel_sentry.setup.assembly import present_telemetry
from otel_sentry.setup.configure import configure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_sentry.facts.facts import Facts
    from otel_sentry.setup.telemetry import Telemetry

DESCRIPTION: Final = """\
Say what would happen to telemetry here, why, and what to type instead.

Looks at settings and their origins, the tracer provider, processors, propagators, sampler, sentry-sdk,
instrumentations and entry points; sends one span, issue, log and metric to the DSN and says what Sentry's
answers mean. Secrets are masked. Needs no extra, so it runs where the application runs:

  $ otel-sentry doctor                               this environment, as configure() would set it up
  $ otel-sentry doctor --import shop.app             the set-up that your application makes when it is imported
  $ opentelemetry-instrument otel-sentry doctor      the set-up of zero-code mode
  $ docker exec web otel-sentry doctor --json        in a production image, for scripts
  $ otel-sentry doctor --dump /run/telemetry         running processes (OTEL_SENTRY_DUMP_DIR=/run/telemetry)
  $ otel-sentry doctor --verify                      is what was accepted also stored? (SENTRY_AUTH_TOKEN, SENTRY_ORG)

Explain a decision; nothing is sent:

  $ otel-sentry doctor --explain 'GET /health' --attribute url.path=/health
  $ otel-sentry doctor --explain https://api.example.com/v1/users
  $ otel-sentry doctor --explain 'sentry-trace: 0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0'
"""
EPILOG: Final = """\
exit status:
  0  nothing is wrong (notes and warnings may be there)
  1  telemetry does not arrive or arrives twice; with --strict also: something is not as it was meant
  2  cannot be done as typed
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the doctor; returns the exit status.

    Raises:
        InvalidSetting: `--explain` is asked with settings that cannot be used.
        OtelSentryError: a dump cannot be read.
    """
    typed = _parser().parse_args(arguments)
    if typed.explain:
        examinations = [_explaining(typed)]
    elif typed.dump:
        wish = Wish(send=False)
        examinations = [examine(facts, None, wish, failed=failed) for facts, failed in read_dumps(typed.dump)]
    else:
        examinations = [_here(typed)]
    printed = [report_json(one) if typed.json else report_text(one, brief=typed.brief) for one in examinations]
    sys.stdout.write(("" if typed.json else "\n").join(printed))
    return max(_status(one, strict=typed.strict) for one in examinations)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="otel-sentry doctor",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--import", dest="module", metavar="MODULE", help="import the application first")
    parser.add_argument("--dump", metavar="PATH", help="judge what running processes wrote: file, folder, - for stdin")
    parser.add_argument("--no-send", action="store_true", help="look only, send nothing")
    parser.add_argument("--verify", action="store_true", help="read what was sent back through Sentry's API")
    parser.add_argument("--wait", type=float, default=30.0, metavar="SECONDS", help="of --verify (default 30)")
    parser.add_argument("--timeout", type=float, default=5.0, metavar="SECONDS", help="of each request (default 5)")
    parser.add_argument(
        "--explain", action="append", metavar="WHAT", help="a span name, a URL, or a header; may be repeated"
    )
    parser.add_argument(
        "--attribute", action="append", default=[], metavar="KEY=VALUE", help="of the span to explain; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per process")
    parser.add_argument("--brief", action="store_true", help="answers and findings only")
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    return parser


def _here(typed: argparse.Namespace) -> Examination:
    """Examine this process, set up as the application would be."""
    failed = _imported(typed.module)
    # Nobody else configures logging here; what the set-up says is in the findings.
    logging.getLogger("otel_sentry").addHandler(logging.NullHandler())
    found = gathered(_settings_or_none())
    telemetry, refusal = _set_up(found, by_application=typed.module is not None)
    settings = telemetry.settings if telemetry is not None else _settings_or_none()
    facts = gathered(
        settings,
        refusal=refusal,
        ledger=telemetry.ledger if telemetry is not None else None,
        set_up=telemetry is not None and present_telemetry() is not None,
    )
    wish = Wish(send=not typed.no_send, verify=typed.verify, timeout=typed.timeout, wait=typed.wait)
    return examine(facts, None if refusal else settings, wish, failed=failed)


def _set_up(found: Facts, *, by_application: bool) -> tuple[Telemetry | None, str]:
    """The set-up that is there, or the one that `configure()` makes; else why it refuses.

    An application that was imported is left as it is: what it does not do is what is to be found.
    """
    present = present_telemetry()
    if present is not None or by_application or found.process.zero_code:
        return present, "" if present is not None else _refusal()
    try:
        return configure(), ""
    except InvalidSetting as refused:
        return None, str(refused)


def _imported(module: str | None) -> list[Finding]:
    """Import the application; what it raises is a finding."""
    if module is None:
        return []
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as `python -m` does
    try:
        importlib.import_module(module)
    except (Exception, SystemExit) as exc:  # noqa: BLE001 - whatever the application raises
        where = traceback.extract_tb(exc.__traceback__)[-1]
        cause = (
            f"{module} cannot be imported: {type(exc).__name__}: {exc} ({Path(where.filename).name}:{where.lineno})."
        )
        return [error("import-failed", cause, f"python -c 'import {module}' shows the whole traceback")]
    return []


def _settings_or_none() -> Settings | None:
    try:
        return Settings.from_env()
    except InvalidSetting:
        return None


def _refusal() -> str:
    try:
        Settings.from_env()
    except InvalidSetting as refused:
        return str(refused)
    return ""


def _explaining(typed: argparse.Namespace) -> Examination:
    pairs = [text.partition("=") for text in typed.attribute]
    if any(not equals for _, equals, _ in pairs):
        raise InvalidSetting("--attribute", typed.attribute[0], "key=value")
    settings = Settings.from_env()
    attributes = {key: value for key, _, value in pairs}
    seen = examine(gathered(settings), None, Wish(send=False))
    explanations = tuple(explained(settings, typed.explain, attributes))
    return replace(seen, findings=(), explanations=explanations)


def _status(seen: Examination, *, strict: bool) -> int:
    bad = {Weight.ERROR, Weight.WARNING} if strict else {Weight.ERROR}
    return 1 if any(finding.weight in bad for finding in seen.findings) else 0
