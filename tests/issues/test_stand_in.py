"""Stand-ins for exceptions that are gone: same type, plain contents, nothing kept alive."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import Any

import pytest

from otel_sentry.issues.stand_in import keep_for_hint, stand_in


class Large:
    pass


class OrderError(Exception):
    def __init__(self, order: int, *, where: object) -> None:
        super().__init__(order, where)
        self.order = order
        self.where = where
        self.items = [1, "two", (3.0, None)]
        self.details = {"kind": "late", "object": where}


class PickyError(Exception):
    def __new__(cls, first: object) -> PickyError:  # noqa: PYI034  it returns nothing at all
        raise TypeError("no second one")


def test_same_type_and_plain_contents() -> None:
    """Arguments and attributes that are plain are there; others are missing."""
    twin: Any = stand_in(OrderError(7, where=Large()))

    assert isinstance(twin, OrderError)
    assert twin.args == (7, None)
    assert (twin.order, twin.items, twin.details) == (7, [1, "two", (3.0, None)], {"kind": "late"})
    assert not hasattr(twin, "where")


@pytest.mark.parametrize(
    "exception",
    [ValueError("boom"), OSError(2, "gone", "file"), KeyError("k"), StopIteration(3), SystemExit(2), AssertionError()],
    ids=repr,
)
def test_builtins(exception: BaseException) -> None:
    """What builtin exceptions say is the same."""
    twin = stand_in(exception)

    assert (type(twin), str(twin), repr(twin)) == (type(exception), str(exception), repr(exception))


def test_error_with_arguments_of_its_own() -> None:
    """A builtin type that insists on its arguments gets them."""
    with pytest.raises(UnicodeDecodeError) as caught:
        b"\xff".decode()

    assert str(stand_in(caught.value)) == str(caught.value)


def test_type_that_refuses() -> None:
    """No constructor of the application runs, so none can refuse."""
    picky = BaseException.__new__(PickyError)
    picky.args = ("first",)
    twin = stand_in(picky)

    assert twin is not None
    assert (type(twin), twin.args) == (PickyError, ("first",))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with Python 3.11")
def test_group() -> None:
    """A group, whose members are no plain values, has none."""
    assert stand_in(ExceptionGroup("g", [ValueError()])) is None  # noqa: F821


def test_long_text_is_cut() -> None:
    """A stand-in is small whatever the exception says."""
    twin = stand_in(ValueError("m" * 5_000_000))

    assert len(str(twin)) == 1024


def test_hint_gives_the_exception_while_it_lives() -> None:
    """An exception that the application keeps is in the hint itself; after that its stand-in is."""
    exception = OrderError(7, where=None)
    hint = keep_for_hint(exception)
    alive = hint()[1] is exception
    del exception
    kind, twin, traceback = hint()

    assert alive
    assert (kind, traceback) == (OrderError, None)
    assert isinstance(twin, OrderError)


def test_hint_keeps_nothing_alive() -> None:
    """Neither the exception nor what it refers to."""
    large = Large()
    exception = OrderError(7, where=large)
    hint = keep_for_hint(exception)
    references = [weakref.ref(exception), weakref.ref(large)]
    del exception, large
    gc.collect()

    assert [reference() for reference in references] == [None, None]
    assert hint()[0] is OrderError
