"""The spans of one web request of a dapp: 21 of them, 5–8 attributes each, as data that every dialect can replay.

Fifty prepared variants keep compression honest without making the application's own work part of the figures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Value = str | int | float | bool
    Attributes = dict[str, Value]

VARIANTS: Final = 50


@dataclass(frozen=True)
class SpanShape:
    """One span of the request: what is set when it starts, what is learnt before it ends, and its children.

    Its text is short, because error reporters render the local variables of every frame.
    """

    name: str
    op: str
    kind: str
    attributes: tuple[Attributes, ...] = field(repr=False)
    late: tuple[tuple[str, Value], ...] = field(repr=False)
    children: tuple[SpanShape, ...] = field(default=(), repr=False)

    def walk(self) -> Iterator[SpanShape]:
        """Yield this span and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def _shape(
    name: str,
    op: str,
    kind: str,
    attributes: Callable[[int], Attributes],
    late: tuple[str, Value],
    *children: SpanShape,
) -> SpanShape:
    return SpanShape(name, op, kind, tuple(attributes(n) for n in range(VARIANTS)), (late,), children)


def _address(n: int) -> str:
    return f"0x{(n + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC8341082276BF3A27251F86C6A11D0C18E95 % (1 << 160):040x}"


def _query(operation: str, table: str, text: str) -> SpanShape:
    return _shape(
        f"{operation} {table}",
        "db",
        "client",
        lambda n: {
            "db.system.name": "postgresql",
            "db.namespace": "dapp",
            "db.operation.name": operation,
            "db.collection.name": table,
            "db.query.text": text,
            "server.address": f"db-{n % 3}.internal",
            "server.port": 5432,
        },
        ("db.response.returned_rows", 7),
    )


def _rpc(method: str, bytes_sent: int) -> SpanShape:
    return _shape(
        f"POST {method}",
        "http.client",
        "client",
        lambda n: {
            "http.request.method": "POST",
            "url.full": f"https://rpc.example.org/v1/{method}?block={18_000_000 + n}",
            "server.address": "rpc.example.org",
            "server.port": 443,
            "rpc.system": "jsonrpc",
            "rpc.method": method,
            "http.request.body.size": bytes_sent + n,
        },
        ("http.response.status_code", 200),
    )


def _cache(command: str, key: str) -> SpanShape:
    return _shape(
        f"{command} {key}",
        "cache.get",
        "client",
        lambda n: {
            "db.system.name": "redis",
            "db.operation.name": command,
            "cache.key": f"{key}:{_address(n)}",
            "server.address": "cache.internal",
            "server.port": 6379,
        },
        ("cache.hit", True),
    )


def _step(name: str, *children: SpanShape) -> SpanShape:
    return _shape(
        name,
        "function",
        "internal",
        lambda n: {
            "code.function.name": f"dapp.portfolio.{name}",
            "code.file.path": "/srv/dapp/portfolio.py",
            "code.line.number": 40 + n,
            "dapp.shard": f"shard-{n % 8}",
            "dapp.weight": n / 7,
        },
        ("dapp.outcome", "done"),
        *children,
    )


WEB_REQUEST: Final = _shape(
    "GET /portfolio/{address}",
    "http.server",
    "server",
    lambda n: {
        "http.request.method": "GET",
        "url.scheme": "https",
        "url.path": f"/portfolio/{_address(n)}",
        "http.route": "/portfolio/{address}",
        "server.address": "dapp.example.org",
        "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "client.address": f"203.0.113.{n}",
    },
    ("http.response.status_code", 200),
    _step(
        "check_session", _cache("GET", "session"), _query("SELECT", "sessions", "SELECT * FROM sessions WHERE id = $1")
    ),
    _step(
        "load_account",
        _query("SELECT", "accounts", "SELECT * FROM accounts WHERE address = $1"),
        _query("SELECT", "labels", "SELECT label FROM labels WHERE account_id = $1 ORDER BY added DESC LIMIT 20"),
        _cache("GET", "ens"),
    ),
    _step(
        "load_balances",
        _rpc("eth_blockNumber", 62),
        _rpc("eth_getBalance", 141),
        _rpc("eth_call", 330),
        _step(
            "decode_tokens",
            _cache("MGET", "token"),
            _query("SELECT", "tokens", "SELECT * FROM tokens WHERE chain = $1"),
        ),
    ),
    _step("price", _cache("GET", "price"), _query("SELECT", "prices", "SELECT * FROM prices WHERE token = ANY($1)")),
    _step("render", _query("SELECT", "themes", "SELECT css FROM themes WHERE id = $1"), _cache("SET", "page")),
)
"""Root and twenty spans below it, four levels deep."""

SINGLE_SPAN: Final = SpanShape(
    WEB_REQUEST.name, WEB_REQUEST.op, WEB_REQUEST.kind, WEB_REQUEST.attributes, WEB_REQUEST.late
)
"""A trace of one span: a health check, a metric scrape, a tiny job."""

SPANS_PER_REQUEST: Final = sum(1 for _ in WEB_REQUEST.walk())
