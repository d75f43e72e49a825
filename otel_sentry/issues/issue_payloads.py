"""What an incident will send of its exception: built when it is seen, completed as it goes on, never the exception."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING, Any

from otel_sentry.issues import live_exception
from otel_sentry.issues.bounds import bound_exceptions
from otel_sentry.issues.incident import Incident, Raise
from otel_sentry.issues.sketch import LARGEST
from otel_sentry.issues.stand_in import keep_for_hint
from otel_sentry.issues.text_event import EXCEPTION_MESSAGE, EXCEPTION_TYPE, ToldException

if TYPE_CHECKING:
    from types import TracebackType

    from otel_sentry.issues.sdk import SentrySdk


class IssuePayloads:
    """Builds payloads.

    Args:
        sdk: shows exceptions and frames as Sentry wants them.
    """

    def __init__(self, sdk: SentrySdk) -> None:
        self._sdk = sdk

    def describe(self, incident: Incident, exception: BaseException, mechanism_type: str) -> None:
        """Take the exception down while its frames are alive."""
        entries = live_exception.entries(live_exception.natural_traceback(exception))
        mechanism = {"type": mechanism_type, "handled": True}
        try:
            incident.sketch = self._sdk.sketch(exception, entries, mechanism)
            values = [] if incident.sketch is not None else self._sdk.exceptions(exception, entries, mechanism)
        except Exception:  # noqa: BLE001  # whatever an odd exception does when it is looked at
            values = self._in_text(exception, entries, mechanism)
        live_exception.release_locals(exception)
        incident.frames = len(entries)
        incident.raised = raise_of(exception)
        incident.hint = {"exc_info": keep_for_hint(exception)}
        _fill(incident, values)

    def tell(self, incident: Incident, exception: ToldException, mechanism_type: str) -> None:
        """Fill in a payload of what text tells."""
        _fill(incident, exception.values(self._sdk, {"type": mechanism_type, "handled": True}))

    def complete(self, incident: Incident) -> None:
        """Make a payload of what was taken down, unless there is one."""
        event, sketch = incident.event, incident.sketch
        if event is None or sketch is None:
            return
        incident.sketch = None
        try:
            values = self._sdk.drawn(sketch)
        except Exception:  # noqa: BLE001  # better without frames than not at all
            values = ToldException(_as_told(incident.raised)).values(self._sdk, sketch.mechanism)
        event["exception"] = {"values": values}
        bound_exceptions(event)

    def add_outer_frames(self, incident: Incident, exception: BaseException) -> int:
        """Prepend the frames that the exception has left since; only they are looked at.

        Returns:
            About how many bytes the payload takes now.
        """
        entries = live_exception.entries(live_exception.natural_traceback(exception))
        further = len(entries) - incident.frames
        event, sketch = incident.event or {}, incident.sketch
        values = event.get("exception", {}).get("values")
        if further <= 0 or incident.frames >= live_exception.MAX_FRAMES:
            return incident.size
        incident.frames += further
        if sketch is not None:
            sketch.extend(entries[:further])
        elif values:
            stacktrace = values[-1].setdefault("stacktrace", {"frames": []})
            stacktrace["frames"] = [*self._sdk.frames(entries[:further]), *stacktrace["frames"]]
        live_exception.release_locals(exception)
        if sketch is not None and sketch.size <= LARGEST:
            return sketch.size
        self.complete(incident)
        return bound_exceptions(event)

    def _in_text(
        self, exception: BaseException, entries: list[TracebackType], mechanism: dict[str, Any]
    ) -> list[dict[str, Any]]:
        values = ToldException(live_exception.as_attributes(exception)).values(self._sdk, mechanism)
        frames = self._sdk.frames(entries)
        values[-1].update({"stacktrace": {"frames": frames}} if frames else {})
        return values


def raise_of(exception: BaseException) -> Raise:
    """What the text of a live exception would say."""
    attributes = live_exception.as_attributes(exception, with_stacktrace=False)
    return Raise(
        attributes[EXCEPTION_TYPE].removeprefix("__main__."),
        attributes[EXCEPTION_MESSAGE],
        live_exception.raising_lines(live_exception.natural_traceback(exception)),
    )


def _as_told(raised: Raise | None) -> dict[str, str]:
    return {EXCEPTION_TYPE: raised.type, EXCEPTION_MESSAGE: raised.message} if raised is not None else {}


def _fill(incident: Incident, values: list[dict[str, Any]]) -> None:
    incident.event = {
        "event_id": incident.event_id,
        "level": "error",
        "timestamp": incident.seen,
        **({"exception": {"values": values}} if values else {}),
    }
    incident.context = contextvars.copy_context()
    incident.size = incident.sketch.size if incident.sketch is not None else bound_exceptions(incident.event)
