"""Nothing that a user types is undocumented, no link is dead, no page is hidden."""

from __future__ import annotations

import re
import sys
from importlib.metadata import distribution

import pytest
import yaml

import otel_sentry
import otel_sentry.testing
import otel_sentry.web
from otel_sentry.cli.main import COMMANDS
from otel_sentry.cli.page import cli_page
from otel_sentry.convert.attribute_names import DIRECTIVES, IDENTITY_NAMES
from otel_sentry.settings.declaration import declarations
from otel_sentry.settings.settings import Settings
from tests.docs.pages import DOCS, PAGES, ROOT, TEXT

API = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")


def _missing(names: list[str], text: str) -> list[str]:
    return [name for name in names if not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text)]


def test_each_public_name_is_on_the_page_of_the_api() -> None:
    """With its docstring."""
    names = [f"otel_sentry.{name}" for name in otel_sentry.__all__]
    for part in (otel_sentry.testing, otel_sentry.web):
        names += [f"{part.__name__}.{name}" for name in part.__all__]

    assert _missing(names, API) == []


def test_each_setting_is_documented() -> None:
    """Variables and keywords, in the table that is printed from them."""
    page = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    names = [name for row in declarations(Settings) for name in (*row.variables, row.name)]

    assert _missing(names, page) == []


def test_each_attribute_that_is_read_is_documented() -> None:
    """Identity and what tells the bridge how to show a span."""
    page = (DOCS / "reference" / "attributes.md").read_text(encoding="utf-8")

    assert _missing(sorted({*IDENTITY_NAMES, *DIRECTIVES}), page) == []


def test_each_entry_point_is_documented() -> None:
    """Group and name in one row."""
    page = (DOCS / "reference" / "entry-points.md").read_text(encoding="utf-8")
    ours = {(point.group, point.name) for point in distribution("otel-sentry").entry_points}
    rows = set(re.findall(r"^\| `([\w]+)` \| `([\w-]+)` \|", page, re.MULTILINE))

    assert rows == ours
    assert ours


def test_each_command_is_documented() -> None:
    """The page is what the commands say of themselves."""
    page = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")

    assert [command.name for command in COMMANDS if f"\n## otel-sentry {command.name}\n" not in page] == []


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse words its help anew in each Python version")
def test_the_page_of_the_commands_is_printed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make docs` was run after the last change of a command."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")

    assert cli_page() == (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")


def test_no_link_is_dead() -> None:
    """Every relative link leads to a file, every picture is there."""
    dead = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in PAGES
        for link in re.findall(r"\]\((?!\w+:|#|<)([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]

    assert dead == []


def test_each_page_is_in_the_navigation() -> None:
    """And each entry of the navigation is a page."""
    site = yaml.safe_load((ROOT / ".mkdocs.yml").read_text(encoding="utf-8"))
    listed = re.findall(r"'([^']+\.md)'", str(site["nav"]))
    pages = [page.relative_to(DOCS).as_posix() for page in PAGES if page.is_relative_to(DOCS)]

    assert sorted(listed) == sorted(pages)


def test_each_make_target_that_is_named_exists() -> None:
    """`make …` in code or in a block of commands is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|\$ )make ([a-z][a-z-]+)", TEXT))

    assert named
    assert named <= targets


def test_each_command_that_is_named_exists() -> None:
    """`otel-sentry …` is a command."""
    named = set(re.findall(r"(?:`|\$ )otel-sentry ([a-z][a-z-]+)", TEXT))

    assert named <= {command.name for command in COMMANDS}


def test_each_test_that_a_promise_names_exists() -> None:
    """`test_file.py::test_name` on a page is a test; `::test_name` alone is one of the file before it."""
    files = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    promised: list[tuple[str, str]] = []
    for file, name in re.findall(r"`(test_\w+\.py)?(?:::(test_\w+))?[^`]*`", TEXT):
        if file or name:
            promised.append((file or promised[-1][0], name))

    missing = [f"{file}::{name}" for file, name in promised if f"def {name}" not in files.get(file, "")]
    assert missing == []
    assert promised
