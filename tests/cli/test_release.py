"""`otel-sentry release` with the real sentry-cli against an HTTP API that keeps what it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_sentry.cli.main import main
from tests.cli.sentry_api import SentryApi


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SentryApi]:
    """The API, its address and a token in the environment, and a folder that is no git checkout."""
    with SentryApi.running() as running:
        for name, value in {
            "SENTRY_URL": running.url,
            "SENTRY_AUTH_TOKEN": "t0ken",
            "SENTRY_ORG": "acme",
            "SENTRY_PROJECT": "dapp",
            "SENTRY_RELEASE": "dapp@1.0",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield running


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A script with its source map."""
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "app.js").write_text("function f(){throw new Error('x')}f();\n//# sourceMappingURL=app.js.map\n")
    told = {"version": 3, "sources": ["app.ts"], "sourcesContent": ["f()"], "names": [], "mappings": "AAAA"}
    (folder / "app.js.map").write_text(json.dumps(told))
    return folder


def test_a_whole_release(api: SentryApi, static: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Created, source maps with debug ids uploaded for it, finalised, deployed; progress is told."""
    status = main(["release", "--source-maps", str(static), "--dist", "7", "--commits", "off", "--deploy", "prod"])

    told = capsys.readouterr().out
    assert (status, told.count("done, ")) == (0, 5), told
    assert told.startswith("Release dapp@1.0\n1/5 create the release … done")
    assert (api.releases["dapp@1.0"]["projects"], "dateReleased" in api.releases["dapp@1.0"]) == (["dapp"], True)
    (names, manifest), *_ = api.bundles
    assert (manifest["release"], manifest["dist"]) == ("dapp@1.0", "7")
    assert any(name.endswith("app.js.map") for name in names)
    script = next(file for file in manifest["files"].values() if file["type"] == "minified_source")
    assert script["headers"]["debug-id"] in (static / "app.js").read_text()
    assert [deploy["environment"] for deploy in api.deploys] == ["prod"]


def test_repeating_a_release_does_no_harm(api: SentryApi, static: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same debug ids, no second deploy."""
    typed = ["release", "--source-maps", str(static), "--commits", "off", "--deploy", "prod"]
    assert main(typed) == 0
    first = (static / "app.js").read_text()
    capsys.readouterr()

    assert main(typed) == 0
    assert (static / "app.js").read_text() == first
    assert len(api.deploys) == 1
    assert "was done before" in capsys.readouterr().out


def test_a_release_without_commits_is_one(api: SentryApi, capsys: pytest.CaptureFixture[str]) -> None:
    """Outside a checkout there are none; the line says so, and the release is finalised."""
    status = main(["release"])

    told = capsys.readouterr().out
    assert status == 0
    assert "2/3 tell its commits … left out: Sentry shows the release without commits" in told
    assert "dateReleased" in api.releases["dapp@1.0"]


def test_a_refused_token_is_one_clear_error(
    api: SentryApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What sentry-cli says of it is shown, without its backtrace; nothing further is tried."""
    monkeypatch.setenv("SENTRY_AUTH_TOKEN", "wrong")

    assert main(["release"]) == 1
    told = capsys.readouterr()
    assert "Invalid token" in told.out
    assert "backtrace" not in told.out
    assert told.err == "otel-sentry release: could not create the release: sentry-cli releases new dapp@1.0\n"
    assert len(set(api.calls)) == 1


@pytest.mark.parametrize(
    ("unset", "token", "named"),
    [
        pytest.param(["SENTRY_AUTH_TOKEN"], "", ["SENTRY_AUTH_TOKEN"], id="token"),
        pytest.param(["SENTRY_ORG", "SENTRY_PROJECT"], "t0ken", ["SENTRY_ORG", "SENTRY_PROJECT"], id="two"),
        pytest.param(["SENTRY_ORG", "SENTRY_PROJECT"], "sntrys_x", ["SENTRY_PROJECT"], id="organisation's token"),
    ],
)
@pytest.mark.usefixtures("api")
def test_each_missing_variable_is_one_line(
    unset: list[str],
    token: str,
    named: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The line says what to do about it."""
    monkeypatch.setenv("SENTRY_AUTH_TOKEN", token)
    for name in unset:
        monkeypatch.delenv(name)

    assert main(["release"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[2] for line in lines] == named
    assert all(" is not set: " in line for line in lines)


def test_a_dry_run_calls_nothing(api: SentryApi, static: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints what would be typed, and no token."""
    assert main(["release", "--dry-run", "--source-maps", str(static), "--version", "v 2"]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[0] == "sentry-cli releases new 'v 2'"
    assert (api.calls, "t0ken" in told) == ([], False)


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        pytest.param("OTEL_RESOURCE_ATTRIBUTES=service.version=3.1", "3.1", id="of the resource"),
        pytest.param("K_REVISION=shop-7", "shop-7", id="of the CI"),
    ],
)
@pytest.mark.usefixtures("api")
def test_the_version_is_the_applications(
    variable: str, expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where SENTRY_RELEASE is not set, what the backend would say."""
    name, _, value = variable.partition("=")
    monkeypatch.delenv("SENTRY_RELEASE")
    monkeypatch.setenv(name, value)

    assert main(["release", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"sentry-cli releases new {expected}"


@pytest.mark.usefixtures("api")
def test_no_version_at_all(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Outside git and CI a release has to be named."""
    monkeypatch.delenv("SENTRY_RELEASE")

    assert main(["release"]) == 1
    assert "Give --version or SENTRY_RELEASE" in capsys.readouterr().err


@pytest.mark.usefixtures("api")
def test_only_which_source_maps(capsys: pytest.CaptureFixture[str]) -> None:
    """A folder must be named."""
    assert main(["release", "--source-maps-only"]) == 2
    assert "together with --source-maps DIR" in capsys.readouterr().err


@pytest.mark.usefixtures("api")
def test_a_folder_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt folder is told before anything is sent."""
    assert main(["release", "--source-maps", "statc"]) == 2
    assert "--source-maps='statc'" in capsys.readouterr().err
