"""Exceptions known as text: frames, source, modules; comparison with what is known live."""

from __future__ import annotations

import json
import sysconfig
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from otel_sentry.issues.issue_payloads import raise_of
from otel_sentry.issues.live_exception import entries
from otel_sentry.issues.sdk import SentrySdk
from otel_sentry.issues.text_event import ToldException

if TYPE_CHECKING:
    from pathlib import Path

    from tests.issues.lab import Lab

MECHANISM = {"type": "auto.otel.record_exception", "handled": True}


@pytest.fixture
def sdk(lab: Lab) -> SentrySdk:
    """sentry-sdk with a client that sends."""
    return SentrySdk(lambda: lab.client)


def told(stacktrace: str, kind: str = "ValueError", message: str = "boom") -> ToldException:
    return ToldException({"exception.type": kind, "exception.message": message, "exception.stacktrace": stacktrace})


def attributes_of(error: BaseException) -> dict[str, Any]:
    """As OpenTelemetry records it."""
    kind = type(error)
    return {
        "exception.type": kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}",
        "exception.message": str(error),
        "exception.stacktrace": "".join(traceback.format_exception(error)),
    }


class OwnError(Exception):
    pass


def fail(kind: type[Exception] = ValueError) -> None:
    raise kind("boom")


def caught(kind: type[Exception] = ValueError) -> Exception:
    try:
        fail(kind)
    except kind as error:
        return error
    raise AssertionError


def test_frames_are_as_sentry_sdk_builds_them(sdk: SentrySdk) -> None:
    """Path, module, function, line and source of a frame are those of the live exception; locals are missing."""
    error = caught()
    live = sdk.exceptions(error, entries(error.__traceback__), {})[-1]["stacktrace"]["frames"]
    text = ToldException(attributes_of(error)).values(sdk, MECHANISM)[-1]["stacktrace"]["frames"]
    without_locals = [{key: value for key, value in frame.items() if key != "vars"} for frame in live]

    assert json.loads(json.dumps(text)) == json.loads(json.dumps(without_locals))


def test_type_and_module() -> None:
    """The type stands without its module, nested classes with their outer ones."""
    names = {
        "ValueError": ("ValueError", None),
        "shop.pay.Refused": ("Refused", "shop.pay"),
        "shop.pay.Order.Refused": ("Order.Refused", "shop.pay"),
        "shop.pay.buy.<locals>.Refused": ("buy.<locals>.Refused", "shop.pay"),
        "shop.pay.refused": ("refused", "shop.pay"),
    }
    found = {}
    for name in names:
        (value,) = told("", kind=name).values(SentrySdk(), MECHANISM)
        found[name] = (value["type"], value["module"])

    assert found == names


def test_chain_and_group_ids(sdk: SentrySdk) -> None:
    """The last exception has id 0, each other one says which it led to and how; oldest first."""
    error: Exception | None = None
    try:
        try:
            fail()
        except ValueError as cause:
            raise KeyError("k") from cause
    except KeyError as found:
        error = found
    assert error is not None
    values = ToldException(attributes_of(error)).values(sdk, MECHANISM)

    assert [(value["type"], value["mechanism"]) for value in values] == [
        (
            "ValueError",
            {**MECHANISM, "type": "chained", "exception_id": 1, "parent_id": 0, "source": "__cause__"},
        ),
        ("KeyError", {**MECHANISM, "exception_id": 0}),
    ]


def test_source_of_a_readable_file(sdk: SentrySdk, tmp_path: Path) -> None:
    """Lines around the frame come from the file, if it still has the line that ran."""
    file = tmp_path / "shop.py"
    file.write_text("# one\n# two\ncharge()\n# four\n", encoding="utf-8")
    text = f'Traceback (most recent call last):\n  File "{file}", line 3, in buy\n    {{}}\nValueError: boom\n'
    (same,) = told(text.format("charge()")).values(sdk, MECHANISM)
    (other,) = told(text.format("refund()")).values(sdk, MECHANISM)
    frame, changed = same["stacktrace"]["frames"][0], other["stacktrace"]["frames"][0]

    assert (frame["pre_context"], frame["context_line"], frame["post_context"]) == (
        ["# one", "# two"],
        "charge()",
        ["# four"],
    )
    assert (changed.get("pre_context"), changed["context_line"]) == (None, "refund()")


def test_other_files_are_not_read(sdk: SentrySdk, tmp_path: Path) -> None:
    """A path in a text may be anybody's: only Python source is shown."""
    file = tmp_path / "passwords.txt"
    file.write_text("secret\n", encoding="utf-8")
    (value,) = told(f'Traceback (most recent call last):\n  File "{file}", line 1, in buy\nValueError: boom\n').values(
        sdk, MECHANISM
    )

    assert "secret" not in json.dumps(value)


@pytest.mark.parametrize(
    ("file", "in_app"),
    [
        (f"{sysconfig.get_path('stdlib')}/json/decoder.py", False),
        ("/venv/lib/python3.12/site-packages/httpx/_client.py", False),
        ("/usr/lib/python3/dist-packages/apt.py", False),
        ("/app/shop.py", None),
    ],
)
def test_in_app(sdk: SentrySdk, file: str, in_app: bool | None) -> None:
    """Libraries are not the application; the rest is the client's to decide, by its options."""
    (value,) = told(f'Traceback (most recent call last):\n  File "{file}", line 1, in work\nValueError: boom\n').values(
        sdk, MECHANISM
    )

    assert value["stacktrace"]["frames"][0].get("in_app") is in_app


@pytest.mark.parametrize("stacktrace", ["", "java.lang.Error\n\tat shop.Pay.charge(Pay.java:7)"], ids=["none", "Java"])
def test_text_of_other_languages(stacktrace: str) -> None:
    """It stays readable in the message, and the exception is marked as having no frames."""
    (value,) = told(stacktrace).values(SentrySdk(), MECHANISM)

    assert value["value"] == "\n".join(filter(None, ["boom", stacktrace]))
    assert value["mechanism"]["synthetic"]
    assert "stacktrace" not in value


def test_nothing_is_known() -> None:
    """An event without any attribute is an exception all the same."""
    (value,) = ToldException({}).values(SentrySdk(), MECHANISM)

    assert (value["type"], value["value"]) == ("Exception", "")


def test_cut_traceback() -> None:
    """A limit that has cut the traceback before its end takes neither type nor message away."""
    error = caught(OwnError)
    attributes = attributes_of(error)
    attributes["exception.stacktrace"] = attributes["exception.stacktrace"][:-10]
    (value,) = ToldException(attributes).values(SentrySdk(), MECHANISM)

    assert (value["type"], value["value"]) == ("OwnError", "boom")


def test_huge_traceback(sdk: SentrySdk) -> None:
    """Of megabytes of text, the head and the tail are read."""
    text = "".join(f'  File "/app/shop.py", line {n}, in f{n}\n    code\n' for n in range(100_000))
    (value,) = told(f"Traceback (most recent call last):\n{text}ValueError: boom\n").values(sdk, MECHANISM)
    functions = [frame["function"] for frame in value["stacktrace"]["frames"]]

    assert len(functions) == 100
    assert functions[0] == "f0"


@pytest.mark.parametrize("kind", [ValueError, OwnError])
def test_text_tells_of_its_own_exception(kind: type[Exception]) -> None:
    """The text of an exception agrees with it, also with frames added to it later on."""
    error = caught(kind)
    text = ToldException(attributes_of(error))

    assert text.raised.tells_of(raise_of(error))


@pytest.mark.parametrize(
    "other",
    [caught(OwnError), ValueError("boom"), ValueError("bang")],
    ids=["other type", "never raised", "other message"],
)
def test_text_tells_of_no_other(other: Exception) -> None:
    """It does not agree with another type or message; an exception that was never raised has no lines to differ in."""
    text = ToldException(attributes_of(caught()))

    assert text.raised.tells_of(raise_of(other)) is (str(other) == "boom" and type(other) is ValueError)


def test_reached_a_library() -> None:
    """A traceback that begins in a library went through the application."""
    library = f'  File "{sysconfig.get_path("stdlib")}/threading.py", line 1, in run\n    run()\n'
    own = '  File "/app/shop.py", line 1, in buy\n    buy()\n'
    head = "Traceback (most recent call last):\n"

    assert told(f"{head}{library}{own}ValueError: boom").reached_a_library
    assert not told(f"{head}{own}{library}ValueError: boom").reached_a_library
    assert not told("").reached_a_library
