"""Who makes the spans: is something missing, doubled, or switched off? Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from otel_sentry.doctor.finding import Finding, error, note, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.facts.facts import Facts

WEB: Final = frozenset({"celery", "django", "falcon", "fastapi", "flask", "pyramid", "starlette", "tornado"})
"""Without their instrumentation a service has no local roots."""
TALK: Final = frozenset(
    {
        *(
            "aiohttp",
            "aiokafka",
            "aiopg",
            "asyncpg",
            "boto",
            "botocore",
            "boto3",
            "cassandra-driver",
            "confluent-kafka",
        ),
        *(
            "elasticsearch",
            "grpcio",
            "httpx",
            "kafka-python",
            "mysql-connector-python",
            "mysqlclient",
            "pika",
            "psycopg",
        ),
        *("psycopg2", "psycopg2-binary", "pymemcache", "pymongo", "pymssql", "pymysql", "redis", "remoulade"),
        *("requests", "sqlalchemy", "tortoise-orm"),
    }
)
"""What they do takes time that a trace should show."""
_ALL: Final = "*"


def missing(facts: Facts) -> Iterator[Finding]:
    """A framework without its instrumentation makes no spans."""
    if not facts.sends_spans or _ALL in _disabled(facts):
        return
    absent = facts.packages.not_instrumented
    for library in sorted(WEB & absent.keys()):
        if library == "starlette" and "fastapi" not in absent and _instrumented(facts, "fastapi"):
            continue  # FastAPI's own instrumentation sees its requests
        yield warning(
            "instrumentation-missing",
            f"{library} is installed, its instrumentation is not: its requests make no spans.",
            f"pip install {absent[library]}, or 'otel-sentry[auto]' for the common ones",
        )
    others = sorted(TALK & absent.keys())
    if others:
        yield note(
            "instrumentation-possible",
            f"Installed without their instrumentations: {', '.join(others)}.",
            f"pip install {' '.join(absent[library] for library in others[:3])} …",
        )


def doubled(facts: Facts) -> Iterator[Finding]:
    """Two packages that instrument the same library make two spans of each call."""
    by_library: dict[str, list[str]] = defaultdict(list)
    for distribution, libraries in facts.packages.instruments.items():
        for library in libraries:
            by_library[library].append(distribution)
    for library, several in sorted(by_library.items()):
        if len(several) > 1 and library in _installed(facts):
            names = [one.name for one in facts.packages.entry_points if one.distribution == max(several)]
            yield error(
                "instrumentation-doubled",
                f"{' and '.join(sorted(several))} both instrument {library}: each call makes two spans.",
                f"Uninstall one, or OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={','.join(names)}",
            )


def conflicting(facts: Facts) -> Iterator[Finding]:
    """An instrumentation that does not fit its library stays off."""
    for conflict in facts.packages.conflicts:
        yield warning("instrumentation-conflict", f"{conflict}: it stays off.", "Install versions that fit each other")


def ourselves_disabled(facts: Facts) -> Iterator[Finding]:
    """Zero-code mode comes in as an instrumentor."""
    named = {"otel_sentry", _ALL} & set(_disabled(facts))
    if named and facts.process.zero_code and not facts.process.set_up:
        yield error(
            "ourselves-disabled",
            f"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={facts.value('disabled_instrumentations')} names us: "
            "opentelemetry-instrument leaves otel_sentry out.",
            "Take `otel_sentry` out of the list",
        )
    elif _ALL in named and facts.sends_spans:
        yield note(
            "instrumentations-off",
            "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=*: only spans of the application's own code are made.",
        )


def _disabled(facts: Facts) -> list[str]:
    return facts.value("disabled_instrumentations").split(",")


def _instrumented(facts: Facts, library: str) -> bool:
    return any(library in libraries for libraries in facts.packages.instruments.values())


def _installed(facts: Facts) -> set[str]:
    """Libraries of doubled instrumentations need no look: an instrumentation without its library does nothing."""
    return {library for libraries in facts.packages.instruments.values() for library in libraries}
