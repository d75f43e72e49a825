"""Methods of other libraries, replaced and given back. Whoever patched over us in between keeps their patch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, NamedTuple

from wrapt import register_post_import_hook

from otel_sentry.masking.own_log import own_logger

_logger = own_logger(__name__)


class Step(NamedTuple):
    """What happens around one call of a replaced method.

    Attributes:
        block: entered before and left after it.
        returned: told, inside the block, what the method returned; must not raise.
    """

    block: AbstractContextManager[Any] = nullcontext()
    returned: Callable[[Any], object] = bool


StepOf = Callable[..., "Step | None"]
"""Takes what the method takes; None: nothing happens around this call. What it raises is a debug line."""


class Patch(NamedTuple):
    """One method to replace.

    Attributes:
        module: patched when it is imported, which may be never.
        owner: name of the class in it.
        method: name in the class itself; a class without it is left alone.
        step_of: says what happens around a call; the method may be asynchronous.
    """

    module: str
    owner: str
    method: str
    step_of: StepOf


class Patches:
    """The replacements of one instrumentor.

    A replacement that somebody has kept, as web3.py keeps bound methods, must pass through once `on` is false.

    Attributes:
        on: whether the replacements are in place.
    """

    def __init__(self) -> None:
        self.on = False
        self._hooked = False
        self._done: list[tuple[Any, str, Callable[..., Any], Callable[..., Any]]] = []
        self._loaded: dict[str, Any] = {}

    def apply(self, wanted: Sequence[Patch]) -> None:
        """Replace methods of what is loaded, and of the rest as soon as it is; nothing is imported for it."""
        self.on = True
        by_module: dict[str, list[Patch]] = {}
        for patch in wanted:
            by_module.setdefault(patch.module, []).append(patch)
        if self._hooked:
            for name, module in self._loaded.items():
                self._replace_all(module, by_module.get(name, ()))
            return
        self._hooked = True
        for name, patches in by_module.items():
            register_post_import_hook(self._hook(name, patches), name)

    def undo(self) -> None:
        """Give every method back, except where somebody else has patched it since."""
        self.on = False
        while self._done:
            owner, name, original, replacement = self._done.pop()
            if vars(owner).get(name) is replacement:
                setattr(owner, name, original)

    def _hook(self, name: str, patches: Sequence[Patch]) -> Callable[[Any], None]:
        def loaded(module: Any) -> None:
            self._loaded[name] = module
            if self.on:
                self._replace_all(module, patches)

        return loaded

    def _replace_all(self, module: Any, patches: Sequence[Patch]) -> None:
        for patch in patches:
            try:
                self._replace(module, patch)
            except Exception as error:  # noqa: BLE001, PERF203 - one method of a changed library must not cost the others
                _logger.debug("could not patch %s.%s.%s: %r", *patch[:3], error)

    def _replace(self, module: Any, patch: Patch) -> None:
        owner = getattr(module, patch.owner, None)
        members: Mapping[str, Any] = vars(owner) if owner is not None else {}
        original = members.get(patch.method)
        if original is None:
            _logger.debug("there is no %s.%s.%s to patch", *patch[:3])
            return
        replacement = self._around(original, patch.step_of)
        setattr(owner, patch.method, replacement)
        self._done.append((owner, patch.method, original, replacement))

    def _around(self, original: Callable[..., Any], step_of: StepOf) -> Callable[..., Any]:
        wrap = self._async_around if iscoroutinefunction(original) else self._sync_around
        return wraps(original)(wrap(original, step_of))

    def _sync_around(self, original: Callable[..., Any], step_of: StepOf) -> Callable[..., Any]:
        def method(*args: Any, **keywords: Any) -> Any:
            step = self._step(step_of, args, keywords)
            if step is None:
                return original(*args, **keywords)
            with step.block:
                result = original(*args, **keywords)
                step.returned(result)
                return result

        return method

    def _async_around(self, original: Callable[..., Awaitable[Any]], step_of: StepOf) -> Callable[..., Awaitable[Any]]:
        async def method(*args: Any, **keywords: Any) -> Any:
            step = self._step(step_of, args, keywords)
            if step is None:
                return await original(*args, **keywords)
            with step.block:
                result = await original(*args, **keywords)
                step.returned(result)
                return result

        return method

    def _step(self, step_of: StepOf, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> Step | None:
        if not self.on:
            return None
        try:
            return step_of(*args, **keywords)
        except Exception:
            _logger.debug("what happens around a patched method could not be prepared", exc_info=True)
            return None
