"""Expected control flow is no issue."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import fastapi
import pytest
import starlette.exceptions
import werkzeug.exceptions
from django.core.exceptions import PermissionDenied
from django.http import Http404

from otel_sentry.issues.expected import Expected, qualified_name


class OwnNotFoundError(starlette.exceptions.HTTPException):
    def __init__(self) -> None:
        super().__init__(404)


class EvasiveHttpError(werkzeug.exceptions.HTTPException):
    @property
    def code(self) -> int:  # type: ignore[override]
        raise RuntimeError("no code")


CASES: list[tuple[BaseException, bool]] = [
    (GeneratorExit(), True),
    (StopIteration(), True),
    (StopAsyncIteration(), True),
    (asyncio.CancelledError(), True),
    (KeyboardInterrupt(), True),
    (SystemExit(0), True),
    (SystemExit(), True),
    (SystemExit(1), False),
    (SystemExit("text"), False),
    (starlette.exceptions.HTTPException(404), True),
    (starlette.exceptions.HTTPException(503), False),
    (fastapi.HTTPException(422), True),
    (OwnNotFoundError(), True),
    (werkzeug.exceptions.NotFound(), True),
    (werkzeug.exceptions.BadGateway(), False),
    (EvasiveHttpError(), False),
    (Http404("no"), True),
    (PermissionDenied(), True),
    (ValueError("404"), False),
]


@pytest.mark.parametrize(
    ("exception", "expected"),
    CASES,
    ids=[f"{type(exception).__name__}{number}" for number, (exception, _) in enumerate(CASES)],
)
def test_live(exception: BaseException, expected: bool) -> None:
    """Control flow and HTTP answers below 500 are expected, by any base class."""
    assert Expected().is_expected(exception) is expected


TEXTS = [
    ("starlette.exceptions.HTTPException", "404: Not Found", True),
    ("starlette.exceptions.HTTPException", "503: Service Unavailable", False),
    ("starlette.exceptions.HTTPException", "", False),
    ("django.http.response.Http404", "no such order", True),
    ("werkzeug.exceptions.HTTPException", "404 Not Found: gone", True),
    ("werkzeug.exceptions.NotFound", "the page is gone", True),
    ("werkzeug.exceptions.BadGateway", "502 Bad Gateway", False),
    ("tests.issues.test_expected.OwnNotFoundError", "404: Not Found", True),
    ("tests.issues.test_expected.Unknown", "404: Not Found", False),
    ("tornado.web.HTTPError", "HTTP 404: Not Found", True),
    ("SystemExit", "0", True),
    ("SystemExit", "2", False),
    ("ValueError", "404", False),
]


@pytest.mark.parametrize(("kind", "message", "expected"), TEXTS)
def test_text(kind: str, message: str, expected: bool) -> None:
    """The same of what is known by type and message only."""
    assert Expected().is_expected_text(kind, message) is expected


@pytest.mark.parametrize("name", [LookupError, "LookupError"], ids=["class", "name"])
def test_more(name: Any) -> None:
    """The list can be extended, by class or name; subclasses count."""
    expected = Expected([name])

    assert expected.is_expected(KeyError("k"))
    assert expected.is_expected_text("LookupError", "")
    assert not expected.is_expected(ValueError())


def test_qualified_name() -> None:
    """Builtins stand without their module, as OpenTelemetry writes them."""
    assert qualified_name(ValueError) == "ValueError"
    assert qualified_name(Expected) == "otel_sentry.issues.expected.Expected"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with Python 3.11")
class TestGroups:
    """A group is expected if all that is in it is."""

    def test_all_expected(self) -> None:
        """Two cancelled tasks."""
        group = BaseExceptionGroup("g", [asyncio.CancelledError(), GeneratorExit()])  # noqa: F821

        assert Expected().is_expected(group)

    def test_one_is_not(self) -> None:
        """One failure beside a cancelled task."""
        group = BaseExceptionGroup("g", [asyncio.CancelledError(), ValueError()])  # noqa: F821

        assert not Expected().is_expected(group)

    def test_deeply_nested(self) -> None:
        """Depth does not matter; what is too large to look through is an issue."""
        group: BaseException = GeneratorExit()
        for _ in range(900):
            group = BaseExceptionGroup("g", [group])  # noqa: F821
        large = BaseExceptionGroup("g", [GeneratorExit() for _ in range(2000)])  # noqa: F821

        assert Expected().is_expected(group)
        assert not Expected().is_expected(large)
