"""How one setting is declared: variables, parser, default, sentence. What may be shown of a value."""

from __future__ import annotations

import re
from dataclasses import field, fields
from enum import Enum
from typing import Any, Final, NamedTuple

from otel_sentry.errors import InvalidSetting
from otel_sentry.protocol.dsn import Dsn
from otel_sentry.settings.parsers import Parser

MASK: Final = "***"
_METADATA_KEY: Final = "otel_sentry.setting"
_LONGEST_SHOWN: Final = 120
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]*@")
_KEY_LIKE: Final = re.compile(r"[0-9a-fA-F]{16,}")


class Declaration(NamedTuple):
    """One row of the settings table.

    Attributes:
        variables: environment variables, first one that is set wins; empty for what only keywords can give.
        parse: from text or a typed value to the value.
        sentence: meaning, for the documentation.
        parse_variable: the same for the environment where its unit differs from the keyword's.
        secret: never shown.
        default: shown in the documentation.
        name: field and keyword; filled in from the class.
    """

    variables: tuple[str, ...]
    parse: Parser
    sentence: str
    parse_variable: Parser
    secret: bool
    default: Any
    name: str = ""

    def value(self, source: str, raw: Any) -> Any:
        """Parse `raw`, which came from the variable or keyword `source`.

        Raises:
            InvalidSetting: when it cannot be used.
        """
        parse = self.parse_variable if source in self.variables else self.parse
        try:
            return parse(raw)
        except ValueError as exc:
            raise InvalidSetting(source, self.shown(raw), str(exc)) from None

    def shown(self, value: Any) -> str:
        """The value as text for messages and tables, secrets masked, on one line."""
        if value is None:
            return ""
        return MASK if self.secret else self._masked(_as_text(value))

    def _masked(self, text: str) -> str:
        """Text without credentials; of an unreadable DSN nothing that could be its key."""
        shown = _CREDENTIALS.sub(f"{MASK}@", " ".join(text.split()))
        if any(variable.endswith("DSN") for variable in self.variables):
            shown = _KEY_LIKE.sub(MASK, shown) if "://" in shown and "@" in shown else MASK
        return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"


def _as_text(value: Any) -> str:
    """A value of any setting the way users type it."""
    if isinstance(value, (tuple, list)):
        return ",".join(map(_as_text, value))
    if isinstance(value, Enum):
        value = value.value
    elif isinstance(value, Dsn):
        value = value.masked
    elif callable(value):
        value = getattr(value, "__qualname__", type(value).__qualname__)
    return str(value).lower() if isinstance(value, bool) else str(value)


def setting(
    variables: str,
    parse: Parser,
    default: Any,
    sentence: str,
    *,
    parse_variable: Parser | None = None,
    secret: bool = False,
) -> Any:
    """Declare one field of a settings class.

    Args:
        variables: names of environment variables, separated by blanks.
        parse: see `Declaration`.
        default: value if nobody says otherwise.
        sentence: see `Declaration`.
        parse_variable: see `Declaration`; `parse` if None.
        secret: see `Declaration`.
    """
    declaration = Declaration(tuple(variables.split()), parse, sentence, parse_variable or parse, secret, default)
    return field(default=default, metadata={_METADATA_KEY: declaration})


def declarations(settings_class: type[Any]) -> tuple[Declaration, ...]:
    """The rows of a settings class in the order of its fields, inherited ones behind its own."""
    own = settings_class.__annotations__
    return tuple(
        declared._replace(name=one.name)
        for one in sorted(fields(settings_class), key=lambda one: one.name not in own)
        if (declared := one.metadata.get(_METADATA_KEY)) is not None
    )
