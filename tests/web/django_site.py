"""A Django site in one file; `test_wallet_django.py` runs it in an interpreter of its own. Prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        f"{__name__}.Wallets",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="s",  # a test's
    SESSION_COOKIE_SECURE=False,
)
django.setup()

from django.contrib.auth import authenticate, login  # noqa: E402  # models need the settings
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import AsyncClient, Client  # noqa: E402
from django.urls import path  # noqa: E402
from opentelemetry import trace  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402

from otel_sentry.identity.context import wallet_in  # noqa: E402
from otel_sentry.web.wallet_django import DjangoWalletMiddleware  # noqa: E402
from otel_sentry.web.wallet_of import django_user  # noqa: E402

tracer = TracerProvider().get_tracer("test")


class Wallets(DjangoWalletMiddleware):
    """Users sign in by wallet here, so that the user name is the address."""

    wallet_of = staticmethod(django_user("get_username"))


def bound() -> str | None:
    """The wallet that is bound."""
    identity = wallet_in()
    return identity.wallet if identity else None


def who(_: HttpRequest) -> HttpResponse:
    """A synchronous view."""
    return HttpResponse(str(bound()))


async def who_async(_: HttpRequest) -> HttpResponse:
    """An asynchronous view."""
    await asyncio.sleep(0)
    return HttpResponse(str(bound()))


def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign the one user in."""
    login(request, authenticate(username="0xAB", password="p"))  # a test's
    return HttpResponse("in")


urlpatterns = [path("who", who), path("who-async", who_async), path("sign-in", sign_in)]
PATHS = ("/who", "/sign-in", "/who", "/who-async")


def visit() -> list[list[object]]:
    """One browser, synchronous."""
    browser, seen = Client(), []
    for url in PATHS:
        with tracer.start_as_current_span(url) as span:
            seen.append([browser.get(url).content.decode(), span.attributes.get("wallet.address"), bound()])
    return seen


async def visit_async() -> list[list[object]]:
    """One browser, through Django's asynchronous stack."""
    browser, seen = AsyncClient(), []
    for url in PATHS:
        with tracer.start_as_current_span(url) as span:
            response = await browser.get(url)
            seen.append([response.content.decode(), span.attributes.get("wallet.address"), bound()])
    return seen


if __name__ == "__main__":
    trace.get_current_span()
    call_command("migrate", verbosity=0)
    User.objects.create_user("0xAB", password="p")  # a test's
    sys.stdout.write(json.dumps({"sync": visit(), "async": asyncio.run(visit_async())}))
