"""A DSN taken apart: every part, every refusal, no key in what is shown."""

from __future__ import annotations

import pytest

from otel_sentry.protocol.dsn import Dsn


@pytest.mark.parametrize(
    ("text", "url", "org_id"),
    [
        pytest.param(
            "https://key@o42.ingest.us.sentry.io/7", "https://o42.ingest.us.sentry.io/api/7/envelope/", "42", id="SaaS"
        ),
        pytest.param("http://key@127.0.0.1:8969/1", "http://127.0.0.1:8969/api/1/envelope/", None, id="local"),
        pytest.param("https://key@acme.org/errors/3", "https://acme.org/errors/api/3/envelope/", None, id="path"),
        pytest.param("https://key@acme.org:443/3", "https://acme.org/api/3/envelope/", None, id="the scheme's port"),
        pytest.param("http://key@[::1]:9000/3", "http://[::1]:9000/api/3/envelope/", None, id="IPv6"),
        pytest.param(
            " https://key@o1x.acme.org/3 ", "https://o1x.acme.org/api/3/envelope/", None, id="no organisation"
        ),
    ],
)
def test_a_dsn_says_where_envelopes_go(text: str, url: str, org_id: str | None) -> None:
    """Scheme, host, port, path and project make the URL; Sentry's own hosts name the organisation."""
    dsn = Dsn.parse(text)

    assert (url, org_id) == (dsn.envelope_url, dsn.org_id)


@pytest.mark.parametrize(
    "text",
    [
        "https://key@acme.org/3",
        "https://key:secret@acme.org/3",
        "http://key@[::1]:9000/a/b/3",
    ],
    ids=["public key", "both keys", "IPv6 and path"],
)
def test_a_dsn_is_written_as_it_was_read(text: str) -> None:
    """Text of a parsed DSN is the DSN."""
    assert text == str(Dsn.parse(text))


def test_a_secret_that_is_empty_is_none() -> None:
    """A colon alone makes no other DSN."""
    assert Dsn.parse("https://key:@acme.org/3") == Dsn.parse("https://key@acme.org/3")


@pytest.mark.parametrize("shown", [repr, lambda dsn: dsn.masked], ids=["repr", "masked"])
def test_keys_are_not_shown(shown: object) -> None:
    """What may be printed has neither of the keys."""
    assert callable(shown)
    text = shown(Dsn.parse("https://abcdef:fedcba@acme.org/3"))

    assert "acme.org/3" in text
    assert "abcdef" not in text
    assert "fedcba" not in text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("ftp://key@acme.org/3", "scheme", id="scheme"),
        pytest.param("key@acme.org/3", "scheme", id="no scheme"),
        pytest.param("https://acme.org/3", "public key", id="key"),
        pytest.param("https://key@/3", "host", id="host"),
        pytest.param("https://key@acme.org/", "project id", id="project"),
        pytest.param("https://key@acme.org/x", "project id", id="project's name"),
        pytest.param("https://key@acme.org/\u00b2", "project id", id="a digit of another kind"),
        pytest.param("https://key@acme.org:port/3", "host or port", id="port"),
        pytest.param("https://key@[::1/3", "host or port", id="bracket"),
        pytest.param("", "scheme", id="empty"),
    ],
)
def test_what_is_no_dsn_is_refused(text: str, reason: str) -> None:
    """The refusal says which part is wrong and never repeats the text."""
    with pytest.raises(ValueError, match=reason) as refusal:
        Dsn.parse(text)

    assert "key@" not in str(refusal.value)
