"""Under load, not one span and not one issue has another's wallet."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from otel_sentry.settings.child_processes import child_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_sentry.local.receiver import Receiver

SCRIPT = Path(__file__).with_name("many_wallets.py")
FRAMEWORKS = ("flask", "httpx", "starlette", *(f"opentelemetry-instrumentation-{kind}" for kind in ("asgi", "wsgi")))
WALLETS = {f"0x{number:040x}" for number in range(200)}
FAILED = {f"0x{number:040x}" for number in range(0, 200, 4)}


@pytest.mark.parametrize(
    ("kind", "answered", "failed"),
    [
        pytest.param("asyncio", 13, 7, id="asyncio"),
        pytest.param("threads", 7, 3, id="threads"),
    ],
)
def test_200_requests_of_200_wallets(
    kind: str, answered: int, failed: int, receiver: Receiver, python_with: Callable[..., str]
) -> None:
    """Every span has exactly the user that it says it works for; every failure is one issue of the right user."""
    environment = {"SENTRY_DSN": receiver.dsn, "OTEL_SENTRY_SHUTDOWN_TIMEOUT": "30"}
    run = subprocess.run(
        [python_with(*FRAMEWORKS), str(SCRIPT), kind],
        env=child_environment(environment),
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr

    spans = [span["attributes"] for span in receiver.plain_spans]
    told = [attributes for attributes in spans if "expected" in attributes]
    assert [attributes for attributes in told if attributes.get("user.id") != attributes["expected"]] == []
    assert {attributes["user.id"] for attributes in spans} == WALLETS
    assert len(told) == answered * len(WALLETS - FAILED) + failed * len(FAILED)
    issues = [(event["exception"]["values"][-1]["value"], event["user"]["id"]) for event in receiver.events]
    assert sorted(issues) == sorted((wallet, wallet) for wallet in FAILED)
