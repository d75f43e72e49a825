"""`FilesInstrumentor` (`otel_sentry_files`): files that are opened under a recording span become spans of their own."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Collection
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]  # untyped file
from opentelemetry.trace import get_current_span
from wrapt import register_post_import_hook

from otel_sentry._version import __version__
from otel_sentry.instrumentation.file_access.calls import FileCalls
from otel_sentry.instrumentation.file_access.patched import PatchedFunction, Replacement
from otel_sentry.instrumentation.file_access.places import Places
from otel_sentry.instrumentation.file_access.record import FileOptions, FileRecord

SCOPE: Final = "otel_sentry.instrumentation.files"

OPEN: Final = (("builtins", "open"), ("io", "open"), ("_io", "open"))
"""One function under three names; what was imported from there before stays the original."""
OPEN_OF_PYTHON_310: Final = ("pathlib", "_NormalAccessor.open")
ASYNC_MODULE: Final = "aiofiles.threadpool"


class FilesInstrumentor(BaseInstrumentor):  # type: ignore[misc]  # see its import
    """One span for each life of a file; names, attributes and limits are in the documentation, "Files".

    `instrument()` takes `tracer_provider` and `options` (`FileOptions`). BaseInstrumentor makes one instance of it.
    """

    def instrumentation_dependencies(self) -> Collection[str]:
        """Nothing but Python."""
        return ()

    def adopt(self, options: FileOptions) -> None:
        """Go by these options, before or after `instrument()`."""
        self._options: FileOptions = options
        calls: FileCalls | None = getattr(self, "_calls", None)
        if calls is not None:
            calls.record = self._record()

    def _instrument(self, **keywords: Any) -> None:
        options = keywords.get("options") or getattr(self, "_options", None) or FileOptions()
        self.adopt(options)
        self._tracer = trace.get_tracer(SCOPE, __version__, keywords.get("tracer_provider"))
        calls = FileCalls(self._record())
        self._calls: FileCalls | None = calls
        self._done: list[Replacement] = []
        self._replace(calls.open, *OPEN, *([OPEN_OF_PYTHON_310] if sys.version_info < (3, 11) else []))
        self._replace(calls.os_open, ("os", "open"))
        self._replace(calls.os_close, ("os", "close"))
        self._replace(calls.copyfile, ("shutil", "copyfile"))
        register_post_import_hook(lambda _: self._replace_async(calls), ASYNC_MODULE)

    def _uninstrument(self, **_: Any) -> None:
        while self._done:
            self._done.pop().take_back()
        self._calls = None

    def _record(self) -> FileRecord:
        options = self._options
        places = Places(project=os.getcwd(), home=os.path.expanduser("~"), left_out=options.left_out)
        return FileRecord(self._tracer, places, options)

    def _replace(self, traced: Callable[..., Any], *names: tuple[str, str]) -> None:
        """Put one callable into all places of one function."""
        replacements = [Replacement(module, path) for module, path in names if module in sys.modules]
        if replacements:
            patched = PatchedFunction(replacements[0].original, traced, names[0][0])
            for one in replacements:
                one.put(patched)
            self._done += replacements

    def _replace_async(self, calls: FileCalls) -> None:
        """Aiofiles' opener, a coroutine function and still one, as soon as aiofiles is imported."""
        if self._calls is not calls:
            return
        replacement = Replacement(ASYNC_MODULE, "_open")
        original = replacement.original

        @functools.wraps(original)
        async def patched(*args: Any, **kwargs: Any) -> Any:
            if get_current_span().is_recording():
                return await calls.open_async(original, args, kwargs)
            return await original(*args, **kwargs)

        replacement.put(patched)
        self._done.append(replacement)
