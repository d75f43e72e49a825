"""Can this process deliver: threads, forks, patches? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_sentry.doctor.finding import Finding, error, note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_sentry.facts.facts import Facts


def uwsgi(facts: Facts) -> Iterator[Finding]:
    """Under uWSGI no thread of Python runs unless it is told to."""
    if "uwsgi without threads" in facts.process.hosts:
        yield error(
            "uwsgi-without-threads",
            "uWSGI runs without threads: what is recorded is never sent.",
            "enable-threads = true in uWSGI's configuration, or --enable-threads",
        )


def mode(facts: Facts) -> Iterator[Finding]:
    """How children are made, and under what."""
    if "gevent" in facts.process.hosts:
        yield note("gevent", "gevent has patched threads: delivery runs in a greenlet.")
    if facts.process.start_method in {"spawn", "forkserver"}:
        yield note(
            "spawned-children",
            f"multiprocessing makes children by {facts.process.start_method}: each must set itself up.",
            "otel_sentry.configure() in a module that the child imports",
        )
