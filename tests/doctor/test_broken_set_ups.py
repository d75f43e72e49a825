"""The doctor names the cause in each staged broken set-up: a process without extras, the command as users type it."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from tests.doctor.broken import BROKEN, DSN, WHOLE, Broken

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doctor.conftest import Ended, Stage


def staged(stage: Stage, folder: Path, broken: Broken, *arguments: str) -> Ended:
    """Run the doctor in a set-up."""
    for name, text in {"app.py": broken.application, **broken.files}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    imported = ["--import", "app"] if broken.application else []
    return stage.run(folder, {"SENTRY_DSN": DSN, **broken.variables}, "--no-send", *imported, *arguments)


@pytest.mark.parametrize("broken", [pytest.param(broken, id=broken.name) for broken in BROKEN])
def test_the_cause_is_named(broken: Broken, stage: Stage, tmp_path: Path) -> None:
    """With its code, in words, and with what to type instead; no secret is shown."""
    if find_spec(broken.needs) is None:
        pytest.skip(f"this sentry-sdk has no {broken.needs}")
    ended = staged(stage, tmp_path, broken, "--json", "--strict")
    report: dict[str, Any] = json.loads(ended.stdout or "{}")
    found = {finding["code"]: finding for finding in report.get("findings", [])}

    assert broken.code in found, f"{sorted(found)}\n{ended.stderr}"
    finding = found[broken.code]
    assert broken.says in finding["cause"]
    assert finding["remedy"]
    assert ended.status == 1
    assert "topsecret" not in ended.stdout


def test_there_are_thirty_of_them() -> None:
    """No two of one name; servers that misbehave are staged next door."""
    assert len({broken.name for broken in BROKEN}) == len(BROKEN) >= 30


def test_a_whole_set_up_is_healthy(stage: Stage, tmp_path: Path) -> None:
    """Nothing is found where nothing is wrong, in words that people read."""
    ended = staged(
        stage, tmp_path, Broken("whole", "", "", {"OTEL_SERVICE_NAME": "web"}, application=WHOLE), "--strict"
    )

    assert ended.status == 0, ended.stdout
    assert "0 errors, 0 warnings" in ended.stdout
    assert "provider      opentelemetry.sdk.trace.TracerProvider, service web" in ended.stdout
    assert "dsn           http://***@127.0.0.1:9/1  (SENTRY_DSN)" in ended.stdout
