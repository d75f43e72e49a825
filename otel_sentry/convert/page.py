"""The mapping reference of the documentation, printed from the tables: `python -m otel_sentry.convert.page`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Final

from otel_sentry.convert.attribute_names import RENAMES, Rename
from otel_sentry.convert.log import LEVELS, SEVERITY_TEXT_TO_LEVEL
from otel_sentry.convert.metric import UNITS
from otel_sentry.convert.op import (
    CACHE_COMMAND_TO_OP,
    CACHE_STORES,
    FAAS_TRIGGER_TO_OP,
    MESSAGING_KIND_TO_OP,
    MESSAGING_OPERATION_TO_OP,
    OP_RULES,
)
from otel_sentry.convert.origin import INSTRUMENTATION_PREFIXES, LIBRARY_SCOPES
from otel_sentry.convert.samples import MAX_SAMPLES
from otel_sentry.convert.segment import SOURCE_BY_ATTRIBUTE, SOURCE_KEYS, SOURCES
from otel_sentry.convert.service import SERVER_NAME_KEYS
from otel_sentry.convert.span import KIND_NAMES
from otel_sentry.convert.status import (
    GRPC_STATUS_TO_SENTRY,
    HTTP_CLASS_TO_SENTRY,
    HTTP_STATUS_TO_SENTRY,
    SERVER_SIDE_KEYS,
)
from otel_sentry.protocol.service_keys import ENVIRONMENT_KEYS, RELEASE_KEYS

Rows = Iterable[tuple[str, ...]]


def mapping_page() -> str:
    """The page as Markdown."""
    sections = (
        _OPENING,
        _OPS,
        _table(("what", "attributes, any of", "op"), ((r.family, _code(*r.keys), _code(*r.results)) for r in OP_RULES)),
        _MESSAGING,
        _table(("operation", "op"), _pairs(MESSAGING_OPERATION_TO_OP)),
        _table(("span kind", "op"), ((KIND_NAMES[kind], _code(op)) for kind, op in MESSAGING_KIND_TO_OP.items())),
        _FAAS,
        _table(("`faas.trigger`", "op"), _pairs(FAAS_TRIGGER_TO_OP)),
        _CACHE.format(stores=_code(*sorted(CACHE_STORES))),
        _table(("command", "op"), _pairs(CACHE_COMMAND_TO_OP)),
        _STATUS.format(server_side=_code(*SERVER_SIDE_KEYS)),
        _table(("HTTP code", "status"), ((str(code), _code(name)) for code, name in HTTP_STATUS_TO_SENTRY.items())),
        _table(("other HTTP codes", "status"), ((f"{d}xx", _code(name)) for d, name in HTTP_CLASS_TO_SENTRY.items())),
        _table(("gRPC code", "status"), _numbered(GRPC_STATUS_TO_SENTRY)),
        _ORIGIN.format(prefixes=_code(*INSTRUMENTATION_PREFIXES)),
        _table(("scope", "library"), _pairs(LIBRARY_SCOPES)),
        _SOURCE.format(keys=_code(*SOURCE_KEYS), sources=_code(*sorted(SOURCES))),
        _table(("attributes, any of", "source"), ((_code(*keys), _code(name)) for keys, name in SOURCE_BY_ATTRIBUTE)),
        _NAMES,
        _table(("old name", "new name"), ((_code(old), _new_names(rename)) for old, rename in RENAMES.items())),
        _VALUES,
        _RESOURCE,
        _table(("in Sentry", "resource attributes, the first that is there"), _RESOURCE_ROWS),
        _LOGS,
        _table(("severity number", "level"), ((f"{4 * n + 1}–{4 * n + 4}", _code(x)) for n, x in enumerate(LEVELS))),
        _table(("severity text, without number", "level"), _pairs(SEVERITY_TEXT_TO_LEVEL)),
        _METRICS.format(max_samples=MAX_SAMPLES),
        _table(("unit", "in Sentry"), _pairs(UNITS)),
    )
    return "\n".join(sections)


def _table(head: tuple[str, ...], rows: Rows) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _pairs(table: Mapping[str, str]) -> Rows:
    return ((_code(key), _code(value)) for key, value in table.items())


def _numbered(table: Mapping[str, str]) -> Rows:
    return ((f"{number} {name}", _code(status)) for number, (name, status) in enumerate(table.items()))


def _code(*words: str) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _new_names(rename: Rename) -> str:
    on_server = f"; on server spans {_code(*rename.on_server)}" if rename.on_server else ""
    return _code(*rename.new) + on_server


_RESOURCE_ROWS: Final = (
    ("release", _code(*RELEASE_KEYS)),
    ("environment", _code(*ENVIRONMENT_KEYS)),
    ("server name", _code(*SERVER_NAME_KEYS)),
)

_OPENING: Final = """\
# How OpenTelemetry becomes Sentry

What each span, log and metric is called in Sentry.
This page is printed from the tables that the code works with.
What you set yourself always wins: `sentry.op`, `sentry.origin`, `sentry.name`, `sentry.segment.name.source`.

Names of spans are left alone; an empty one becomes `<unknown>`, and `sentry.name` overrides it.
`sentry.kind` carries the span kind.
Sentry's spans have no events: exceptions become issues, the others breadcrumbs of issues (`OTEL_SENTRY_SPAN_EVENTS`).
"""

_OPS: Final = """\
## Operation

The first row that matches gives `sentry.op`; a span that matches none has none.
"""

_MESSAGING: Final = """\
### Messaging

By `messaging.operation.type`, or the older `messaging.operation`; without them by the span kind; else `queue`.
"""

_FAAS: Final = """\
### Functions

Every other trigger is `function`.
"""

_CACHE: Final = """\
### Caches

A span of {stores}, or of no database at all, is a cache span if it has one of the cache attributes.
`cache.operation` (`get`, `put`, `remove`, `flush`) or the command gives the op.
Without either, `cache.hit` means `cache.get`.
"""

_STATUS: Final = """\
## Status

Spans have `ok` or `error`: `error` for OpenTelemetry's ERROR, and for UNSET with a failed HTTP or gRPC code.
A server span's UNSET 4xx is `ok`, because OpenTelemetry leaves it unset on purpose.
So is that of an internal span with {server_side}: it is a server's within another span.
The description of an ERROR is `sentry.status.message`.

In the `transaction` wire format the status is precise.
An ERROR whose description is one of Sentry's words has that one.
Otherwise the HTTP or gRPC code tells it, and if that does not, it is `internal_error`.
"""

_ORIGIN: Final = """\
## Origin

`manual` for spans of the application's own tracers, `auto.<category>.otel.<library>` for instrumentations.
The category is the first part of the op, or `default`.
Scopes that begin with {prefixes} are instrumentations; these libraries make spans themselves:
"""

_SOURCE: Final = """\
## Source of a segment's name

{keys} if set to one of {sources}.
An HTTP request with `http.route`, or to `/`, is `route`; one whose name holds its address is `url`, and Sentry then
replaces identifiers in it; other names of HTTP requests are `custom`.
For everything else the first row that matches, or `custom`:
"""

_NAMES: Final = """\
## Attribute names

Old names become new ones where Sentry does not rename them itself.
A name that is there already is never overwritten; the old one then stays beside it, unless it says the same.
`enduser.id` is read as the user's id.
"""

_VALUES: Final = """\
## Values

| value | in Sentry |
| --- | --- |
| text, bool, integer, float | the same |
| integer beyond 64 bits, `nan`, `inf` | text |
| bytes | text, what is no UTF-8 replaced |
| sequence of one kind | array; integers and floats together become floats |
| sequence with integers beyond 64 bits or not finite floats | array of texts |
| mixed or nested sequence, mapping | JSON text |
| anything else | its text |
| None | left out |

Halves of surrogate pairs are joined, lone ones replaced.
`otel.dropped_attributes_count`, `otel.dropped_events_count` and `otel.dropped_links_count` tell what the SDK dropped.
Attributes of more than 512 KiB on one span are cut where they are biggest.
`otel_sentry.trimmed_attributes_count` tells how many.
"""

_RESOURCE: Final = """\
## Resource and scope

Resource attributes keep their names, on every span, log and metric.
Settings come before the resource.
The server name is `server.address`, but not on spans of kind client, producer and consumer: there it is the other side.
The instrumentation scope is `otel.scope.name`, `otel.scope.version` and `otel.scope.<attribute>`.
"""

_LOGS: Final = """\
## Logs

The logger is `logger.name`, the name of an event `event.name`, the origin `auto.log.otel`.
Without number and known text the level is `info`.
"""

_METRICS: Final = """\
## Metrics

| OpenTelemetry | in Sentry |
| --- | --- |
| Counter, also observable | `counter`, increments |
| UpDownCounter, Gauge, also observable | `gauge` |
| Histogram | `distribution`, one value for each measurement |
| cumulative sums (from a reader that ignores the exporter's wish for deltas) | `gauge` |
| cumulative histograms | the gauges `<name>.count` and `<name>.sum` |

An exporter sees only a histogram's buckets, and the measurements that are its exemplars.
Exemplars are sent as they are, with their trace and span.
The other values are estimates: count, sum, least and greatest are true, and each value lies in its bucket.
So p50, p95 and p99 are off by less than the width of the bucket they fall in.
With explicit buckets that is as much as their bounds are apart.
With exponential buckets (at most 160) it is under 5 % for measurements within two powers of ten.
One data point gives at most {max_samples} values; what is beyond is counted as lost.
Values that are not finite are counted as lost, too.

`1` is no unit; units that are not listed are sent as they are, without braces, up to 15 characters.
"""

if __name__ == "__main__":
    sys.stdout.write(mapping_page())
