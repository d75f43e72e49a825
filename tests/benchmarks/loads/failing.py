"""Requests that die of an exception."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.benchmarks.loads.application import Application, timed, visit
from tests.benchmarks.loads.web_request import VARIANTS, WEB_REQUEST, SpanShape

if TYPE_CHECKING:
    from tests.benchmarks.dialects import Dialect

CALL_DEPTH: Final = 6
"""Half the frames between the framework and the code that fails, so that tracebacks are as long as real ones."""


class TemplateError(Exception):
    """The last step of the failing request could not render its page."""


def _render(page: str, depth: int) -> None:
    if depth == 0:
        message = f"no template for {page}"
        raise TemplateError(message)
    _include(page, depth - 1)


def _include(page: str, depth: int) -> None:
    part = f"{page}/{depth}"
    _render(part, depth)


def _visit_and_fail(dialect: Dialect, shape: SpanShape, variant: int) -> None:
    with dialect.span(shape, variant):
        for child in shape.children:
            visit(dialect, child, variant)
        _render(f"portfolio-{variant}", CALL_DEPTH)


def _serve_and_fail(dialect: Dialect, number: int) -> None:
    variant = number % VARIANTS
    *steps, last = WEB_REQUEST.children
    with dialect.root(WEB_REQUEST, variant):
        try:
            for child in steps:
                visit(dialect, child, variant)
            _visit_and_fail(dialect, last, variant)
        except TemplateError as error:
            dialect.caught(error)
            raise


def failing(dialect: Dialect, requests: int) -> Application:
    """Serve requests that die of an exception in their last step; it leaves two spans before the framework sees it."""

    def serve_one(number: int) -> None:
        try:
            _serve_and_fail(dialect, number)
        except TemplateError:
            return

    return timed(Application(), requests, serve_one)
