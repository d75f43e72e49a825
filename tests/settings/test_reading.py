"""Reading: a role that nobody chose comes from the command line."""

from __future__ import annotations

from otel_sentry.settings.choices import Role
from otel_sentry.settings.declaration import declarations
from otel_sentry.settings.reading import read
from otel_sentry.settings.settings import Settings

WORKER = ["python", "-m", "celery", "worker"]


def test_a_worker_is_inferred() -> None:
    """A worker's command line gives the role and its DSN, and the origin says that nobody typed it."""
    environ = {"SENTRY_DSN": "http://a@h/1", "SENTRY_WORKER_DSN": "http://b@h/2"}
    values, origins = read(declarations(Settings), environ, {}, command_lines=[WORKER])

    assert values["role"] is Role.WORKER
    assert (values["dsn"].public_key, origins["role"], origins["dsn"]) == ("b", "inferred", "SENTRY_WORKER_DSN")


def test_a_chosen_role_beats_the_command_line() -> None:
    """Whoever names the role has the last word."""
    values, origins = read(declarations(Settings), {"OTEL_SENTRY_ROLE": "web"}, {}, command_lines=[WORKER])

    assert (values["role"], origins["role"]) == (Role.WEB, "OTEL_SENTRY_ROLE")
