"""Methods of other libraries, replaced and given back."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType
from typing import Any

import pytest

from otel_sentry.instrumentation.patches import Patch, Patches, Step


class Library:
    def double(self, number: int) -> int:
        """Twice."""
        return 2 * number

    async def double_later(self, number: int) -> int:
        return 2 * number


class Inheriting(Library):
    pass


@pytest.fixture(name="module")
def _module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("a_library")
    module.Library, module.Inheriting = Library, Inheriting  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_library", module)
    return module


def test_both_kinds_of_methods(module: ModuleType) -> None:
    """Around a call, whether it is awaited or not; then the very objects are back."""
    before, seen, patches = dict(vars(Library)), [], Patches()

    def step(library: Any, number: int) -> Step:
        return Step(returned=lambda result: seen.append((number, result)))

    patches.apply([Patch("a_library", "Library", name, step) for name in ("double", "double_later")])
    results = [Library().double(1), asyncio.run(Library().double_later(2))]
    documentation = Library.double.__doc__
    patches.undo()

    assert (results, seen, documentation) == ([2, 4], [(1, 2), (2, 4)], "Twice.")
    assert [name for name, value in before.items() if vars(Library)[name] is not value] == []


def test_again_after_undoing(module: ModuleType) -> None:
    """What was given back can be replaced again."""
    seen: list[int] = []
    patches = Patches()

    def step(_: Any, number: int) -> None:
        seen.append(number)

    for _ in range(2):
        patches.apply([Patch("a_library", "Library", "double", step)])
        Library().double(1)
        patches.undo()
    Library().double(2)

    assert seen == [1, 1]


def test_somebody_elses_patch_stays(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours lies beneath it then, and does nothing any more."""
    seen: list[int] = []
    patches = Patches()
    original = Library.double
    patches.apply([Patch("a_library", "Library", "double", lambda _, number: seen.append(number))])
    ours = Library.double
    monkeypatch.setattr(Library, "double", lambda self, number: ours(self, number) + 1)
    patches.undo()
    result = Library().double(1)
    monkeypatch.setattr(Library, "double", original)

    assert (result, seen) == (3, [])


@pytest.mark.parametrize("missing", [("a_library", "Nobody", "double"), ("a_library", "Inheriting", "double")])
def test_what_is_not_there_is_left_alone(module: ModuleType, missing: tuple[str, str, str]) -> None:
    """Another version of a library, or a class that inherits the method."""
    patches = Patches()
    patches.apply([Patch(*missing, lambda *_: None)])

    assert "double" not in vars(Inheriting)
    patches.undo()


def test_a_step_that_fails_is_none(module: ModuleType) -> None:
    """The application's call goes on."""
    patches = Patches()
    patches.apply([Patch("a_library", "Library", "double", lambda: None)])  # type: ignore[misc, arg-type]
    result = Library().double(2)
    patches.undo()

    assert result == 4


def test_a_class_that_cannot_be_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written in C, say: one debug line."""
    module = ModuleType("a_c_library")
    module.Integer = int  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_c_library", module)
    patches = Patches()
    patches.apply([Patch("a_c_library", "Integer", "bit_length", lambda *_: None)])
    patches.undo()

    assert (7).bit_length() == 3
