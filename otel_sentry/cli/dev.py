"""`otel-sentry dev`: a Sentry on this machine, its traces in the terminal as they arrive."""

from __future__ import annotations

import argparse
import ipaddress
import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from otel_sentry.cli.main import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from otel_sentry.local.live import LiveTraces
from otel_sentry.local.receiver import DEFAULT_PORT, Receiver
from otel_sentry.local.saved import write_saved
from otel_sentry.local.store import Received, Refused
from otel_sentry.local.terminal import TreePrinter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import IO

_ENDING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
"""Ours even where the shell made them ignored, as it does for what a script puts in the background."""
_TICK_SECONDS: Final = 0.1
_MAX_ROWS: Final = 300

DESCRIPTION: Final = """\
Run a Sentry on this machine. It takes everything that SDKs send (spans, transactions, issues, logs, metrics, sessions,
check-ins, replays), checks it as strictly as Sentry does, says why when it refuses, and prints each trace as a tree
as soon as it falls quiet. Nothing leaves the machine, nothing is written unless --save is given.
"""
_EPILOG: Final = """\
examples:
  otel-sentry dev
  otel-sentry dev --port 9000 --logs
  otel-sentry dev --save today.envelopes     append what arrives; otel-sentry show today.envelopes

Memory is bounded: the newest 200,000 items or 64 MiB of envelopes are kept.
Ctrl-C ends it with exit status 0. 1: the port is taken. 2: wrong options."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C; returns the exit status."""
    options = _parser().parse_args(arguments)
    if not options.allow_remote and not _is_loopback(options.host):
        return _complain(
            f"--host {options.host} would let other machines send and read: add --allow-remote if that is meant",
            EXIT_USAGE,
        )
    receiver = Receiver(host=options.host, port=options.port, public_key=None, remote=options.allow_remote)
    with ExitStack() as stack:
        try:
            if options.save is not None:
                stream = stack.enter_context(options.save.open("ab"))
                stack.callback(receiver.store.subscribe(_saver(stream)))
            stack.enter_context(receiver)
        except OSError as exc:
            return _complain(_why_not(exc, options), EXIT_FAILED)
        return _serve(receiver, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="otel-sentry dev",
        description=DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--allow-remote", action="store_true", help="let --host be more than this machine")
    parser.add_argument("--save", type=Path, metavar="FILE", help="append every envelope that is taken to FILE")
    parser.add_argument("--logs", action="store_true", help="print log lines below their spans")
    return parser


def _serve(receiver: Receiver, options: argparse.Namespace) -> int:
    stopped = threading.Event()
    former = {number: signal.signal(number, lambda *_: stopped.set()) for number in _ENDING_SIGNALS}
    live = LiveTraces(receiver.store, TreePrinter(logs=options.logs, max_rows=_MAX_ROWS), time.monotonic)
    _say(
        f"A Sentry for this machine is ready. DSN: {receiver.dsn}",
        "In the terminal of your application type:",
        f"  export SENTRY_DSN={receiver.dsn}",
        f"See traces below, or on the page {receiver.url}. Ctrl-C ends it.",
        "",
    )
    try:
        while not stopped.wait(_TICK_SECONDS):
            live.tick()
        live.close()
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    saved = f", saved in {options.save}" if options.save else ""
    _say(f"Ended after {receiver.requests} envelopes{saved}.")
    return EXIT_DONE


def _saver(stream: IO[bytes]) -> Callable[[Received | Refused], None]:
    """Append what is taken and leave no half envelope behind when the process is killed between two."""

    def save(news: Received | Refused) -> None:
        if isinstance(news, Received):
            write_saved(stream, news.raw, news.at)
            stream.flush()

    return save


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _why_not(exc: OSError, options: argparse.Namespace) -> str:
    if exc.filename is not None:
        return f"{options.save} cannot be written ({exc.strerror}): name another file with --save"
    if "in use" in str(exc):
        return f"port {options.port} is taken: type otel-sentry dev --port {(options.port + 1) % 65536}, or --port 0"
    return f"{options.host}:{options.port} cannot be listened on ({exc}): choose others with --host and --port"


def _complain(line: str, status: int) -> int:
    sys.stderr.write(f"otel-sentry dev: {line}\n")
    return status


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
