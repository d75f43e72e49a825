"""The settings reference of the documentation, printed from the declarations: `python -m otel_sentry.settings.page`."""

from __future__ import annotations

import sys
from typing import Final

from otel_sentry.settings.declaration import Declaration, declarations
from otel_sentry.settings.settings import Settings

_OPENING: Final = """\
# Settings

Every setting is an environment variable and a keyword of `configure()`, of the exporters and of their YAML mapping.
A keyword beats the environment; a blank variable counts as unset.
A value that cannot be used is refused at start in one line: the variable, the value (secrets masked), what is allowed.
`configure()` raises `InvalidSetting`; in zero-code mode the line is logged and the application runs on without Sentry.
`otel-sentry settings` prints the values in effect and where each came from.

| variable | keyword | default | meaning |
|---|---|---|---|
"""


def settings_page() -> str:
    """The page as Markdown."""
    return _OPENING + "".join(_line(row) for row in declarations(Settings))


def _line(row: Declaration) -> str:
    variables = ", ".join(f"`{name}`" for name in row.variables) or "–"
    default = row.shown(row.default)
    return f"| {variables} | `{row.name}` | {f'`{default}`' if default else '–'} | {row.sentence} |\n"


if __name__ == "__main__":
    sys.stdout.write(settings_page())
