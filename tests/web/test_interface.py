"""Applications of every make are told apart by how they are called."""

from __future__ import annotations

from functools import partial
from typing import Any

import flask
import pytest
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware

from otel_sentry.web.interface import Interface, interface_of


async def asgi_function(scope: Any, receive: Any, send: Any) -> None: ...


def wsgi_function(environ: Any, start_response: Any) -> None: ...


class AsgiOfOldKind:
    def __call__(self, scope: Any, receive: Any, send: Any) -> Any: ...


class WsgiObject:
    def __call__(self, environ: Any, start_response: Any) -> Any: ...


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        pytest.param(asgi_function, Interface.ASGI, id="async function"),
        pytest.param(AsgiOfOldKind(), Interface.ASGI, id="three arguments"),
        pytest.param(Starlette(), Interface.ASGI, id="Starlette"),
        pytest.param(BaseHTTPMiddleware(Starlette()), Interface.ASGI, id="middleware"),
        pytest.param(wsgi_function, Interface.WSGI, id="function of two"),
        pytest.param(WsgiObject(), Interface.WSGI, id="object of two"),
        pytest.param(partial(wsgi_function), Interface.WSGI, id="partial"),
        pytest.param(flask.Flask("shop"), Interface.FLASK, id="Flask"),
        pytest.param(flask.Flask("shop").wsgi_app, Interface.WSGI, id="Flask's inside"),
        pytest.param(object(), Interface.WSGI, id="not callable"),
    ],
)
def test_interface(app: Any, expected: Interface) -> None:
    """By its own make, its signature, or else WSGI."""
    assert interface_of(app) is expected
