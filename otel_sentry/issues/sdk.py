"""What the issues room asks of sentry-sdk: turn a live exception into a payload, and capture an event.

The signatures that differ between its 2.x and 3.x lines are settled here, once. sentry-sdk is imported when the first
client is there.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from otel_sentry.issues import live_exception
from otel_sentry.issues.finished_frame import finish_frames
from otel_sentry.issues.frame_view import FrameView, Show, TracebackView, unwrap
from otel_sentry.issues.sketch import Sketch, sketch

if TYPE_CHECKING:
    import contextvars
    from types import TracebackType

    from sentry_sdk._types import Event
    from sentry_sdk.client import BaseClient

Payload = dict[str, Any]
"""A Sentry event, or a part of one."""


class SentrySdk:
    """sentry-sdk, seen from here.

    Args:
        client: gives the client that carries issues; the current one if None.
    """

    def __init__(self, client: Callable[[], BaseClient] | None = None) -> None:
        self._client = client

    def client(self) -> BaseClient | None:
        """The client that carries issues; None while there is none that sends."""
        import sentry_sdk  # noqa: PLC0415  # costs 100 ms, and an application may never need it

        found = (self._client or sentry_sdk.get_client)()
        return found if found.is_active() and (found.transport is not None or found.spotlight is not None) else None

    def public_key(self) -> str | None:
        """Public key of the client's DSN."""
        client = self.client()
        parsed = client.transport.parsed_dsn if client is not None and client.transport is not None else None
        return parsed.public_key if parsed is not None else None

    def sketch(self, exception: BaseException, entries: list[TracebackType], mechanism: Payload) -> Sketch | None:
        """Take an exception down, for `drawn`.

        Args:
            exception: alive.
            entries: of its traceback, caller first.
            mechanism: how it came to be seen.

        Returns:
            None where `exceptions` has to describe it at once.

        Raises:
            Exception: whatever an odd exception raises when it is looked at.
        """
        from sentry_sdk.utils import get_error_message  # noqa: PLC0415  # see `client`

        show = self._show()
        if show is None:
            return None
        return sketch(exception, entries, mechanism=mechanism, show=show, message_of=get_error_message)

    def drawn(self, made: Sketch) -> list[Payload]:
        """What `exceptions` would have given, made of a sketch."""
        values = []
        for number, portrait in enumerate(made.portraits):
            (value,) = self._values(portrait.kind, portrait.words, portrait.frames, made.mechanism)
            mechanism = value["mechanism"]
            if number and "exception_id" in mechanism:  # 3.x numbers the links of a chain
                mechanism |= {"type": "chained", "exception_id": number, "parent_id": number - 1}
                mechanism["source"] = portrait.source
            values.append(value)
        return values[::-1]

    def exceptions(self, exception: BaseException, entries: list[TracebackType], mechanism: Payload) -> list[Payload]:
        """`exception.values` of an event, oldest first: with frames, locals and source, chain and members.

        Args:
            exception: alive.
            entries: of its traceback, caller first.
            mechanism: how it came to be seen.

        Raises:
            Exception: whatever an odd exception makes sentry-sdk raise.
        """
        show = self._show()
        frames = [FrameView(entry, show) for entry in live_exception.bounded(entries)]
        return self._values(type(exception), exception, frames, mechanism)

    def _values(
        self, kind: type[BaseException], exception: BaseException, frames: list[FrameView], mechanism: Payload
    ) -> list[Payload]:
        client = self.client()
        options = {"client_options": client.options} if client is not None and self._wants_options else {}
        for path in {frame.f_code.co_filename for frame in frames}:
            linecache.checkcache(path)
        view = TracebackView(live_exception.bounded(frames)) if frames else None
        event, _ = self._event_from_exception((kind, exception, view), mechanism=mechanism, **options)
        values = cast("list[Payload]", event["exception"]["values"])
        unwrap((values[-1].get("stacktrace") or {}).get("frames") or ())
        self.finish(event)
        return values

    def finish(self, event: Payload) -> None:
        """Spare the client a second walk over frames that it has serialised, unless it has to cut their text."""
        client = self.client()
        if client is None or client.options.get("max_value_length") is None:
            finish_frames((event.get("exception") or {}).get("values") or ())

    def frames(self, entries: list[TracebackType]) -> list[Payload]:
        """Frames of traceback entries alone, caller first."""
        values = self.exceptions(Exception(), entries, {})
        return cast("list[Payload]", (values[-1].get("stacktrace") or {}).get("frames") or [])

    def source(self, file: str, line: int) -> tuple[list[str], str | None, list[str]]:
        """Lines before, at and after a 1-based line of a file; empty if it cannot be read."""
        from sentry_sdk.utils import get_lines_from_file  # noqa: PLC0415  # see `client`

        before, at, after = get_lines_from_file(file, line - 1)
        return cast("list[str]", before), cast("str | None", at), cast("list[str]", after)

    def filename(self, module: str | None, path: str) -> str:
        """A path as sentry-sdk shows it: relative to where its module's package lies."""
        from sentry_sdk.utils import filename_for_module  # noqa: PLC0415  # see `client`

        return filename_for_module(module, path) or path

    def capture(self, event: Payload, hint: Payload, context: contextvars.Context) -> str | None:
        """Send an event through the client, with the scopes of `context`; None if a hook or option dropped it."""
        return context.run(self._capture, event, hint)

    def lost(self, reason: str) -> None:
        """Count an issue that could not be made."""
        client = self.client()
        if client is not None and client.transport is not None:
            client.transport.record_lost_event(reason, data_category="error")

    def _capture(self, event: Payload, hint: Payload) -> str | None:
        import sentry_sdk  # noqa: PLC0415  # see `client`

        client = self.client()
        if client is None:
            return None
        if sentry_sdk.get_client() is client:
            return sentry_sdk.get_current_scope().capture_event(cast("Event", event), hint=hint)
        with sentry_sdk.new_scope() as scope:
            scope.set_client(client)
            return scope.capture_event(cast("Event", event), hint=hint)

    def _show(self) -> Show | None:
        """How locals are shown; None where the application has a say in it."""
        from sentry_sdk import serializer  # noqa: PLC0415  # see `client`
        from sentry_sdk._types import AnnotatedValue  # noqa: PLC0415  # the same

        client = self.client()
        options = client.options if client is not None else {}
        chosen = (options.get("data_collection") or {}).get("stack_frame_variables", True)
        # Those of sentry-sdk's own integrations are about types that they have made sequences of.
        own = all(getattr(one, "__module__", "").startswith("sentry_sdk.") for one in serializer.global_repr_processors)
        if not own or not isinstance(chosen, bool) or options.get("custom_repr"):
            return None
        return Show(
            kinds=(Mapping, AnnotatedValue, *serializer.sequence_types),
            # Nothing at all comes back where the stack is at its end.
            serialise=lambda value: (serializer.serialize({"": value}, is_vars=True) or {}).get("", "<not shown>"),
            wanted=chosen and options.get("include_local_variables") is not False,
        )

    @cached_property
    def _event_from_exception(self) -> Callable[..., tuple[Any, Any]]:
        from sentry_sdk.utils import event_from_exception  # noqa: PLC0415  # see `client`

        return event_from_exception

    @cached_property
    def _wants_options(self) -> bool:
        """2.x wants the client's options handed over, 3.x reads them itself."""
        return "client_options" in inspect.signature(self._event_from_exception).parameters
