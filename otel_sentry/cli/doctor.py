"""`otel-sentry doctor`: what would happen to telemetry here, why, and what to type instead."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import TYPE_CHECKING, Final

from otel_sentry.cli.doctor_dumps import read_dumps
from otel_sentry.doctor.examination import Examination, Wish
from otel_sentry.doctor.finding import Weight, error
from otel_sentry.doctor.report import report_json, report_text
from otel_sentry.facts.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    examinations = _examinations(typed)
    printed = [report_json(one) if typed.json else report_text(one, brief=typed.brief) for one in examinations]
    sys.stdout.write(("" if typed.json else "\n").join(printed))
    return max(_status(one, strict=typed.strict) for one in examinations)


def _examinations(typed: argparse.Namespace) -> list[Examination]:
    """One of this process, or one of each dump."""
    try:
        importlib.import_module("opentelemetry.propagate")
    except Exception as exc:  # noqa: BLE001 - whatever OpenTelemetry raises while it is imported
        return [_unusable(exc)]
    # Imported late: they import OpenTelemetry as a whole.
    from otel_sentry.cli.doctor_here import examined_here, explained_here  # noqa: PLC0415
    from otel_sentry.doctor.examine import examine  # noqa: PLC0415

    if typed.dump and not typed.explain:
        wish = Wish(send=False)
        return [examine(facts, None, wish, failed=failed) for facts, failed in read_dumps(typed.dump)]
    if typed.explain:
        return [explained_here(typed.explain, typed.attribute)]
    wish = Wish(send=not typed.no_send, verify=typed.verify, timeout=typed.timeout, wait=typed.wait)
    return [examined_here(typed.module, wish)]


def _unusable(exc: Exception) -> Examination:
    """OpenTelemetry reads some variables inside its own import, and fails there: so does every application."""
    remedy = "pip install what it names (such as opentelemetry-propagator-b3), or take it out of OTEL_PROPAGATORS"
    return Examination(Facts(), (error("opentelemetry-unusable", f"OpenTelemetry cannot be imported: {exc}", remedy),))


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


def _status(seen: Examination, *, strict: bool) -> int:
    bad = {Weight.ERROR, Weight.WARNING} if strict else {Weight.ERROR}
    return 1 if any(finding.weight in bad for finding in seen.findings) else 0
