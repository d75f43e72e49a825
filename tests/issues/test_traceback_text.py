"""The reverse of `traceback.format_exception`, against what Python really prints."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_sentry.issues.traceback_text import CAUSE, CONTEXT, TextException, parse_traceback

if TYPE_CHECKING:
    from collections.abc import Callable

has_groups = sys.version_info >= (3, 11)


class OwnError(Exception):
    pass


def fail() -> None:
    raise ValueError("several\nlines")


def with_cause() -> None:
    try:
        fail()
    except ValueError as error:
        raise KeyError("k") from error


def with_context() -> None:
    try:
        with_cause()
    except KeyError:
        raise OwnError  # noqa: B904  the context is the point


def with_notes() -> None:
    error = ValueError("noted")
    if has_groups:
        error.add_note("a note\nof two lines")  # type: ignore[attr-defined,unused-ignore]
    raise error


def members() -> list[Exception]:
    """New ones with each call: Python prints no exception twice."""
    made = []
    for work in (fail, with_cause, with_context):
        try:
            work()
        except Exception as error:  # noqa: BLE001  all of them
            made.append(error)
    return made


def group() -> None:
    inner = ExceptionGroup("inner", members())  # noqa: F821
    raise ExceptionGroup("outer", [*members(), inner])  # noqa: F821


def after_group() -> None:
    try:
        group()
    except ExceptionGroup as error:  # noqa: F821
        raise RuntimeError("after") from error


def group_after() -> None:
    made = ExceptionGroup("outer", members())  # noqa: F821
    try:
        fail()
    except ValueError:
        raise made  # noqa: B904  the context is the point


def syntax() -> None:
    compile("a b", "made_up.py", "exec")


def recursive() -> None:
    recursive()


def local_class() -> None:
    class InnerError(Exception):
        pass

    raise InnerError("type: looks like one")


def text_of(work: Callable[[], None]) -> tuple[BaseException, str]:
    """An exception, and how Python prints it."""
    try:
        work()
    except Exception as error:  # noqa: BLE001  all of them
        return error, "".join(traceback.format_exception(error))
    raise AssertionError


def summary(found: TextException) -> Any:
    """An exception with what led to it and what is in it."""
    return (
        found.type.rpartition(".")[2],
        found.value,
        found.cause and (found.cause.origin, summary(found.cause)),
        [summary(member) for member in found.members],
    )


def expected(error: BaseException) -> Any:
    """The same of a live exception."""
    origin, older = None, None
    if error.__cause__ is not None:
        origin, older = CAUSE, error.__cause__
    elif error.__context__ is not None and not error.__suppress_context__:
        origin, older = CONTEXT, error.__context__
    notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
    return (
        type(error).__name__,
        (error.msg if isinstance(error, SyntaxError) else str(error)) + notes,
        older and (origin, expected(older)),
        [expected(member) for member in getattr(error, "exceptions", ())],
    )


WORK = [fail, with_cause, with_context, with_notes, syntax, local_class]
GROUPS = [group, after_group, group_after] if has_groups else []


@pytest.mark.parametrize("work", [*WORK, *GROUPS], ids=lambda work: work.__name__)
def test_structure(work: Callable[[], None]) -> None:
    """Types, messages, notes, chain and members are those of the exception."""
    error, text = text_of(work)
    found = parse_traceback(text)

    assert found is not None
    assert summary(found) == expected(error)


@pytest.mark.parametrize("work", [*WORK, *GROUPS], ids=lambda work: work.__name__)
def test_frames(work: Callable[[], None]) -> None:
    """File, line, function and source line of every frame of the last exception."""
    error, text = text_of(work)
    found = parse_traceback(text)

    assert found is not None
    assert [(frame.file, frame.line, frame.function, frame.source) for frame in found.frames] == [
        (entry.filename, entry.lineno, entry.name, entry.line) for entry in traceback.extract_tb(error.__traceback__)
    ]


def test_recursion() -> None:
    """What Python folds is unfolded again."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)  # other tests' libraries raise it
    try:
        error, text = text_of(recursive)
    finally:
        sys.setrecursionlimit(usual)
    found = parse_traceback(text)

    assert found is not None
    assert len(found.frames) == len(traceback.extract_tb(error.__traceback__))
    assert {frame.function for frame in found.frames[1:]} == {"recursive"}


PRINTED_BY_PYTHON_3_13 = """\
Traceback (most recent call last):
  File "/app/shop.py", line 10, in buy
    charge(
    ~~~~~~^
        amount,
        ^^^^^^^
    )
    ^
  File "/app/pay.py", line 3, in charge
    raise Refused(f"{amount}")
    ^^^^^^^^^^^^^^^^^^^^^^^^^^
pay.Refused: 7
"""
PRINTED_WITHOUT_SOURCE = """\
Traceback (most recent call last):
  File "<string>", line 1, in <module>
  File "/app/gone.pyc", line 3, in charge
pay.Refused
"""
PRINTED_WITH_LOCALS = """\
Traceback (most recent call last):
  File "/app/pay.py", line 3, in charge
    raise Refused
    amount = 7
    self = <Pay>
pay.Refused
"""


@pytest.mark.parametrize(
    ("text", "frames", "last"),
    [
        pytest.param(
            PRINTED_BY_PYTHON_3_13,
            [("buy", "charge("), ("charge", 'raise Refused(f"{amount}")')],
            ("pay.Refused", "7"),
            id="several source lines and carets",
        ),
        pytest.param(
            PRINTED_WITHOUT_SOURCE, [("<module>", None), ("charge", None)], ("pay.Refused", ""), id="no source"
        ),
        pytest.param(PRINTED_WITH_LOCALS, [("charge", "raise Refused")], ("pay.Refused", ""), id="locals"),
        pytest.param(
            f"logged:\n{PRINTED_WITH_LOCALS}", [("charge", "raise Refused")], ("pay.Refused", ""), id="prefix"
        ),
    ],
)
def test_other_prints(text: str, frames: list[tuple[str, str | None]], last: tuple[str, str]) -> None:
    """What other versions and settings print."""
    found = parse_traceback(text)

    assert found is not None
    assert [(frame.function, frame.source) for frame in found.frames] == frames
    assert (found.type, found.value) == last


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ValueError: boom",
        "java.lang.NullPointerException\n\tat shop.Pay.charge(Pay.java:7)",
        "goroutine 1 [running]:\nmain.main()",
        "Error: boom\n    at charge (/app/pay.js:3:9)",
    ],
    ids=["nothing", "only a message", "Java", "Go", "JavaScript"],
)
def test_no_traceback_of_python(text: str) -> None:
    """Other text is no traceback."""
    assert parse_traceback(text) is None


def test_message_that_pretends_to_be_a_chain() -> None:
    """A standard sentence inside a message ends it only when a section follows; nothing is lost."""
    sentence = "\n\nThe above exception was the direct cause of the following exception:\n\nnot a traceback"
    error = ValueError(f"said{sentence}")
    found = parse_traceback("".join(traceback.format_exception(ValueError, error, None)) or "")

    assert found is None or found.type == "ValueError"


LINES = st.sampled_from(
    [
        "Traceback (most recent call last):",
        "  + Exception Group Traceback (most recent call last):",
        '  File "x.py", line 1, in f',
        '  |   File "x.py", line 99999999999, in f',
        "    code",
        "  [Previous line repeated 999999999 more times]",
        "  +-+---------------- 1 ----------------",
        "    +---------------- 2 ----------------",
        f"{' ' * 400}+---------------- 3 ----------------",
        "    +------------------------------------",
        "    | ValueError: 1",
        "",
        "During handling of the above exception, another exception occurred:",
        "ValueError: boom",
        "… \ud800 |",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(LINES, max_size=60))
def test_never_raises(lines: list[str]) -> None:
    """Any text gives an exception or nothing, and never more frames than are kept."""
    found = parse_traceback("\n".join(lines))

    assert found is None or len(found.frames) <= 2000 + len(lines)


def test_groups_deeper_than_python_prints() -> None:
    """Made-up nesting does not exhaust the stack."""
    lines = ["  + Exception Group Traceback (most recent call last):", "  | ExceptionGroup: g"]
    for depth in range(1, 1200):
        lines += [f"{'  ' * depth}+-+---------------- 1 ----------------", f"{'  ' * (depth + 1)}| ValueError: {depth}"]

    assert parse_traceback("\n".join(lines)) is not None
