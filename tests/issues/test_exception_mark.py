"""Marks on exceptions, and who belongs to an exception's family."""

from __future__ import annotations

import copy
import pickle
import sys
import threading

import pytest

from otel_sentry.issues.exception_mark import Kin, Mark, claim, disown, family, mark_of, members_of, overwrite

TOKEN = "a" * 32
OTHER = "b" * 32


class SlotsError(Exception):
    __slots__ = ("code",)


class HiddenDictError(Exception):
    @property
    def __dict__(self) -> dict[str, object]:  # type: ignore[override]
        raise RuntimeError("hidden")


class FrozenError(Exception):
    def __setattr__(self, name: str, value: object) -> None:
        raise TypeError("frozen")


class EvasiveError(Exception):
    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


ODD = [
    SlotsError(),
    HiddenDictError(),
    FrozenError(),
    EvasiveError(),
    MemoryError(),
    OSError(2, "gone"),
    StopIteration(),
]


@pytest.mark.parametrize("exception", ODD, ids=lambda exception: type(exception).__name__)
def test_any_exception_can_be_marked(exception: BaseException) -> None:
    """Slots, hidden dictionaries and frozen instances do not matter."""
    assert mark_of(exception) is None
    assert claim(exception, Mark(TOKEN, Kin.WRAPPED)) == Mark(TOKEN, Kin.WRAPPED)
    assert mark_of(exception) == Mark(TOKEN, Kin.WRAPPED)


def test_first_mark_stands() -> None:
    """A second claim gets the first one's mark; overwriting replaces it."""
    exception = ValueError()
    claim(exception, Mark(TOKEN))

    assert claim(exception, Mark(OTHER)) == Mark(TOKEN)
    overwrite(exception, Mark(OTHER, Kin.BYSTANDER))
    assert mark_of(exception) == Mark(OTHER, Kin.BYSTANDER)


def test_one_of_many_threads_wins() -> None:
    """However many threads claim an exception, all of them are told the same token."""
    exception = ValueError()
    told: list[str] = []
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        barrier.wait()
        told.append(claim(exception, Mark(f"{number:032x}")).token)

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(told)) == 1


@pytest.mark.parametrize(
    "travel",
    [copy.copy, lambda exception: pickle.loads(pickle.dumps(exception))],  # noqa: S301  what a process pool does
    ids=["copy", "pickle"],
)
def test_mark_travels(travel: object) -> None:
    """A copy of an exception, and one that came from another process, are the same exception."""
    exception = ValueError("boom")
    claim(exception, Mark(TOKEN))

    assert mark_of(travel(exception)) == Mark(TOKEN)  # type: ignore[operator]


def test_foreign_value_under_our_name() -> None:
    """Something else under the name of our mark is no mark."""
    exception = ValueError()
    exception._otel_sentry_issue = 7  # type: ignore[attr-defined]

    assert mark_of(exception) is None


def chained() -> BaseException:
    """KeyError from ValueError, raised while OSError was being handled."""
    try:
        raise OSError("handled")
    except OSError:
        try:
            raise ValueError("cause")
        except ValueError as cause:
            try:
                raise KeyError("top") from cause
            except KeyError as top:
                return top


def test_family_of_a_chain() -> None:
    """A cause is the same mishap; what was being handled stood by, and so does all that hangs on it."""
    assert [(type(one), kin) for one, kin in family(chained())] == [
        (ValueError, Kin.WRAPPED),
        (OSError, Kin.BYSTANDER),
    ]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with Python 3.11")
def test_family_of_a_group() -> None:
    """Members are the same mishap, at every depth."""
    inner = ExceptionGroup("inner", [ValueError(1)])  # noqa: F821
    group = ExceptionGroup("outer", [TypeError(2), inner])  # noqa: F821

    assert members_of(group) == [group.exceptions[0], inner]
    assert [type(one) for one, _ in family(group)] == [TypeError, type(inner), ValueError]


def test_family_with_cycles() -> None:
    """Each exception comes once, however the references run."""
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first

    assert [one for one, _ in family(first)] == [second]


def test_large_family() -> None:
    """No more than 200 are looked at."""
    newest: BaseException = ValueError()
    for _ in range(1000):
        older, newest = newest, ValueError()
        newest.__cause__ = older

    assert len(list(family(newest))) == 200


@pytest.mark.parametrize("members", [[ValueError()], (1, "two"), None, "text"], ids=["list", "others", "none", "text"])
def test_members_of_something_else(members: object) -> None:
    """An attribute `exceptions` that is no tuple of exceptions makes no group."""
    exception = ValueError()
    exception.exceptions = members  # type: ignore[attr-defined]

    assert members_of(exception) == []


def test_members_of_an_evasive_exception() -> None:
    """An exception that raises when it is asked has none."""
    assert members_of(EvasiveError()) == []


def test_disown() -> None:
    """Marks of one incident go, from the whole family; those of others stay."""
    cause, error = ValueError("cause"), KeyError("k")
    error.__cause__ = cause
    claim(cause, Mark(OTHER))
    claim(error, Mark(TOKEN))
    disown(error, TOKEN)

    assert mark_of(error) is None
    assert mark_of(cause) == Mark(OTHER)
