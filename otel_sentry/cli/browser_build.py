"""Makes one script of Sentry's browser SDK, with npm and esbuild in a folder that is thrown away."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from otel_sentry.errors import OtelSentryError

ESBUILD_VERSION: Final = "0.28.2"
_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.^~-]*")
_SECONDS: Final = 300
_LAST_LINES: Final = 5
_EXPORTS: Final = (
    *("init", "browserTracingIntegration", "replayIntegration", "getReplay", "setUser", "setTag", "setContext"),
    *("captureException", "captureMessage", "addBreadcrumb", "startSpan", "getActiveSpan", "getTraceData"),
    *("withScope", "getCurrentScope", "getClient", "lastEventId", "flush", "close"),
)
"""What `window.Sentry` offers; esbuild leaves out everything else."""


class Sizes(NamedTuple):
    """Bytes of a script."""

    plain: int
    compressed: int


def build(output: Path, version: str) -> Sizes:
    """Write the script, and its source map beside it.

    The map is linked from the script's last line, so that `sentry-cli sourcemaps inject` finds the pair.

    Args:
        output: the script.
        version: of @sentry/browser, as npm understands it.

    Raises:
        OtelSentryError: Node is missing, the version is none, or npm or esbuild failed; says why.
    """
    if not _VERSION.fullmatch(version):
        raise OtelSentryError(f"--sdk-version {version!r} is no version; such as 11.6.0")
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise OtelSentryError("needs Node.js with npm, which is not installed; or use Sentry's CDN, the default")
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="otel-sentry-browser-") as name:
        folder = Path(name)
        packages = [f"@sentry/browser@{version}", f"esbuild@{ESBUILD_VERSION}"]
        # No script of a package runs: esbuild brings its program as a package of its own.
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"]
        _run([npm, "install", "--prefix", name, *quiet, *packages], folder)
        names = ", ".join(_EXPORTS)
        (folder / "entry.js").write_text(
            f'import {{ {names} }} from "@sentry/browser";\nwindow.Sentry = {{ {names} }};\n'
        )
        made = folder / output.name
        options = ["--bundle", "--minify", "--format=iife", "--target=es2020", "--sourcemap", "--legal-comments=inline"]
        _run([*_esbuild(folder), "entry.js", *options, "--define:__SENTRY_DEBUG__=false", f"--outfile={made}"], folder)
        for source in (made, made.with_name(f"{made.name}.map")):
            shutil.copyfile(source, output.parent / source.name)
    content = output.read_bytes()
    return Sizes(len(content), len(gzip.compress(content)))


def _esbuild(folder: Path) -> list[str]:
    return [shutil.which("node") or "node", str(folder / "node_modules" / "esbuild" / "bin" / "esbuild")]


def _run(command: list[str], folder: Path) -> None:
    """Run a program to its end.

    Raises:
        OtelSentryError: with its own last words.
    """
    try:
        ended = subprocess.run(  # noqa: S603 - npm and esbuild, with arguments of our own
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise OtelSentryError(f"{Path(command[0]).name} did not end within {_SECONDS} s") from None
    if ended.returncode:
        said = " / ".join((ended.stderr or ended.stdout).strip().splitlines()[:_LAST_LINES])
        raise OtelSentryError(f"{Path(command[0]).name} failed: {said}")
