"""A callable in the place of a function, which looks like it in every respect and restores it exactly."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from opentelemetry import context
from opentelemetry.trace import get_current_span

_variable = getattr(getattr(context, "_RUNTIME_CONTEXT", None), "_current_context", None)
current: Callable[[], Any] = context.get_current if _variable is None else _variable.get
"""The current context. Asked at each call of a patched function, so without the two calls that lie between."""

Traced = Callable[..., Any]
"""Takes the original, and its arguments as a tuple and a dictionary."""


class PatchedFunction(functools.partial[Any]):
    """Calls the original; under a recording span, by way of `traced`.

    No function, because one in a class would become a method, which built-in functions do not; a `partial`, because its
    call costs nothing. Compares equal to the original, so that it is found in sets such as `os.supports_dir_fd`;
    pickles by name, as the original.
    """

    _original: Callable[..., Any]

    def __new__(cls, original: Callable[..., Any], traced: Traced, module: str) -> PatchedFunction:  # noqa: PYI034 - `Self` is younger than Python 3.10
        """Put `traced` around `original`, which is to be found by its name in `module`."""

        def call(*args: Any, **kwargs: Any) -> Any:
            # An empty context is the usual one outside of spans, and asking it is cheaper than asking for its span.
            if current() and get_current_span().is_recording():
                return traced(original, args, kwargs)
            return original(*args, **kwargs)

        self = super().__new__(cls, call)
        functools.update_wrapper(self, original)
        self.__module__ = module
        self._original = original
        return self

    def __get__(self, instance: object, owner: type | None = None) -> PatchedFunction:
        return self  # what `partial` itself does before Python 3.14

    def __repr__(self) -> str:
        return repr(self._original)

    def __eq__(self, other: object) -> bool:
        return other is self or other is self._original

    def __hash__(self) -> int:
        return hash(self._original)

    def __reduce__(self) -> str:
        return self._original.__name__


class Replacement:
    """One attribute of a module, or of a class in it, that can be replaced and taken back.

    Args:
        module: name of a module that is loaded.
        path: of the attribute in it.
    """

    def __init__(self, module: str, path: str) -> None:
        *owners, self._name = path.split(".")
        owner: Any = sys.modules[module]
        for name in owners:
            owner = getattr(owner, name)
        self._owner = owner
        self.original = vars(owner)[self._name]
        self._replacement: Any = None

    def put(self, replacement: Any) -> None:
        """Replace."""
        self._replacement = replacement
        setattr(self._owner, self._name, replacement)

    def take_back(self) -> None:
        """Restore the original, unless somebody else has replaced it since."""
        if vars(self._owner).get(self._name) is self._replacement:
            setattr(self._owner, self._name, self.original)
