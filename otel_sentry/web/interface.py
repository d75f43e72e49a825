"""Which interface an application speaks: ASGI, WSGI, or Flask's own object."""

from __future__ import annotations

import inspect
from enum import Enum
from typing import Any, Final

_ASGI_ARGUMENTS: Final = 3


class Interface(Enum):
    """How a server, or a middleware, calls an application."""

    ASGI = "asgi"
    WSGI = "wsgi"
    FLASK = "flask"


def interface_of(app: Any) -> Interface:
    """The interface of an application; WSGI where nothing says otherwise."""
    if hasattr(app, "wsgi_app") and hasattr(app, "before_request"):
        return Interface.FLASK
    call = app if inspect.isfunction(app) or inspect.ismethod(app) else getattr(app, "__call__", app)  # noqa: B004 - the method itself is asked for
    if inspect.iscoroutinefunction(call) or _positional_parameters(call) == _ASGI_ARGUMENTS:
        return Interface.ASGI
    return Interface.WSGI


def _positional_parameters(call: Any) -> int:
    try:
        parameters = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):
        return 0
    return sum(
        parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD) for parameter in parameters
    )
