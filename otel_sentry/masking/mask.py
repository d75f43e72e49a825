"""`SecretMask`: what leaves in the place of texts, attributes and whole payloads that hold secrets. Pure, never raises.

Most texts come again and again, so clean ones are remembered; what is new passes a cheap look for each rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from otel_sentry.masking.chain import SHORTEST_KEY
from otel_sentry.masking.mark import MASK
from otel_sentry.masking.names import Holds, Names
from otel_sentry.masking.patterns import SecretPatterns
from otel_sentry.masking.rules import rules
from otel_sentry.masking.tokens import BARE_PREFIXES

SHORTEST: Final = 5
"""Shorter texts hold no secret that could be told; the shortest is `pwd=a`."""
MAX_CLEAN: Final = 8192
"""Clean texts that are remembered; beyond, all are forgotten and learnt anew."""
LONGEST_CLEAN: Final = 256
_DEEPEST: Final = 40
_TYPED: Final = frozenset({"type", "value", "unit"})
_SOURCE_LINES: Final = frozenset({"context_line", "pre_context", "post_context"})
_HARMLESS: Final = frozenset({"datetime", "decimal", "uuid"})
"""Modules whose objects are numbers and dates."""
_NO_SECRETS: Final = frozenset({"modules"})
"""Parts of an event whose keys are foreign names and whose values are versions."""


class SecretMask:
    """Masks secrets; remembers clean texts, so keep one for each pipeline. Threads may share it.

    Args:
        patterns: further ones of the application.
    """

    def __init__(self, patterns: SecretPatterns | None = None) -> None:
        own = patterns or SecretPatterns()
        self._own = own if own.patterns else None
        self._names = Names(own.names)
        self._rules = rules(self._names)
        self._source_rules = rules(self._names, source=True)
        self.clean: set[str] = set()
        self.clean_source: set[str] = set()

    def holds(self, name: str) -> Holds:
        """What a value of this name is."""
        return self._names.holds(name)

    def text(self, text: str) -> str:
        """`text` without secrets; the same object if there are none."""
        if text in self.clean:
            return text
        masked = self._masked(text)
        if masked is text:
            _remember(text, self.clean)
        return masked

    def attribute(self, name: str, typed: Any) -> Any:
        """A typed attribute (`protocol.attributes.Attribute`) without secrets; the same object if there are none."""
        value = self.value(name, typed["value"])
        if value is typed["value"]:
            return typed
        return {**typed, "type": "string", "value": value} if value is MASK else {**typed, "value": value}

    def attributes(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """Typed attributes without secrets in names and values."""
        return {self.text(name): self.attribute(name, one) for name, one in typed.items()}

    def value(self, name: str, value: Any) -> Any:
        """A plain value without secrets, given its name."""
        return self._named(name, value, 0)

    def event(self, event: Any) -> Any:
        """A Sentry event without secrets.

        Where a log message names a secret (`password=%s`), nothing tells which parameter holds it: all are masked.
        """
        masked = self.tree(event)
        entry = masked.get("logentry")
        if isinstance(entry, dict) and entry.get("params"):
            shown = f"{entry.get('message')}{entry.get('formatted')}"
            if MASK in shown:
                entry["params"] = self._emptied(entry["params"], 0)
        return masked

    def log(self, item: Mapping[str, Any], template: str, parameters: str) -> Any:
        """An entry of a log container without secrets; see `event`.

        Args:
            item: with `body` and typed `attributes`.
            template: name of the attribute that holds the message before it was formatted.
            parameters: how the names of attributes begin that hold what was filled in.
        """
        masked = self.tree(item)
        attributes = masked.get("attributes") or {}
        if MASK in f"{masked.get('body')}{attributes.get(template)}":
            own = {name: {"type": "string", "value": MASK} for name in attributes if name.startswith(parameters)}
            masked["attributes"] = {**attributes, **own}
        return masked

    def tree(self, value: Any) -> Any:
        """A copy of nested mappings and sequences without secrets, in keys and values."""
        return self._tree(value, 0)

    def _masked(self, text: str, *, source: bool = False) -> str:
        if self._own is not None:
            text = _same(text, self._own.masked(text))
        if len(text) < SHORTEST or (len(text) < SHORTEST_KEY and text.isalnum() and not text.startswith(BARE_PREFIXES)):
            return text
        lowered = text.lower()
        for _, needs, suspects, masked, _, _ in self._source_rules if source else self._rules:
            if needs in lowered and suspects(lowered):
                text = _same(text, masked(text))
        return text

    def _named(self, name: str, value: Any, depth: int) -> Any:
        holds = self._names.holds(name)
        if holds is Holds.NOTHING or isinstance(value, bool) or value is None:
            return self._tree(value, depth)
        if isinstance(value, dict) and "value" in value and value.keys() <= _TYPED:
            return self.attribute(name, value)
        if holds is Holds.SECRET:
            return MASK if not isinstance(value, (dict, list, tuple)) else self._emptied(value, depth)
        if isinstance(value, str):
            return MASK if self._names.is_secret(name, value) else self.text(value)
        if isinstance(value, (list, tuple)) and depth < _DEEPEST:
            return [self._named(name, one, depth + 1) for one in value]
        return self._tree(value, depth)

    def _emptied(self, value: Any, depth: int) -> Any:
        """A container under a name of secrets: its form stays, its contents go."""
        if isinstance(value, dict) and depth < _DEEPEST:
            return {self.text(str(key)): self._emptied(one, depth + 1) for key, one in value.items()}
        if isinstance(value, (list, tuple)) and depth < _DEEPEST:
            return [self._emptied(one, depth + 1) for one in value]
        return MASK

    def _tree(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, (int, float)):
            return value
        if depth > _DEEPEST:
            return MASK
        if isinstance(value, (dict, Mapping)):
            return {self._key(key): self._entry(key, one, depth + 1) for key, one in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return self._sequence(value, depth + 1)
        return self._foreign(value)

    def _foreign(self, value: Any) -> Any:
        """An object that will be shown by its `repr`: itself, unless that holds a secret."""
        if type(value).__module__ in _HARMLESS or hasattr(value, "metadata"):
            return value  # the latter is sentry-sdk's `AnnotatedValue`
        try:
            shown = value.decode(errors="replace") if isinstance(value, bytes) else repr(value)
        except Exception:  # noqa: BLE001 - a foreign __repr__ may raise anything; whoever shows it meets that again
            return value
        masked = self.text(shown)
        return value if masked is shown else masked

    def _key(self, key: Any) -> Any:
        return self.text(key) if isinstance(key, str) else key

    def _entry(self, key: Any, value: Any, depth: int) -> Any:
        if not isinstance(key, str):
            return self._tree(value, depth)
        if key in _SOURCE_LINES:
            return self._source(value)
        return value if key in _NO_SECRETS else self._named(key, value, depth)

    def _sequence(self, values: Any, depth: int) -> list[Any]:
        """A list; `[name, value]` and `--name value` are told by the name in front."""
        masked = []
        before: Any = None
        for one in values:
            names_next = isinstance(before, str) and (before.startswith("-") or len(values) == 2)
            masked.append(self._named(before, one, depth) if names_next else self._tree(one, depth))
            before = one
        return masked

    def _source(self, lines: Any) -> Any:
        """Lines of source code, see `rules`."""
        if isinstance(lines, str):
            if lines in self.clean_source:
                return lines
            masked = self._masked(lines, source=True)
            if masked is lines:
                _remember(lines, self.clean_source)
            return masked
        return [self._source(line) for line in lines] if isinstance(lines, (list, tuple)) else lines


def _remember(text: str, clean: set[str]) -> None:
    if len(text) <= LONGEST_CLEAN:
        if len(clean) >= MAX_CLEAN:
            clean.clear()
        clean.add(text)


def _same(text: str, masked: str) -> str:
    """The same object where nothing has changed."""
    return text if masked == text else masked
