"""`otel-sentry browser`: Sentry's browser SDK as a file of your own, and what a content security policy must allow."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from otel_sentry.cli.browser_build import build
from otel_sentry.settings.settings import Settings
from otel_sentry.web.sdk_script import SDK_VERSION
from otel_sentry.web.snippet import BrowserPage

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION: Final = """\
build   make one script of Sentry's browser SDK (errors, tracing, session replay) with npm and esbuild; needs Node
policy  print what a Content-Security-Policy must allow for pages with the SDK
"""
_EPILOG: Final = """\
examples:
  otel-sentry browser build --output static/sentry.js
  export OTEL_SENTRY_BROWSER_SDK=static/sentry.js      pages load it from you, not from Sentry's CDN
  otel-sentry browser policy

exit status: 0 done. 1 could not be done. 2 wrong options."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the two; returns the exit status.

    Raises:
        OtelSentryError: Node is missing, or npm or esbuild failed.
        InvalidSetting: a setting cannot be used.
    """
    parser = argparse.ArgumentParser(
        prog="otel-sentry browser",
        description=DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="build | policy")
    making = commands.add_parser("build", help="make the script", description="Make the script with npm and esbuild.")
    making.add_argument("--output", type=Path, default=Path("sentry.js"), help="the file (default: %(default)s)")
    making.add_argument("--sdk-version", default=SDK_VERSION, help="of @sentry/browser (default: %(default)s)")
    commands.add_parser("policy", help="print what a policy must allow")
    typed = parser.parse_args(arguments)
    sys.stdout.write(_policy() if typed.command == "policy" else _built(typed.output, typed.sdk_version))
    return 0


def _built(output: Path, version: str) -> str:
    sizes = build(output, version)
    return (
        f"{output}: @sentry/browser {version}, {sizes.plain:,} bytes, {sizes.compressed:,} with gzip\n"
        f"{output}.map: its source map; keep it beside the script for de-minified stack traces\n"
        f"Use it with: export OTEL_SENTRY_BROWSER_SDK={output}\n"
    )


def _policy() -> str:
    page = BrowserPage(Settings.from_env())
    host = page.sdk.url if page.sdk.is_foreign else "'self'"
    dsn = page.settings.browser_dsn
    direct = f" (without the tunnel: {dsn.scheme}://{dsn.netloc})" if dsn else ""
    return (
        f"script-src '{page.script_hash}' {host}\n"
        f"connect-src 'self'{direct}\n"
        "worker-src blob:\n"
        "A nonce in script-src does instead of its first line: BrowserMiddleware finds it in the header.\n"
    )
