"""What the README shows works: its snippet runs, its commands, links and names exist."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import otel_sentry

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_snippet_sends_a_span_with_the_wallet_as_user(receiver: Receiver, bare_python: str) -> None:
    """The ten lines, run as they stand, put one span with the user into Sentry."""
    (snippet,) = re.findall(r"<!-- test: runs -->\n```python\n(.*?)```", README, re.DOTALL)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "SENTRY_"))}

    subprocess.run([bare_python, "-c", snippet], env={**environment, "SENTRY_DSN": receiver.dsn}, check=True)

    receiver.wait_for(lambda: len(receiver.spans) == 1)
    (span,) = receiver.plain_spans
    assert (span["name"], span["attributes"]["user.id"]) == (
        "db.get_user",
        "0x52908400098527886e0f7030069857d2e4169ee7",
    )


def test_every_link_leads_to_a_file() -> None:
    """No relative link is dead."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)

    assert [link for link in links if not (ROOT / link).exists()] == []
    assert links


def test_every_make_target_named_exists() -> None:
    """`make …` in the README is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert set(re.findall(r"`?make ([a-z-]+)", README)) <= targets


def test_every_name_of_the_package_that_is_shown_is_public() -> None:
    """`otel_sentry.name` in the README is in `__all__`."""
    shown = set(re.findall(r"otel_sentry\.([a-z_]+)\b", README))

    assert shown
    assert shown <= set(otel_sentry.__all__)
