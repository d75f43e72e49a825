"""`{% browser_snippet %}` for Django's templates.

Name it under `OPTIONS` of the engine:

`"libraries": {"otel_sentry": "otel_sentry.web.django_tags"}`, then `{% load otel_sentry %}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from otel_sentry.web.snippet import browser_snippet

if TYPE_CHECKING:
    from otel_sentry.web.snippet import Snippet

register = template.Library()


@register.simple_tag(takes_context=True, name="browser_snippet")  # type: ignore[untyped-decorator]  # Django
def snippet_tag(context: Any, *, tunnel: str | None = None, personal: bool = True) -> Snippet:
    """See `browser_snippet`; the nonce is the request's `csp_nonce`, as Django 6 and django-csp call it."""
    nonce = getattr(context.get("request"), "csp_nonce", None) or context.get("csp_nonce")
    return browser_snippet(nonce=str(nonce) if nonce else None, tunnel=tunnel, personal=personal)
