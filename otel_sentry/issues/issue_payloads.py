"""What an incident will send of its exception: built when it is seen, completed as it goes on, never the exception."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING, Any

from otel_sentry.issues import live_exception
from otel_sentry.issues.bounds import bound_exceptions
from otel_sentry.issues.incident import Incident, Raise
from otel_sentry.issues.stand_in import keep_for_hint
from otel_sentry.issues.text_event import EXCEPTION_MESSAGE, EXCEPTION_TYPE, ToldException

if TYPE_CHECKING:
    from otel_sentry.issues.sdk import SentrySdk


class IssuePayloads:
    """Builds payloads.

    Args:
        sdk: shows exceptions and frames as Sentry wants them.
    """

    def __init__(self, sdk: SentrySdk) -> None:
        self._sdk = sdk

    def describe(self, incident: Incident, exception: BaseException, mechanism_type: str) -> None:
        """Fill in a payload while the exception's frames are alive."""
        traceback = live_exception.natural_traceback(exception)
        mechanism = {"type": mechanism_type, "handled": True}
        try:
            values = self._sdk.exceptions(exception, traceback, mechanism)
        except Exception:  # noqa: BLE001  # whatever an odd exception does when it is looked at
            values = ToldException(live_exception.as_attributes(exception)).values(self._sdk, mechanism)
            frames = self._sdk.frames(traceback)
            values[-1].update({"stacktrace": {"frames": frames}} if frames else {})
        live_exception.release_locals(exception)
        incident.frames = live_exception.depth(traceback)
        incident.raised = raise_of(exception)
        incident.hint = {"exc_info": keep_for_hint(exception)}
        _fill(incident, values)

    def tell(self, incident: Incident, exception: ToldException, mechanism_type: str) -> None:
        """Fill in a payload of what text tells."""
        _fill(incident, exception.values(self._sdk, {"type": mechanism_type, "handled": True}))

    def add_outer_frames(self, incident: Incident, exception: BaseException) -> int:
        """Prepend the frames that the exception has left since; only they are looked at.

        Returns:
            About how many bytes the payload takes now.
        """
        traceback = live_exception.natural_traceback(exception)
        further = live_exception.depth(traceback) - incident.frames
        event = incident.event or {}
        values = event.get("exception", {}).get("values")
        if further <= 0 or not values or incident.frames >= live_exception.MAX_FRAMES:
            return incident.size
        outer = self._sdk.frames(live_exception.outermost(traceback, further))
        live_exception.release_locals(exception)
        stacktrace = values[-1].setdefault("stacktrace", {"frames": []})
        stacktrace["frames"] = [*outer, *stacktrace["frames"]]
        incident.frames += further
        return bound_exceptions(event)


def raise_of(exception: BaseException) -> Raise:
    """What the text of a live exception would say."""
    attributes = live_exception.as_attributes(exception, with_stacktrace=False)
    return Raise(
        attributes[EXCEPTION_TYPE].removeprefix("__main__."),
        attributes[EXCEPTION_MESSAGE],
        live_exception.raising_lines(live_exception.natural_traceback(exception)),
    )


def _fill(incident: Incident, values: list[dict[str, Any]]) -> None:
    incident.event = {
        "event_id": incident.event_id,
        "level": "error",
        "timestamp": incident.seen,
        "exception": {"values": values},
    }
    incident.context = contextvars.copy_context()
    incident.size = bound_exceptions(incident.event)
