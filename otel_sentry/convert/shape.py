"""What all spans with the same scope, kind and attribute names share, worked out once. Result as of `span_payload`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanKind

from otel_sentry.convert.attribute_names import DIRECTIVES, RENAMES
from otel_sentry.convert.op import EXPLICIT_OP, OP_RULES, OpRule, op_by_rules
from otel_sentry.convert.origin import EXPLICIT_ORIGIN
from otel_sentry.convert.span import EXPLICIT_NAME, inferred_attributes
from otel_sentry.convert.status import STATUS_KEYS
from otel_sentry.convert.values import text
from otel_sentry.protocol.json_text import dumps

MAX_CACHED: Final = 1024
"""Shapes, and renderings of one shape, that are remembered; beyond, all are forgotten and learnt anew."""
MAX_CACHED_NAMES: Final = 128
"""Attribute names of a shape that is remembered: OpenTelemetry's default limit of attributes."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How to encode spans of one shape.

    Attributes:
        wire_names: the name each attribute is sent under, in the order of the span's attributes; None for those that
            are handled apart.
        special: old names whose translation depends on their value or meets a name that is there.
        kept: (old name, wire name, type) of those whose value is left as it is only if it has that type.
        identity: names of identity attributes, held back.
        shadows: common names that the span's own may hide.
        rules: rules that may give the op.
        has_directives: whether the application gave op, origin or name itself.
        has_status_code: whether an HTTP or gRPC code is there.
    """

    kind: SpanKind
    scope: InstrumentationScope | None
    wire_names: tuple[str | None, ...]
    special: tuple[str, ...]
    kept: tuple[tuple[str, str, type], ...]
    identity: tuple[str, ...]
    shadows: tuple[str, ...]
    rules: tuple[OpRule, ...]
    has_directives: bool
    has_status_code: bool
    _inferred: dict[tuple[str | None, str], bytes] = field(default_factory=dict)

    def inferred(self, attributes: Mapping[str, Any]) -> bytes:
        """Op, origin, kind and scope as JSON text, without braces; never empty."""
        op = op_by_rules(self.rules, attributes, self.kind) if self.rules else None
        origin: Any = None
        if self.has_directives:
            explicit, origin = attributes.get(EXPLICIT_OP), attributes.get(EXPLICIT_ORIGIN)
            op = text(explicit) if explicit else op
        key = (op, text(origin) if origin else "")
        found = self._inferred.get(key)
        if found is None:
            if len(self._inferred) >= MAX_CACHED:
                self._inferred.clear()
            found = self._inferred[key] = dumps(inferred_attributes(self.kind, self.scope, *key))[1:-1]
        return found


class Shapes:
    """Remembers shapes, bounded. Used by one thread at a time."""

    def __init__(self, *, common_names: frozenset[str], identity_names: frozenset[str]) -> None:
        self._common_names = common_names
        self._identity_names = identity_names
        self._known: dict[tuple[int, int, tuple[str, ...]], Shape] = {}

    def of(self, scope: InstrumentationScope | None, kind: SpanKind, names: Iterable[str]) -> Shape:
        """The shape of a span."""
        # A shape keeps its scope alive, so that an id stands for one scope only; kinds live for ever.
        key = (id(scope), id(kind), tuple(names))
        shape = self._known.get(key)
        if shape is None:
            shape = self._compile(scope, kind, key[2])
            if len(key[2]) <= MAX_CACHED_NAMES:
                if len(self._known) >= MAX_CACHED:
                    self._known.clear()
                self._known[key] = shape
        return shape

    def _compile(self, scope: InstrumentationScope | None, kind: SpanKind, names: tuple[str, ...]) -> Shape:
        present = set(names)
        special = tuple(_special_names(present, kind))
        apart = {"", *special, *DIRECTIVES, *self._identity_names}
        wire_names = tuple(None if name in apart else _wire_name(name, kind) for name in names)
        possible = {*wire_names, *special, *(new for old in special for new in RENAMES[old].names(kind))}
        kept = [(name, _wire_name(name, kind), RENAMES[name].kept) for name in names if name in RENAMES]
        return Shape(
            kind=kind,
            scope=scope,
            wire_names=wire_names,
            special=special,
            kept=tuple((old, new, type_) for old, new, type_ in kept if type_ is not None and old not in special),
            identity=tuple(name for name in names if name in self._identity_names),
            shadows=tuple(sorted(self._common_names & possible)),
            rules=tuple(rule for rule in OP_RULES if not present.isdisjoint(rule.keys)),
            has_directives=not present.isdisjoint((EXPLICIT_OP, EXPLICIT_ORIGIN, EXPLICIT_NAME)),
            has_status_code=not present.isdisjoint(STATUS_KEYS),
        )


def _wire_name(name: str, kind: SpanKind) -> str:
    return RENAMES[name].names(kind)[0] if name in RENAMES else name


def _special_names(present: set[str], kind: SpanKind) -> Iterable[str]:
    """Old names, in order of precedence, whose pair is not simply theirs under a new name."""
    old_names = [old for old in RENAMES if old in present]
    claims = Counter(new for old in old_names for new in RENAMES[old].names(kind))
    for old in old_names:
        rename = RENAMES[old]
        takes_apart = rename.split is not None and rename.kept is None
        if takes_apart or any(new in present or claims[new] > 1 for new in rename.names(kind)):
            yield old
