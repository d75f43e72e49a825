"""`otel-sentry settings`: the values in effect and where each came from, secrets masked."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from otel_sentry.protocol.json_text import dumps
from otel_sentry.settings.declaration import Declaration, declarations
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Print the settings in effect in this environment: value, and where it came from.

Secrets are masked. Settings at their defaults are left out unless --all is given.
Run it where the application's environment is set:

  $ otel-sentry settings
  $ docker exec web otel-sentry settings --json

Exit status 0: printed. 2: a setting cannot be used; standard error says which and what is allowed.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the settings; returns the exit status.

    Raises:
        InvalidSetting: a value cannot be used.
    """
    parser = argparse.ArgumentParser(
        prog="otel-sentry settings", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="defaults too")
    parser.add_argument("--json", action="store_true", help="as one JSON object: keyword → value and origin")
    typed = parser.parse_args(arguments)
    rows = _rows(Settings.from_env(), defaults=typed.all)
    sys.stdout.write(_json(rows) if typed.json else _table(rows))
    return 0


def _rows(settings: Settings, *, defaults: bool) -> list[tuple[Declaration, str, str]]:
    rows = (
        (row, row.shown(getattr(settings, row.name)), settings.origins.get(row.name, "default"))
        for row in declarations(Settings)
    )
    return [(row, value, origin) for row, value, origin in rows if defaults or origin != "default"]


def _table(rows: list[tuple[Declaration, str, str]]) -> str:
    if not rows:
        return "Every setting is at its default: nothing goes to Sentry without SENTRY_DSN. --all shows them.\n"
    width = max(len(row.name) for row, _, _ in rows)
    return "".join(f"{row.name:<{width}}  {value or '–'}  ({origin})\n" for row, value, origin in rows)


def _json(rows: list[tuple[Declaration, str, str]]) -> str:
    return dumps({row.name: {"value": value, "origin": origin} for row, value, origin in rows}).decode() + "\n"
