"""Ready answers to "whose is this request?", from the sessions and user objects of the common frameworks.

Each function here makes a `wallet_of`; it takes whatever its framework calls a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

WalletOf = Callable[[Any], Any]


def session_wallet(key: str = "wallet") -> WalletOf:
    """The address that the session holds under `key`; dots go deeper (`user.wallet`).

    Works with the sessions of Starlette and FastAPI (add `SessionMiddleware` outside of `WalletMiddleware`), Flask
    and Django.
    """

    def wallet_of(request: Any) -> Any:
        return _inside(_session_of(request), key.split("."))

    return wallet_of


def siwe_session(key: str = "siwe") -> WalletOf:
    """Address and chain of the Sign-in-with-Ethereum message that the session keeps under `key` (dots go deeper).

    The message may be a mapping or an object with `address` and `chain_id` (or `chainId`), as the SIWE libraries of
    Python and JavaScript make it.
    """

    def wallet_of(request: Any) -> Any:
        message = _inside(_session_of(request), key.split("."))
        address = _member(message, "address")
        chain = _member(message, "chain_id") or _member(message, "chainId")
        return (address, None, chain) if address else None

    return wallet_of


def flask_login(attribute: str = "wallet_address") -> WalletOf:
    """The wallet of Flask-Login's `current_user`; `attribute` may be a column, a property or a method."""

    def wallet_of(_: Any) -> Any:
        from flask_login import current_user  # noqa: PLC0415 - optional library

        return _of_user(current_user, attribute)

    return wallet_of


def django_user(attribute: str = "wallet_address") -> WalletOf:
    """The wallet of Django's `request.user`; `attribute` may be a field, a property or a method (`get_username`).

    `AuthenticationMiddleware` must come before. Reading the user of a signed-in request asks the database, as any view
    that uses it does; the answer is kept on the request.
    """

    def wallet_of(request: Any) -> Any:
        return _of_user(getattr(request, "user", None), attribute)

    return wallet_of


def _of_user(user: Any, attribute: str) -> Any:
    if user is None or not getattr(user, "is_authenticated", False):
        return None
    wallet = getattr(user, attribute, None)
    return wallet() if callable(wallet) else wallet


def _session_of(request: Any) -> Any:
    """The session of an ASGI scope, of Flask (whose request has none: it is bound to the context) or of Django."""
    if isinstance(request, Mapping):
        return request.get("session")
    if hasattr(request, "session"):
        return request.session
    from flask import session  # noqa: PLC0415 - optional library

    return session


def _inside(session: Any, path: list[str]) -> Any:
    for name in path:
        session = _member(session, name)
    return session


def _member(holder: Any, name: str) -> Any:
    """A key of a mapping (Django's session is one in all but name) or an attribute of an object; None if missing."""
    if isinstance(holder, Mapping) or hasattr(holder, "session_key"):
        return holder.get(name)
    return getattr(holder, name, None)
