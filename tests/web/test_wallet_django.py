"""Django's `request.user` as the wallet, through a real site with sessions and a database."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SITE = Path(__file__).with_name("django_site.py")


@pytest.fixture(name="seen", scope="module")
def _seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[object]]]:
    database = tmp_path_factory.mktemp("django") / "site.sqlite"
    run = subprocess.run(
        [sys.executable, str(SITE), str(database)], capture_output=True, check=False, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, list[list[object]]] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("stack", ["sync", "async"])
def test_wallet_of_the_signed_in_user(stack: str, seen: dict[str, list[list[object]]]) -> None:
    """Nobody, the sign-in itself, then both kinds of views: bound in the view, on the span, and not outside."""
    assert seen[stack] == [
        ["None", None, None],
        ["in", "0xab", None],
        ["0xab", "0xab", None],
        ["0xab", "0xab", None],
    ]
