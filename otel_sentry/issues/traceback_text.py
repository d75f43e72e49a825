"""Reads a traceback as CPython prints it: frames, chains, groups, notes. Pure: text in, values out.

The reverse of `traceback.format_exception`; source: CPython's Lib/traceback.py, 3.8 to 3.14. Text of other languages
gives nothing. Never raises, and takes linear time, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

CAUSE: Final = "__cause__"
CONTEXT: Final = "__context__"

_HEAD = "Traceback (most recent call last):"
_GROUP_HEAD = "Exception Group Traceback (most recent call last):"
_SEPARATORS = {
    "The above exception was the direct cause of the following exception:": CAUSE,
    "During handling of the above exception, another exception occurred:": CONTEXT,
}
_FRAME = re.compile(r'  File "(?P<file>[^"]*)", line (?P<line>\d{1,9})(?:, in (?P<function>.+))?')
_REPEATED = re.compile(r"  \[Previous line repeated (?P<times>\d{1,9}) more times?\]")
_LAST_LINE = re.compile(r"(?P<type>[^\W\d][\w.]*(?:<locals>[\w.]*)*)(?:: (?P<value>.*))?$", re.DOTALL)
_MEMBER = re.compile(r"(?P<indent> *)(?P<first>\+-)?\+-{8,} (?:\d+|\.\.\.) -{8,}")
_END_OF_MEMBERS = re.compile(r" *\+-{30,}")
_MARGIN = re.compile(r"(?P<indent> *)[|+](?: (?P<text>.*))?", re.DOTALL)
_CARETS = re.compile(r"[ ~^]+")
_MOST_FRAMES = 2000
_MOST_LINES = 100_000
_DEEPEST = 32
"""Groups in groups; CPython prints ten."""


@dataclass(frozen=True, slots=True)
class TextFrame:
    """One frame: caller first in a list of them.

    Attributes:
        file: path as it was compiled.
        line: 1-based.
        function: None where the text names none.
        source: the source line without indentation, None if it was not printed.
    """

    file: str
    line: int
    function: str | None
    source: str | None = None


@dataclass(slots=True)
class TextException:
    """One exception of a chain or group.

    Attributes:
        type: as printed: module-qualified, but for builtins and `__main__`.
        value: message, further lines of it and notes included.
        frames: caller first.
        origin: what it is to the exception it led to: `CAUSE` or `CONTEXT`; None for the last of a chain.
        cause: the exception printed before it, if it was chained.
        members: of a group.
    """

    type: str = ""
    value: str = ""
    frames: list[TextFrame] = field(default_factory=list)
    origin: str | None = None
    cause: TextException | None = None
    members: list[TextException] = field(default_factory=list)


class _Line(NamedTuple):
    depth: int
    text: str
    opens_member: bool = False


def parse_traceback(text: str) -> TextException | None:
    """Read a traceback.

    Returns:
        The exception that was raised last, with its chain and members; None if `text` is no traceback of CPython.
    """
    if _HEAD not in text:
        return None
    lines = list(_unmargined(text.splitlines()[:_MOST_LINES]))
    first = next((index for index, line in enumerate(lines) if line.text.endswith(_HEAD)), 0)
    return _Reader(lines[first:]).chain(0)


def _unmargined(lines: list[str]) -> Iterator[_Line]:
    """The lines with the margins of exception groups turned into a depth."""
    depth = 0
    for line in lines:
        member = _MEMBER.fullmatch(line) if depth else None
        if member is not None:
            depth = len(member["indent"]) // 2 + (1 if member["first"] else 0)
            yield _Line(depth, "", opens_member=True)
            continue
        if depth and _END_OF_MEMBERS.fullmatch(line):
            continue
        margin = _MARGIN.fullmatch(line) if depth or _GROUP_HEAD in line else None
        if margin is not None:
            depth = len(margin["indent"]) // 2
            yield _Line(depth, margin["text"] or "")
        else:
            depth = 0
            yield _Line(0, line)


class _Reader:
    def __init__(self, lines: list[_Line]) -> None:
        self._lines = lines
        self._at = 0

    def chain(self, depth: int) -> TextException | None:
        """Sections joined by the two standard sentences; the last one is what was raised last.

        A group that stands in a chain without margin (depth 0) is itself printed with a margin of one.
        """
        latest: TextException | None = None
        while True:
            found = self._section(max(depth, 1) if self._at_group() else depth)
            if found is None:
                return latest
            found.cause = latest
            latest = found
            if not self._at_separator(depth):
                return latest
            latest.origin = _SEPARATORS[self._lines[self._at + 1].text]
            self._at += 3

    def _at_group(self) -> bool:
        return self._at < len(self._lines) and self._lines[self._at].text == _GROUP_HEAD

    def _section(self, depth: int) -> TextException | None:
        while (line := self._peek(depth)) is not None and not line.text.strip():
            self._at += 1
        if line is None:
            return None
        found = TextException()
        if line.text in (_HEAD, _GROUP_HEAD):
            self._at += 1
            found.frames = self._frames(depth)
        self._skip_syntax_location(depth)
        self._last_lines(found, depth)
        while self._at < len(self._lines) and self._lines[self._at].opens_member:
            if not depth < self._lines[self._at].depth <= _DEEPEST:
                break
            member_depth = self._lines[self._at].depth
            self._at += 1
            member = self.chain(member_depth)
            if member is not None:
                found.members.append(member)
        return found if found.type or found.frames else None

    def _frames(self, depth: int) -> list[TextFrame]:
        frames: list[TextFrame] = []
        while (line := self._peek(depth)) is not None:
            if (frame := _FRAME.fullmatch(line.text)) is not None and frame["function"] is not None:
                self._at += 1
                frames.append(TextFrame(frame["file"], int(frame["line"]), frame["function"], self._source(depth)))
            elif (repeated := _REPEATED.fullmatch(line.text)) is not None and frames:
                self._at += 1
                frames.extend([frames[-1]] * min(int(repeated["times"]), _MOST_FRAMES - len(frames)))
            else:
                break
        return frames

    def _source(self, depth: int) -> str | None:
        """The first line below a frame; carets, further lines and printed locals are passed over."""
        source = None
        while (line := self._peek(depth)) is not None and line.text.startswith("    "):
            if source is None and not _CARETS.fullmatch(line.text):
                source = line.text.strip()
            self._at += 1
        return source

    def _skip_syntax_location(self, depth: int) -> None:
        """A SyntaxError prints where it found the fault, in the shape of a frame without function."""
        line = self._peek(depth)
        if line is not None and _FRAME.fullmatch(line.text) is not None:
            self._at += 1
            self._source(depth)

    def _last_lines(self, found: TextException, depth: int) -> None:
        """`Type: message`, with all that follows up to the next section, member or end."""
        lines = []
        while (line := self._peek(depth)) is not None and not self._at_separator(depth):
            lines.append(line.text)
            self._at += 1
        last = _LAST_LINE.match("\n".join(lines).strip("\n"))
        if last is not None:
            found.type, found.value = last["type"], last["value"] or ""

    def _at_separator(self, depth: int) -> bool:
        """At an empty line, a standard sentence, an empty line, and the head of another section."""
        following = self._lines[self._at : self._at + 4]
        return (
            len(following) == 4
            and following[0].text == following[2].text == ""
            and following[1].text in _SEPARATORS
            and all(line.depth == depth and not line.opens_member for line in following[:3])
        )

    def _peek(self, depth: int) -> _Line | None:
        if self._at >= len(self._lines):
            return None
        line = self._lines[self._at]
        return line if line.depth == depth and not line.opens_member else None
