"""Which spans Sentry does not get (OTEL_SENTRY_IGNORE_SPANS). Pure.

Rule: other backends keep them. A local root that is ignored takes its whole segment with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from opentelemetry.trace import SpanKind

from otel_sentry.convert.span_patterns import SpanPattern, compile_pattern, paths_of

Ignore = Callable[[str, SpanKind, Mapping[str, Any]], bool]
"""Takes a span's name, kind and attributes."""

HEALTH: Final = "health"
"""The ready preset: requests of load balancers, orchestrators and uptime checks."""

HEALTH_PATHS: Final = frozenset(
    f"{prefix}/{word}"
    for prefix in ("", "/api", "/-", "/actuator")
    for word in (
        *("health", "healthy", "healthz", "healthcheck", "health-check", "health_check", "_health", "heartbeat"),
        *("live", "livez", "liveness", "alive", "ready", "readyz", "readiness", "startup", "startupz"),
        *("ping", "up", "status/live", "status/ready", "health/live", "health/ready", "health/liveness"),
        *("health/readiness", "__heartbeat__", "__lbheartbeat__"),
    )
)
HEALTH_AGENTS: Final = ("kube-probe/", "GoogleHC/", "ELB-HealthChecker/", "Consul Health Check", "Better Uptime Bot")
HEALTH_RPC_SERVICE: Final = "grpc.health.v1.Health"

_AGENT_KEYS: Final = ("user_agent.original", "http.user_agent")


def compile_ignore(entries: Iterable[str]) -> Ignore | None:
    """The filter, ready to be asked; None if it lets everything through.

    Args:
        entries: the preset `health`, and patterns as `compile_pattern` reads them.

    Raises:
        ValueError: a regular expression cannot be read; says why.
    """
    entries = list(entries)
    if not entries:
        return None
    patterns = tuple(compile_pattern(entry) for entry in entries if entry != HEALTH)
    return _ignore(patterns, health=HEALTH in entries)


def is_health_check(kind: SpanKind, attributes: Mapping[str, Any]) -> bool:
    """Whether a span answers somebody who only asks whether this process lives."""
    if kind is not SpanKind.SERVER:
        return False
    agent = next((str(value) for key in _AGENT_KEYS if (value := attributes.get(key))), "")
    return (
        not HEALTH_PATHS.isdisjoint(paths_of(attributes))
        or attributes.get("rpc.service") == HEALTH_RPC_SERVICE
        or agent.startswith(HEALTH_AGENTS)
    )


def _ignore(patterns: tuple[SpanPattern, ...], *, health: bool) -> Ignore:
    def ignore(name: str, kind: SpanKind, attributes: Mapping[str, Any]) -> bool:
        return any(pattern(name, attributes) for pattern in patterns) or (health and is_health_check(kind, attributes))

    return ignore
