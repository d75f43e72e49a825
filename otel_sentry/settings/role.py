"""What a process is by its command line: worker, server, or neither. Pure: tables of the programs that are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Final

from otel_sentry.settings.choices import Role

WORKER_COMMANDS: Final[dict[str, frozenset[str]]] = {
    "celery": frozenset({"worker", "multi"}),
    "rq": frozenset({"worker", "worker-pool"}),
    "rqworker": frozenset(),
    "dramatiq": frozenset(),
    "dramatiq-gevent": frozenset(),
    "arq": frozenset(),
    "huey_consumer": frozenset(),
    "manage": frozenset({"rqworker", "run_huey", "rundramatiq", "celery"}),
}
"""Program → the sub-commands that make it a worker; empty: always one."""

SERVER_COMMANDS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(
        ("uvicorn", "gunicorn", "hypercorn", "daphne", "granian", "waitress-serve", "uwsgi"), frozenset[str]()
    ),
    "flask": frozenset({"run"}),
    "fastapi": frozenset({"run", "dev"}),
    "manage": frozenset({"runserver", "runserver_plus"}),
    "django-admin": frozenset({"runserver"}),
}
"""Program → the sub-commands that make it a web server; empty: always one."""

_OPTIONS_WITH_VALUE: Final = frozenset({"-X", "-W", "--check-hash-based-pycs"})


def inferred_role(*command_lines: Sequence[str]) -> Role:
    """WORKER when one of the command lines starts a known worker, else WEB.

    Args:
        command_lines: `sys.argv` (program first) and `sys.orig_argv` (interpreter first); while Python starts up, and
            in children that multiprocessing spawned, only one of them tells.
    """
    return Role.WORKER if any(_starts(line, WORKER_COMMANDS) for line in command_lines) else Role.WEB


def serves(*command_lines: Sequence[str]) -> bool:
    """Whether one of the command lines starts what works for many callers: a known server or worker.

    Args:
        command_lines: as `inferred_role` takes them.
    """
    return any(_starts(line, table) for line in command_lines for table in (SERVER_COMMANDS, WORKER_COMMANDS))


def _starts(line: Sequence[str], table: Mapping[str, frozenset[str]]) -> bool:
    program, arguments = _program(line)
    commands = table.get(program)
    return commands is not None and (not commands or not commands.isdisjoint(arguments))


def _program(line: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Name of the program and its arguments; the interpreter and its options are skipped."""
    rest = list(line)
    if rest and PurePath(rest[0]).name.lower().startswith(("python", "pypy")):
        rest = _after_interpreter(rest[1:])
    if not rest:
        return "", ()
    path = PurePath(rest[0])
    name = path.parent.name if path.stem == "__main__" else path.stem
    return name, rest[1:]


def _after_interpreter(rest: list[str]) -> list[str]:
    """What follows the interpreter's options; the module's name after `-m`, nothing after `-c`."""
    while rest and rest[0].startswith("-"):
        if rest[0] == "-c":
            return []
        if rest[0] == "-m":
            return [rest[1].split(".", maxsplit=1)[0], *rest[2:]] if len(rest) > 1 else []
        rest = rest[2:] if rest[0] in _OPTIONS_WITH_VALUE else rest[1:]
    return rest
