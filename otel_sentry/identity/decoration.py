"""A block of code around functions of every kind: plain, coroutine, generator, asynchronous generator.

Each step of a generator runs in a context of its own, so that the block's span is current inside the generator and
never in whoever consumes it.
"""

from __future__ import annotations

import contextvars
import inspect
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

if TYPE_CHECKING:
    from typing_extensions import Self

Function = TypeVar("Function", bound=Callable[..., Any])
NewBlock = Callable[[], AbstractContextManager[Any]]
"""Makes the block of one call."""


def decorated(function: Function, new_block: NewBlock) -> Function:
    """`function` with each of its calls inside a block of its own; of generators, from first step to last."""
    wrap = next(wrap for is_kind, wrap in _WRAPPERS if is_kind(function))
    return cast("Function", wraps(function)(wrap(function, new_block)))


def _plain(function: Callable[..., Any], new_block: NewBlock) -> Callable[..., Any]:
    def call(*args: Any, **keywords: Any) -> Any:
        with new_block():
            return function(*args, **keywords)

    return call


def _coroutine(function: Callable[..., Any], new_block: NewBlock) -> Callable[..., Any]:
    async def call(*args: Any, **keywords: Any) -> Any:
        with new_block():
            return await function(*args, **keywords)

    return call


def _generator(function: Callable[..., Any], new_block: NewBlock) -> Callable[..., Any]:
    def call(*args: Any, **keywords: Any) -> Generator[Any, Any, Any]:
        with _Inside(new_block()) as inside:
            return (yield from inside.steps(function(*args, **keywords)))

    return call


def _async_generator(function: Callable[..., Any], new_block: NewBlock) -> Callable[..., Any]:
    async def call(*args: Any, **keywords: Any) -> AsyncGenerator[Any, Any]:
        with _Inside(new_block()) as inside:
            running = function(*args, **keywords)
            step = running.asend(None)
            try:
                while True:
                    try:
                        item = await inside.steps(step)
                    except StopAsyncIteration:
                        return
                    try:
                        step = running.asend((yield item))
                    except Exception as thrown:  # noqa: BLE001 - only the generator knows what to do with it
                        step = running.athrow(thrown)
            finally:
                await inside.steps(running.aclose())

    return call


_WRAPPERS: Final[
    tuple[tuple[Callable[[Any], bool], Callable[[Callable[..., Any], NewBlock], Callable[..., Any]]], ...]
] = (
    (inspect.isasyncgenfunction, _async_generator),
    (inspect.iscoroutinefunction, _coroutine),
    (inspect.isgeneratorfunction, _generator),
    (callable, _plain),
)


class _Inside:
    """A block that is entered and left in a context of its own."""

    __slots__ = ("_block", "_own")

    def __init__(self, block: AbstractContextManager[Any]) -> None:
        self._block = block
        self._own = contextvars.copy_context()

    def __enter__(self) -> Self:
        self._own.run(self._block.__enter__)
        return self

    def __exit__(self, *_: object) -> bool:
        """Leave the block; a generator that its consumer closes has not failed."""
        leaving = sys.exc_info()
        if isinstance(leaving[1], GeneratorExit):
            leaving = (None, None, None)
        return bool(self._own.run(self._block.__exit__, *leaving))

    def steps(self, steps: Any) -> _Steps:
        """The steps of a generator or awaitable, each inside the block."""
        return _Steps(steps.__await__() if hasattr(steps, "__await__") else steps, self._own)


class _Steps:
    """A generator whose every step runs in a given context; also an awaitable."""

    __slots__ = ("_own", "_steps")

    def __init__(self, steps: Any, own: contextvars.Context) -> None:
        self._steps = steps
        self._own = own

    def __iter__(self) -> _Steps:
        return self

    __await__ = __iter__

    def __next__(self) -> Any:
        return self._own.run(self._steps.send, None)

    def send(self, value: Any) -> Any:
        return self._own.run(self._steps.send, value)

    def throw(self, *thrown: Any) -> Any:
        return self._own.run(self._steps.throw, *thrown)

    def close(self) -> None:
        self._own.run(self._steps.close)
