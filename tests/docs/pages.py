"""The pages of the documentation, and what is in them. Rule: reads files, judges nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

_BLOCK = re.compile(r"<!-- test: ([^\n]*) -->\n```(\w+)[^\n]*\n(.*?)```", re.DOTALL)


class Block(NamedTuple):
    """A block of code that a test does something with.

    Attributes:
        page: where it stands, from the root.
        what: what the comment above it says behind `test:`.
        language: of the block.
        text: its lines.
    """

    page: str
    what: str
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """What is typed behind `$ `, lines that go on joined."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line[2:] for line in lines if line.startswith("$ ")]


def blocks(page: Path) -> list[Block]:
    """The blocks of a page that tests use, in their order."""
    name = page.relative_to(ROOT).as_posix()
    return [Block(name, *found) for found in _BLOCK.findall(page.read_text(encoding="utf-8"))]
