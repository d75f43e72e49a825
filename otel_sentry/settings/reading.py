"""Where the value of a setting comes from: keywords beat the environment, the role chooses the DSN. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from otel_sentry.errors import InvalidSetting
from otel_sentry.settings.choices import Role, WalletPrivacy
from otel_sentry.settings.declaration import Declaration
from otel_sentry.settings.role import inferred_role

KEYWORD: Final = "keyword"
INFERRED: Final = "inferred"
DEFAULT: Final = "default"

_WEB_FALLBACK_DSN: Final = "NEXT_PUBLIC_SENTRY_DSN"


def read(
    rows: Iterable[Declaration],
    environ: Mapping[str, str],
    keywords: Mapping[str, Any],
    *,
    command_lines: Sequence[Sequence[str]],
) -> tuple[dict[str, Any], dict[str, str]]:
    """Values that differ from the default, and the origin of every value.

    Args:
        rows: the declared settings.
        environ: environment variables; blank ones count as unset.
        keywords: fields by name; None counts as not given.
        command_lines: see `inferred_role`.

    Raises:
        InvalidSetting: when something cannot be used.
    """
    table = {row.name: row for row in rows}
    _refuse_unknown(keywords, table)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, row in table.items():
        source, raw = _source(row, environ, keywords)
        origins[name] = KEYWORD if source == name else source
        if raw is not None:
            values[name] = row.value(source, raw)
    _resolve_role(values, origins, command_lines)
    _resolve_dsn(values, origins, table["dsn"], environ)
    _fit_batch(values, origins, table)
    _refuse_hash_without_key(values, origins)
    return values, origins


def _source(row: Declaration, environ: Mapping[str, str], keywords: Mapping[str, Any]) -> tuple[str, Any]:
    """Where a value comes from, and its raw form; None stands for the default. A blank keyword asks for the default."""
    given = keywords.get(row.name)
    if given is not None:
        return row.name, None if isinstance(given, str) and not given.strip() else given
    for variable in row.variables:
        if environ.get(variable, "").strip():
            return variable, environ[variable]
    return DEFAULT, None


def _refuse_unknown(keywords: Mapping[str, Any], table: Mapping[str, Declaration]) -> None:
    """Refuse the first keyword that is no field, naming what looks like it."""
    for name in keywords:
        if name not in table:
            import difflib  # noqa: PLC0415 - only for who mistypes

            near = difflib.get_close_matches(name, table, n=3, cutoff=0.5)
            raise InvalidSetting(name, "…", f"a setting; did you mean {' or '.join(near)}?" if near else "a setting")


def _resolve_role(values: dict[str, Any], origins: dict[str, str], command_lines: Sequence[Sequence[str]]) -> None:
    """A role that nobody chose is read from the command line."""
    if "role" not in values and inferred_role(*command_lines) is Role.WORKER:
        values["role"] = Role.WORKER
        origins["role"] = INFERRED


def _resolve_dsn(values: dict[str, Any], origins: dict[str, str], row: Declaration, environ: Mapping[str, str]) -> None:
    """Put the DSN of the role into `dsn`; a keyword `dsn` beats the environment's worker DSN."""
    if values.get("role") is Role.WORKER:
        if "worker_dsn" in values and (origins["dsn"] != KEYWORD or origins["worker_dsn"] == KEYWORD):
            values["dsn"] = values["worker_dsn"]
            origins["dsn"] = origins["worker_dsn"]
        return
    public = environ.get(_WEB_FALLBACK_DSN, "")
    if origins["dsn"] == DEFAULT and public.strip():
        values["dsn"] = row.value(_WEB_FALLBACK_DSN, public)
        origins["dsn"] = _WEB_FALLBACK_DSN


def _fit_batch(values: dict[str, Any], origins: dict[str, str], table: Mapping[str, Declaration]) -> None:
    """A batch never exceeds the queue: a size that nobody chose gives way; chosen ones that disagree are refused."""
    queue = values.get("max_queue_size", table["max_queue_size"].default)
    batch = values.get("max_export_batch_size", table["max_export_batch_size"].default)
    if batch <= queue:
        return
    if "max_export_batch_size" not in values:
        values["max_export_batch_size"] = queue
    elif "max_queue_size" not in values:
        values["max_queue_size"] = batch
    else:
        raise InvalidSetting(_typed("max_export_batch_size", origins), str(batch), f"at most the queue's size, {queue}")


def _refuse_hash_without_key(values: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    """A hash of a wallet without a key could be undone by trying all wallets."""
    if values.get("wallet_privacy") is WalletPrivacy.HASH and not values.get("wallet_hash_key"):
        allowed = "hash together with OTEL_SENTRY_WALLET_HASH_KEY, or plain, short, off"
        raise InvalidSetting(_typed("wallet_privacy", origins), WalletPrivacy.HASH.value, allowed)


def _typed(name: str, origins: Mapping[str, str]) -> str:
    """What the user typed to give a value: the variable, else the keyword."""
    return name if origins[name] == KEYWORD else origins[name]
