"""What all spans with the same scope, kind and attribute names share, worked out once. Result as of `span_payload`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanKind

from otel_sentry.convert.attribute_names import DIRECTIVES, RENAMES
from otel_sentry.convert.op import EXPLICIT_OP, OP_RULES, OP_VALUES, OpFunction
from otel_sentry.convert.origin import EXPLICIT_ORIGIN
from otel_sentry.convert.span import EXPLICIT_NAME, inferred_attributes
from otel_sentry.convert.status import STATUS_KEYS
from otel_sentry.convert.value_texts import HELD_BACK, AttributeTexts, HeldBack, TextsOfName
from otel_sentry.convert.values import text
from otel_sentry.masking.mask import SecretMask
from otel_sentry.masking.names import Holds
from otel_sentry.protocol.json_text import dumps

MAX_CACHED: Final = 1024
"""Shapes, and renderings of one shape, that are remembered; beyond, all are forgotten and learnt anew."""
MAX_TELLING: Final = 256
"""Characters of a value that a rendering is remembered for."""
MAX_CACHED_NAMES: Final = 128
"""Attribute names of a shape that is remembered: OpenTelemetry's default limit of attributes."""

KINDS_THAT_LEAVE: Final = frozenset({SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER})
ABOUT_THE_OTHER_SIDE: Final = frozenset({"server.address"})


@dataclass(frozen=True, slots=True)
class Shape:
    """How to encode spans of one shape.

    Attributes:
        wire_names: the name each attribute is sent under, in the order of the span's attributes; None for those that
            are handled apart.
        special: old names whose translation depends on their value or meets a name that is there.
        kept: (old name, wire name, type) of those whose value is left as it is only if it has that type.
        identity: names of identity attributes, held back.
        shadows: common names that are hidden where the span has them itself.
        hidden: those of them that are hidden in any case.
        op_keys: names that may give the op, with the rule's function, in order.
        status_key: name of the HTTP or gRPC code that counts first.
        has_directives: whether the application gave op, origin or name itself.
        secret: wire names whose values may be secrets because of their name.
        mask: takes secrets out of what is rendered here.
        names: the wire names.
        texts: what is remembered of each attribute's JSON, `HELD_BACK` for those that are; None for a shape that is not
            flat: some of its attributes are renamed by their value, secret by their name, or directives, or there are
            too many for it to be remembered.
        telling: gives the values that the op depends on, of a flat shape.
    """

    kind: SpanKind
    scope: InstrumentationScope | None
    wire_names: tuple[str | None, ...]
    special: tuple[str, ...]
    kept: tuple[tuple[str, str, type], ...]
    identity: tuple[str, ...]
    shadows: tuple[str, ...]
    hidden: tuple[str, ...]
    op_keys: tuple[tuple[str, OpFunction], ...]
    status_key: str | None
    has_directives: bool
    secret: tuple[str, ...]
    mask: SecretMask
    names: frozenset[str | None]
    texts: tuple[TextsOfName | HeldBack, ...] | None
    telling: Callable[[Mapping[str, Any]], Any]
    _inferred: dict[tuple[str | None, str], bytes] = field(default_factory=dict)
    _inferred_by_values: dict[Any, bytes] = field(default_factory=dict)

    def inferred_if_flat(self, attributes: Mapping[str, Any]) -> bytes:
        """`inferred` for a span that is flat: one look-up by the values that tell."""
        values = self.telling(attributes)
        found = self._inferred_by_values.get(values)
        if found is None:
            found = self.inferred(attributes)
            if all(type(value) is str and len(value) <= MAX_TELLING for value in _tuple(values)):
                if len(self._inferred_by_values) >= MAX_CACHED:
                    self._inferred_by_values.clear()
                self._inferred_by_values[values] = found
        return found

    def inferred(self, attributes: Mapping[str, Any]) -> bytes:
        """Op, origin, kind and scope as JSON text, without braces; never empty."""
        op = self._op(attributes)
        origin: Any = None
        if self.has_directives:
            explicit, origin = attributes.get(EXPLICIT_OP), attributes.get(EXPLICIT_ORIGIN)
            op = text(explicit) if explicit else op
        key = (op, text(origin) if origin else "")
        found = self._inferred.get(key)
        if found is None:
            if len(self._inferred) >= MAX_CACHED:
                self._inferred.clear()
            found = self._inferred[key] = dumps(self.mask.attributes(inferred_attributes(self.kind, self.scope, *key)))[
                1:-1
            ]
        return found

    def _op(self, attributes: Mapping[str, Any]) -> str | None:
        """`op_by_rules`, over the names that are there."""
        for name, op_of in self.op_keys:
            value = attributes[name]
            if value is not None and (op := op_of(value, attributes, self.kind)) is not None:
                return op
        return None


class Shapes:
    """Remembers shapes, bounded. Used by one thread at a time."""

    def __init__(self, *, common_names: frozenset[str], identity_names: frozenset[str], mask: SecretMask) -> None:
        self._mask = mask
        self._common_names = common_names
        self._identity_names = identity_names
        self._texts = AttributeTexts(mask)
        self._known: dict[tuple[int, int, tuple[str, ...]], Shape] = {}
        self._scopes: dict[int, tuple[InstrumentationScope | None, InstrumentationScope | None]] = {}
        self._equal_scopes: dict[InstrumentationScope | None, InstrumentationScope | None] = {}

    def of(self, scope: InstrumentationScope | None, kind: SpanKind, names: Iterable[str]) -> Shape:
        """The shape of a span."""
        # Hashing a scope or a kind costs as much as all the rest. An id stands for one of them as long as that lives:
        # kinds for ever, scopes as long as they are remembered here or by their shape.
        seen = self._scopes.get(id(scope))
        one = self._one_of_equals(scope) if seen is None else seen[1]
        key = (id(one), id(kind), tuple(names))
        shape = self._known.get(key)
        if shape is None:
            if len(self._known) >= MAX_CACHED or self._texts.is_full:
                self._known.clear()
                self._texts = AttributeTexts(self._mask)
            shape = self._compile(one, kind, key[2])
            if len(key[2]) <= MAX_CACHED_NAMES:
                self._known[key] = shape
        return shape

    def _one_of_equals(self, scope: InstrumentationScope | None) -> InstrumentationScope | None:
        """The scope that stands for all equal ones: older OpenTelemetry makes one with each `get_tracer`."""
        if len(self._scopes) >= MAX_CACHED:
            self._scopes.clear()
            self._equal_scopes.clear()
        one = self._equal_scopes.setdefault(scope, scope)
        self._scopes[id(scope)] = (scope, one)
        return one

    def _compile(self, scope: InstrumentationScope | None, kind: SpanKind, names: tuple[str, ...]) -> Shape:
        present = set(names)
        special = tuple(_special_names(present, kind))
        scope_names = inferred_attributes(kind, scope, None, None)
        apart = {"", *special, *DIRECTIVES, *self._identity_names, *scope_names}
        mask = self._mask
        wire_names = tuple(None if name in apart else mask.text(_wire_name(name, kind)) for name in names)
        possible = {*wire_names, *special, *(new for old in special for new in RENAMES[old].names(kind))}
        hidden = hidden_names(kind, self._common_names)
        kept = [(name, _wire_name(name, kind), RENAMES[name].kept) for name in names if name in RENAMES]
        secret = tuple(name for name in wire_names if name is not None and mask.holds(name) is not Holds.NOTHING)
        directives = not present.isdisjoint(DIRECTIVES)
        is_remembered = len(names) <= MAX_CACHED_NAMES
        is_flat = is_remembered and not (special or secret or directives or _repeats(wire_names))
        telling = [name for name in names if name in OP_VALUES] if is_flat else []
        return Shape(
            kind=kind,
            scope=scope,
            wire_names=wire_names,
            special=special,
            kept=tuple((old, new, type_) for old, new, type_ in kept if type_ is not None and old not in special),
            identity=tuple(name for name in names if name in self._identity_names),
            shadows=tuple(sorted((self._common_names & possible).union(hidden))),
            hidden=hidden,
            op_keys=tuple((key, rule.op) for rule in OP_RULES for key in rule.keys if key in present),
            status_key=next((key for key in STATUS_KEYS if key in present), None),
            secret=secret,
            mask=mask,
            names=frozenset(wire_names),
            texts=tuple(HELD_BACK if name is None else self._texts.of(name) for name in wire_names)
            if is_flat
            else None,
            telling=itemgetter(*telling) if telling else _nothing,
            has_directives=not present.isdisjoint((EXPLICIT_OP, EXPLICIT_ORIGIN, EXPLICIT_NAME)),
        )


def hidden_names(kind: SpanKind, common_names: frozenset[str]) -> tuple[str, ...]:
    """Common names that would say something wrong on spans of a kind: `server.address` is the other side there."""
    return tuple(sorted(common_names & ABOUT_THE_OTHER_SIDE)) if kind in KINDS_THAT_LEAVE else ()


def _repeats(names: Iterable[str | None]) -> bool:
    there = [name for name in names if name is not None]
    return len(set(there)) < len(there)


def _nothing(_attributes: Mapping[str, Any]) -> tuple[()]:
    return ()


def _tuple(values: Any) -> tuple[Any, ...]:
    """`itemgetter` gives a single value as it is."""
    return values if type(values) is tuple else (values,)


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
