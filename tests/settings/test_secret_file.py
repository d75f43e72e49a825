"""The file of further patterns."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_sentry.errors import InvalidSetting
from otel_sentry.masking.patterns import SecretPatterns
from otel_sentry.settings.settings import Settings


def test_reads_the_file_that_the_variable_names(tmp_path: Path) -> None:
    """Once, at start; the setting shows its path."""
    file = tmp_path / "secrets.txt"
    file.write_text("# ours\nACME-[0-9]+\nname: loyalty pin\n")

    found = Settings.from_env({"OTEL_SENTRY_SECRET_PATTERNS": str(file)}).secret_patterns

    assert found is not None
    assert ([one.pattern for one in found.patterns], found.names) == (["ACME-[0-9]+"], ("loyalty pin",))
    assert str(found) == str(file)


def test_takes_lines_and_parsed_patterns_as_a_keyword() -> None:
    """`configure(secret_patterns=[…])`, also with what another Settings holds."""
    first = Settings.from_env({}, secret_patterns=["ACME-[0-9]+"]).secret_patterns
    second = Settings.from_env({}, secret_patterns=first).secret_patterns

    assert isinstance(first, SecretPatterns)
    assert second is first


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(None, "No such file or directory", id="missing"),
        pytest.param(b"\xff\xfe", "no UTF-8 text", id="binary"),
        pytest.param(b"(", "line 1: a regular expression", id="broken expression"),
    ],
)
def test_refuses_a_file_that_cannot_be_used(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    """One line that names the variable, the path and the reason."""
    file = tmp_path / "secrets.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidSetting) as refused:
        Settings.from_env({"OTEL_SENTRY_SECRET_PATTERNS": str(file)})

    assert "OTEL_SENTRY_SECRET_PATTERNS" in str(refused.value)
    assert complaint in str(refused.value)


@pytest.mark.parametrize("keyword", [7, [7]])
def test_refuses_what_is_no_list_of_lines(keyword: object) -> None:
    """Neither a path nor lines."""
    with pytest.raises(InvalidSetting, match="list of such lines"):
        Settings.from_env({}, secret_patterns=keyword)
