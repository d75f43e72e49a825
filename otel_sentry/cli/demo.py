"""`otel-sentry demo`: the example dapp against the embedded Sentry, with a check that what arrived is complete."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from otel_sentry.cli.demo_checks import Check, Evidence, Visit, all_checks
from otel_sentry.cli.demo_dapp import Dapp, DappDied, hash_key
from otel_sentry.cli.demo_visitors import use_dapp
from otel_sentry.cli.demo_witness import recorded_spans
from otel_sentry.identity.privacy import Privacy
from otel_sentry.local.live import LiveTraces
from otel_sentry.local.receiver import Receiver
from otel_sentry.local.rows import rows_of
from otel_sentry.local.terminal import TreePrinter
from otel_sentry.local.tree import trace_tree
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

_ARRIVAL_SECONDS: Final = 60  # of a machine that is busy with other things; usually it takes two
_LOOK_AGAIN_SECONDS: Final = 0.25

DESCRIPTION: Final = """\
Start the embedded Sentry, a local EVM chain, and the example dapp's web app and worker;
let three wallets use them; print the traces and issues; check that nothing is missing.
Exit status 0: complete. 1: something is missing, see the lines marked FAIL. 130: interrupted.
OTEL_SENTRY_* settings apply, for example OTEL_SENTRY_WALLET_PRIVACY=hash (its key is made up
unless OTEL_SENTRY_WALLET_HASH_KEY gives one).
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="otel-sentry demo", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    keep = parser.parse_args(arguments).keep
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="otel-sentry-demo-") as directory, Receiver(port=0) as receiver:
        try:
            return _run(receiver, Path(directory), keep=keep)
        except KeyboardInterrupt:
            _say("\nStopped.")
            return 130


def _run(receiver: Receiver, directory: Path, *, keep: bool) -> int:
    dapp = Dapp(receiver.dsn, directory)
    _say(f"Starting the embedded Sentry ({receiver.url}), chain, web app and worker ...")
    try:
        with dapp:
            _say("Three wallets sign in, look around and mint; one signs out, one mints twice, one meets the bug ...")
            visits = use_dapp(dapp.url, dapp.node_url)
            _say("Waiting for the telemetry ...\n")
            checks = _checks_when_settled(receiver, dapp, visits)
            _show(receiver)
            complete = _report(checks)
            if not complete:
                _say(*dapp.log_tails())
            if keep:
                _keep(receiver, dapp)
            return 0 if complete else 1
    except DappDied as died:
        _say(f"{died} did not start.", *dapp.log_tails())
        return 1


def _checks_when_settled(receiver: Receiver, dapp: Dapp, visits: Sequence[Visit]) -> list[Check]:
    """The checks when all have held for a second, or as they stand when there has been time enough."""
    privacy, deadline, held = _privacy(), time.monotonic() + _ARRIVAL_SECONDS, 0
    while True:
        checks = all_checks(_evidence(receiver, dapp, visits, privacy))
        held = held + 1 if all(check.ok for check in checks) else 0
        if held * _LOOK_AGAIN_SECONDS > 1 or time.monotonic() > deadline:
            return checks
        if dapp.dead():
            raise DappDied(dapp.dead())
        time.sleep(_LOOK_AGAIN_SECONDS)


def _evidence(receiver: Receiver, dapp: Dapp, visits: Sequence[Visit], privacy: Privacy) -> Evidence:
    return Evidence(
        visits=visits,
        recorded=recorded_spans(dapp.witnessed()),
        arrived=receiver.plain_spans,
        issues=receiver.events,
        problems=[str(problem) for problem in receiver.problems],
        shown=privacy.address,
        sent="".join(received.raw.decode("utf-8", "replace") for received in receiver.envelopes).lower(),
    )


def _privacy() -> Privacy:
    settings = Settings.from_env(wallet_hash_key=hash_key())
    return Privacy(settings.wallet_privacy.value, settings.wallet_hash_key)


def _report(checks: Sequence[Check]) -> bool:
    for check in checks:
        _say(f"{' ok ' if check.ok else 'FAIL'}  {check.title}: {check.seen}")
        if not check.ok:
            _say(f"        expected: {check.expected}")
    complete = all(check.ok for check in checks)
    _say("", "Complete." if complete else "NOT complete; the processes' own words:")
    return complete


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _show(receiver: Receiver) -> None:
    printer = TreePrinter()
    for trace_id, arrivals in receiver.store.by_trace().items():
        printer.tree(trace_tree(trace_id, rows_of(arrivals)))


def _keep(receiver: Receiver, dapp: Dapp) -> None:
    _say(
        "",
        "Everything keeps running, and new traces show here; Ctrl-C ends it.",
        f"  embedded Sentry  {receiver.url}",
        f"  SENTRY_DSN       {receiver.dsn}",
        f"  the dapp         {dapp.url}/docs",
        f"  its node         {dapp.node_url}",
        f"  try              curl {dapp.url}/nonce    # a new trace",
    )
    live = LiveTraces(receiver.store, TreePrinter(), time.monotonic)
    while dapp.dead() is None:
        live.tick()
        time.sleep(_LOOK_AGAIN_SECONDS)
    raise DappDied(dapp.dead())
