"""`otel-sentry release`: makes a release in Sentry with the real sentry-cli, so that traces match their source."""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from otel_sentry.cli.release_steps import COMMITS, Release, Step, steps_of
from otel_sentry.errors import InvalidSetting, MissingExtra, OtelSentryError
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Make a release in Sentry: create it, tell its commits, write debug ids into JavaScript and upload
its source maps, finalise it, tell where it is deployed. sentry-cli does the work.

The version is that of the application: --version, SENTRY_RELEASE, service.version in
OTEL_RESOURCE_ATTRIBUTES, else the commit of this folder or what the CI calls it; backend and page
take the same. Python needs no upload: frames carry their source lines. Repeating it does no harm.
"""
EPILOG = """\
variables:
  SENTRY_AUTH_TOKEN  needed; an organisation token of Sentry (Settings, Auth Tokens), or a user's
  SENTRY_ORG         needed unless the token is an organisation's (sntrys_...)
  SENTRY_PROJECT     needed
  SENTRY_URL         of a self-hosted Sentry

examples:
  otel-sentry release --dry-run
  otel-sentry release --source-maps static --deploy production

Exit status 0: released. 1: sentry-cli failed, its last lines are shown. 2: something is not set.
"""

_LAST_LINES: Final = 12
_NOT_FOR_USERS: Final = "Stack backtrace:"
"""From here on sentry-cli speaks to its developers."""
_SECONDS_PER_STEP: Final = 900
_ORGANISATION_TOKEN: Final = "sntrys_"  # noqa: S105 - how such a token begins

_NEEDED: Final = {
    "SENTRY_AUTH_TOKEN": "make one in Sentry: Settings, Auth Tokens",
    "SENTRY_ORG": "the organisation's slug, as in https://<slug>.sentry.io",
    "SENTRY_PROJECT": "the project's slug",
}
"""Variable → what to do when it is missing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a release; returns the exit status.

    Raises:
        InvalidSetting: a setting cannot be used.
        MissingExtra: sentry-cli is not installed.
    """
    typed = _parser().parse_args(arguments)
    settings = Settings.from_env()
    if missing := _missing(settings):
        sys.stderr.write("".join(f"otel-sentry release: {name} is not set: {_NEEDED[name]}\n" for name in missing))
        return 2
    release = _release(typed, settings)
    steps = steps_of(release)
    if typed.dry_run:
        sys.stdout.write("".join(f"{shlex.join(('sentry-cli', *step.call))}\n" for step in steps))
        return 0
    runner = Runner(_sentry_cli(), verbose=typed.verbose)
    sys.stdout.write(f"Release {release.version}\n")
    return 0 if all(runner.does(step, number, len(steps)) for number, step in enumerate(steps, 1)) else 1


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs steps one after the other and tells how they go.

    Attributes:
        command: path of sentry-cli.
        verbose: whether its output is shown when all is well, too.
    """

    command: str
    verbose: bool

    def does(self, step: Step, number: int, of: int) -> bool:
        """Whether the release is still good after this step."""
        sys.stdout.write(f"{number}/{of} {step.what} … ")
        sys.stdout.flush()
        began = time.monotonic()
        if step.unless and step.done in self._run(step.unless)[1].split():
            return self._tell("was done before")
        status, output = self._run(step.call)
        if status and step.instead:
            status, output = self._run(step.instead)
        if status == 0:
            return self._tell(f"done, {time.monotonic() - began:.1f} s", output if self.verbose else "")
        if step.otherwise:
            return self._tell(f"left out: {step.otherwise}", output if self.verbose else "")
        self._tell("failed", output)
        sys.stderr.write(f"otel-sentry release: could not {step.what}: {shlex.join(('sentry-cli', *step.call))}\n")
        return False

    def _run(self, call: tuple[str, ...]) -> tuple[int, str]:
        """Status and output of one call; the variables of this process are those of sentry-cli."""
        try:
            ended = subprocess.run(  # noqa: S603 - the command and its words are ours
                [self.command, *call],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=_SECONDS_PER_STEP,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return 1, f"no end after {_SECONDS_PER_STEP} s"
        except OSError as exc:
            return 1, str(exc)
        return ended.returncode, ended.stdout

    def _tell(self, outcome: str, output: str = "") -> bool:
        sys.stdout.write(f"{outcome}\n")
        lines = [line for line in output.partition(_NOT_FOR_USERS)[0].splitlines() if line.strip()]
        sys.stdout.write("".join(f"    {line}\n" for line in lines[-_LAST_LINES:]))
        return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="otel-sentry release",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", help="name of the release")
    parser.add_argument("--dist", help="build of the release")
    parser.add_argument(
        "--source-maps", metavar="DIR", action="append", default=[], help="JavaScript and its maps; may be repeated"
    )
    parser.add_argument(
        "--source-maps-only", action="store_true", help="nothing else, for servers without releases, such as Bugsink"
    )
    parser.add_argument("--url-prefix", metavar="URL", help="where the files are served from, such as ~/static")
    parser.add_argument("--commits", choices=COMMITS, default="auto", help="where commits come from (default: auto)")
    parser.add_argument("--deploy", metavar="ENVIRONMENT", help="it is deployed there, such as production")
    parser.add_argument("--no-finalise", action="store_true", help="the release is not out yet")
    parser.add_argument("--dry-run", action="store_true", help="print the calls of sentry-cli and do nothing")
    parser.add_argument("--verbose", action="store_true", help="show what sentry-cli says")
    return parser


def _missing(settings: Settings) -> list[str]:
    token = settings.auth_token or ""
    known = {
        "SENTRY_AUTH_TOKEN": token,
        "SENTRY_ORG": settings.org or token.startswith(_ORGANISATION_TOKEN),
        "SENTRY_PROJECT": settings.project,
    }
    return [name for name, value in known.items() if not value]


def _release(typed: argparse.Namespace, settings: Settings) -> Release:
    if typed.source_maps_only and not typed.source_maps:
        raise InvalidSetting("--source-maps-only", "", "together with --source-maps DIR")
    for folder in typed.source_maps:
        if not Path(folder).is_dir():
            raise InvalidSetting("--source-maps", folder, "a folder with JavaScript and its source maps")
    return Release(
        version=_version(typed.version, settings),
        dist=typed.dist or settings.dist,
        source_maps=tuple(typed.source_maps),
        url_prefix=typed.url_prefix,
        commits=typed.commits,
        environment=typed.deploy,
        finalise=not typed.no_finalise,
        source_maps_only=typed.source_maps_only,
    )


def _version(typed: str | None, settings: Settings) -> str:
    """What the application calls its release: here and in `configure()` the same comes first."""
    # Imported here: --help and a missing variable need neither.
    from opentelemetry.sdk.resources import OTELResourceDetector  # noqa: PLC0415
    from sentry_sdk.utils import get_default_release  # noqa: PLC0415

    from otel_sentry.convert.service import service_names  # noqa: PLC0415

    found = typed or settings.release or service_names(OTELResourceDetector().detect()).release or get_default_release()
    if not found:
        raise OtelSentryError("which release? Give --version or SENTRY_RELEASE: neither git nor the CI names one here")
    return found


def _sentry_cli() -> str:
    """The sentry-cli of this environment, else that of the PATH."""
    beside = Path(sys.executable).with_name("sentry-cli")
    found = str(beside) if beside.is_file() else shutil.which("sentry-cli")
    if found is None:
        raise MissingExtra("otel-sentry release", "release")
    return found
