"""Which exceptions are expected control flow and make no issue. Reads types and their status attributes, keeps nothing.

Rule: names, not classes, so that no framework has to be installed; an exception counts by any of its base classes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Final

from otel_sentry.issues.exception_mark import members_of

ALWAYS: Final = ""
"""Value in `EXPECTED` of types that are expected whatever they say."""

EXPECTED: Final[Mapping[str, str]] = {
    "GeneratorExit": ALWAYS,
    "StopIteration": ALWAYS,
    "StopAsyncIteration": ALWAYS,
    "SystemExit": "code",
    "KeyboardInterrupt": ALWAYS,
    "asyncio.exceptions.CancelledError": ALWAYS,
    "concurrent.futures._base.CancelledError": ALWAYS,
    "trio.Cancelled": ALWAYS,
    "starlette.exceptions.HTTPException": "status_code",
    "starlette.exceptions.WebSocketException": ALWAYS,
    "starlette.websockets.WebSocketDisconnect": ALWAYS,
    "fastapi.exceptions.RequestValidationError": ALWAYS,
    "fastapi.exceptions.WebSocketRequestValidationError": ALWAYS,
    "litestar.exceptions.http_exceptions.HTTPException": "status_code",
    "werkzeug.exceptions.HTTPException": "code",
    "django.http.response.Http404": ALWAYS,
    "django.core.exceptions.PermissionDenied": ALWAYS,
    "django.core.exceptions.SuspiciousOperation": ALWAYS,
    "rest_framework.exceptions.APIException": "status_code",
    "ninja.errors.HttpError": "status_code",
    "aiohttp.web_exceptions.HTTPException": "status_code",
    "tornado.web.HTTPError": "status_code",
    "tornado.web.Finish": ALWAYS,
    "falcon.http_error.HTTPError": "status_code",
    "falcon.http_status.HTTPStatus": "status_code",
    "pyramid.httpexceptions.HTTPException": "code",
    "sanic.exceptions.SanicException": "status_code",
    "bottle.HTTPResponse": "status_code",
    "cherrypy._cperror.HTTPError": "code",
    "cherrypy._cperror.HTTPRedirect": ALWAYS,
    "celery.exceptions.Ignore": ALWAYS,
    "celery.exceptions.Reject": ALWAYS,
    "celery.exceptions.Retry": ALWAYS,
    "huey.exceptions.CancelExecution": ALWAYS,
    "huey.exceptions.RetryTask": ALWAYS,
    "dramatiq.errors.Retry": ALWAYS,
    "arq.worker.Retry": ALWAYS,
}
"""Qualified type name → attribute that holds the status; a status below 500 (for `SystemExit`, success) is expected."""

_FIRST_SERVER_ERROR = 500
_LARGEST_GROUP = 1000
_STATUS_IN_TEXT = re.compile(r"\D{0,8}([1-5]\d\d)\b")


class Expected:
    """The expected exceptions of one set-up.

    Args:
        more: further types, by qualified name (`module.Name`, builtins without module) or class; always expected.
    """

    def __init__(self, more: Iterable[str | type[BaseException]] = ()) -> None:
        named = (name if isinstance(name, str) else qualified_name(name) for name in more)
        self._table = {**EXPECTED, **dict.fromkeys(named, ALWAYS)}

    def is_expected(self, exception: BaseException) -> bool:
        """Whether `exception` makes no issue; a group is expected if all that is in it is."""
        waiting, looked_at = [exception], 0
        while waiting:
            found = waiting.pop()
            looked_at += 1
            members = members_of(found)
            if looked_at > _LARGEST_GROUP or not (members or self._is_expected(found)):
                return False
            waiting.extend(members)
        return True

    def is_expected_text(self, type_name: str, message: str) -> bool:
        """The same for an exception of which only type and message are known."""
        kind = _loaded(type_name)
        names = [type_name, *(qualified_name(base) for base in (kind.__mro__[1:-1] if kind is not None else ()))]
        attribute = next((self._table[name] for name in names if name in self._table), None)
        if attribute is None or attribute == ALWAYS:
            return attribute is not None
        if type_name == "SystemExit":
            return message in ("", "0", "None")
        status = getattr(kind, attribute, None)
        told = _STATUS_IN_TEXT.match(message)
        if not isinstance(status, int) and told is not None:
            status = int(told.group(1))
        return isinstance(status, int) and status < _FIRST_SERVER_ERROR

    def _is_expected(self, exception: BaseException) -> bool:
        for kind in type(exception).__mro__[:-1]:
            attribute = self._table.get(qualified_name(kind))
            if attribute is not None:
                return attribute == ALWAYS or _is_success(exception, attribute)
        return False


def qualified_name(kind: type) -> str:
    """`module.QualName`; builtins without their module, as OpenTelemetry writes `exception.type`."""
    module = kind.__module__
    return kind.__qualname__ if not module or module == "builtins" else f"{module}.{kind.__qualname__}"


def _loaded(type_name: str) -> type | None:
    """The class of a name, if its module is loaded; nothing is imported for it."""
    module_name, _, name = type_name.rpartition(".")
    found = getattr(sys.modules.get(module_name), name, None)
    return found if isinstance(found, type) else None


def _is_success(exception: BaseException, attribute: str) -> bool:
    try:
        status = getattr(exception, attribute, None)
    except Exception:  # noqa: BLE001  # a foreign property may raise anything
        return False
    if isinstance(exception, SystemExit):
        return status is None or status == 0
    return isinstance(status, int) and status < _FIRST_SERVER_ERROR
