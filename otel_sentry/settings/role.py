"""Which role a process has by its command line. Pure: a table of the workers that are known."""

from __future__ import annotations

from collections.abc import Sequence
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

_OPTIONS_WITH_VALUE: Final = frozenset({"-X", "-W", "--check-hash-based-pycs"})


def inferred_role(*command_lines: Sequence[str]) -> Role:
    """WORKER when one of the command lines starts a known worker, else WEB.

    Args:
        command_lines: `sys.argv` (program first) and `sys.orig_argv` (interpreter first); while Python starts up, and
            in children that multiprocessing spawned, only one of them tells.
    """
    return Role.WORKER if any(_starts_worker(line) for line in command_lines) else Role.WEB


def _starts_worker(line: Sequence[str]) -> bool:
    program, arguments = _program(line)
    commands = WORKER_COMMANDS.get(program)
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
