"""The web app. It knows OpenTelemetry and nothing of where its telemetry goes.

FastAPI reads annotations at run time, hence no `from __future__ import annotations` here.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, Cookie, Depends, FastAPI, HTTPException, Response
from fastapi.responses import HTMLResponse
from node import Node, Refused
from opentelemetry import propagate, trace
from sign_in import NotSignedIn, new_nonce, sign_in
from store import Store

app = FastAPI(title="Example dapp")
node = Node(os.environ["DAPP_NODE_URL"], os.environ["DAPP_CONTRACT"])
tracer = trace.get_tracer(__name__)

PAGE = Path(__file__).with_name("index.html").read_text()

with closing(Store(os.environ["DAPP_DATABASE"])) as first:
    first.prepare()


def opened_store() -> Iterator[Store]:
    """A connection for one request."""
    with closing(Store(os.environ["DAPP_DATABASE"])) as store:
        yield store


Storage = Annotated[Store, Depends(opened_store)]


def signed_in_wallet(store: Storage, session: Annotated[str, Cookie()] = "") -> str:
    """The wallet of the session. From here on the trace knows whose it is."""
    with tracer.start_as_current_span("auth.session"):
        wallet = store.wallet_of(session)
    if wallet is None:
        raise HTTPException(401, "Sign in first.")
    trace.get_current_span().set_attribute("wallet.address", wallet)
    return wallet


Wallet = Annotated[str, Depends(signed_in_wallet)]


@app.get("/", response_class=HTMLResponse)
def page(store: Storage, session: Annotated[str, Cookie()] = "") -> str:
    """Show the page, to whoever comes."""
    wallet = store.wallet_of(session)
    if wallet is not None:
        trace.get_current_span().set_attribute("wallet.address", wallet)
    return PAGE


@app.get("/nonce")
def nonce(store: Storage) -> dict[str, str]:
    """Hand out a nonce for a sign-in message."""
    return {"nonce": new_nonce(store)}


@app.post("/sign-in")
def post_sign_in(
    store: Storage, response: Response, message: Annotated[str, Body()], signature: Annotated[str, Body()]
) -> dict[str, str]:
    """Open a session for the wallet that signed the message."""
    try:
        token, wallet = sign_in(store, message, signature)
    except NotSignedIn as error:
        raise HTTPException(403, "This signature does not sign you in.") from error
    trace.get_current_span().set_attribute("wallet.address", wallet)
    response.set_cookie("session", token, httponly=True, samesite="strict")
    return {"wallet": wallet}


@app.post("/sign-out")
def sign_out(store: Storage, wallet: Wallet, session: Annotated[str, Cookie()]) -> dict[str, str]:
    """Close the session."""
    store.close_session(session)
    return {"signed_out": wallet}


@app.get("/profile")
def profile(store: Storage, wallet: Wallet) -> dict[str, Any]:
    """Show what the database and the chain know of the wallet."""
    with tracer.start_as_current_span("profile.read"):
        with tracer.start_as_current_span("db.get_user"):
            user = store.get_user(wallet)
        return {**user, "wei": str(node.balance(wallet))}


@app.post("/mint")
def post_mint(store: Storage, wallet: Wallet, transaction: Annotated[str, Body(embed=True)]) -> dict[str, str]:
    """Send the wallet's signed transaction to the chain and have the worker tell it the outcome."""
    try:
        sent = mint(wallet, transaction)
    except Refused as error:
        raise HTTPException(409, str(error)) from error
    notify(store, wallet, sent)
    return {"transaction": sent}


@app.get("/rewards")
def rewards(store: Storage, wallet: Wallet) -> dict[str, Any]:
    """Share the pool among the stakers, of whom there are none: the bug of this example."""
    with tracer.start_as_current_span("rewards.share"):
        pool, stakers = node.balance(os.environ["DAPP_CONTRACT"]), store.count_stakers()
        return {"wallet": wallet, "wei": pool // stakers}


@tracer.start_as_current_span("mint")
def mint(wallet: str, transaction: str) -> str:
    """Send a transaction if it would succeed.

    Raises:
        Refused: the contract would revert.
    """
    node.try_mint(wallet)
    sent = node.send(transaction)
    trace.get_current_span().set_attribute("tx.hash", sent)
    return sent


def notify(store: Store, wallet: str, subject: str) -> None:
    """Put a notification into the table, with the trace it belongs to."""
    attributes = {
        "messaging.system": "sqlite",
        "messaging.operation.type": "send",
        "messaging.destination.name": "notifications",
    }
    with tracer.start_as_current_span("send notifications", kind=trace.SpanKind.PRODUCER, attributes=attributes):
        headers: dict[str, str] = {}
        propagate.inject(headers)
        store.add_notification(wallet, subject, headers)
