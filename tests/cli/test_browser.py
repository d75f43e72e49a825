"""`otel-sentry browser`: what can be checked without npm; the build itself is used by `make test-browser`."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_sentry.cli.browser_build import build
from otel_sentry.cli.main import main
from otel_sentry.errors import OtelSentryError
from otel_sentry.settings.settings import Settings
from otel_sentry.web.sdk_script import CDN_URL
from otel_sentry.web.snippet import BrowserPage


def test_the_policy_names_the_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    """Hash of ours, address of Sentry's."""
    assert main(["browser", "policy"]) == 0

    printed = capsys.readouterr().out
    assert f"script-src '{BrowserPage(Settings()).script_hash}' {CDN_URL}" in printed


def test_a_missing_node_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what is needed, and what else could be done."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert main(["browser", "build", "--output", str(tmp_path / "s.js")]) == 1
    assert capsys.readouterr().err.startswith("otel-sentry browser: needs Node.js with npm")


@pytest.mark.parametrize("version", ["", "; rm", "../x", "--foo"])
def test_what_is_no_version_is_refused(tmp_path: Path, version: str) -> None:
    """Before anything is started."""
    with pytest.raises(OtelSentryError, match="is no version"):
        build(tmp_path / "s.js", version)


def test_npms_own_words_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What npm complains about is the answer."""
    for name, line in (("npm", "echo 'no such version' >&2; exit 1"), ("node", "")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    with pytest.raises(OtelSentryError, match="npm failed: no such version"):
        build(tmp_path / "s.js", "1.2.3")


def test_without_a_subcommand_usage_is_shown() -> None:
    """Exit status 2, as with every wrong option."""
    with pytest.raises(SystemExit) as left:
        main(["browser"])

    assert left.value.code == 2
