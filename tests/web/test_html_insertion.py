"""Where the snippet goes, whatever the page looks like and however it is cut into pieces."""

from __future__ import annotations

import pytest

from otel_sentry.web.html_insertion import MAX_HELD_BYTES, Place, insertion_offset

MARK = b"|"


def inserted(page: bytes, *, charset_known: bool = True) -> bytes:
    """The page with a mark where the snippet would go; as it is if nowhere."""
    place = insertion_offset(page, complete=True, charset_known=charset_known)
    return page if isinstance(place, Place) else page[:place] + MARK + page[place:]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(b"<!doctype html><html><head>|<title>a</title>", id="usual"),
        pytest.param(b"<!DOCTYPE HTML>\n<HTML lang='a'>\n<HEAD class=\"b\">|\n<TITLE>", id="capitals and attributes"),
        pytest.param(b"\xef\xbb\xbf<!doctype html><head>|", id="byte order mark"),
        pytest.param(b"<!-- <head> --><!doctype html><head>|<meta>", id="comment with a head"),
        pytest.param(b"<html data-x='a>b'><head>|x", id="sign in an attribute"),
        pytest.param(b"<!doctype html><title>|".replace(b"<title>|", b"|<title>"), id="no head"),
        pytest.param(b"<html>|<body>", id="no doctype, no head"),
        pytest.param(b"<!doctype html>|<header>", id="header is no head"),
        pytest.param(b"<!doctype html>|text", id="text at once"),
        pytest.param(b"<div>fragment</div>", id="fragment"),
        pytest.param(b"<head-line>fragment</head-line>", id="element of its own"),
        pytest.param(b"", id="empty"),
        pytest.param(b"plain <head>", id="text before"),
    ],
)
def test_place(page: bytes) -> None:
    """At the start of the head; never in what is no document."""
    assert inserted(page.replace(MARK, b"")) == page


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(b'<!doctype html><head><meta charset="utf-8">|<title>', id="behind it"),
        pytest.param(
            b'<head><title>a</title><meta http-equiv="Content-Type" content="text/html; charset=x">|', id="older form"
        ),
        pytest.param(b"<head>|<title>a</title></head>", id="none"),
        pytest.param(b"<head>|" + b" " * 1100 + b"<meta charset=a>", id="too late for browsers"),
    ],
)
def test_the_encoding_is_declared_before_us(page: bytes) -> None:
    """Browsers look for it in the first 1,024 bytes."""
    assert inserted(page.replace(MARK, b""), charset_known=False) == page


@pytest.mark.parametrize("charset_known", [True, False])
@pytest.mark.parametrize(
    "page",
    [
        b"<!doctype html><!-- c --><html lang=a><head><meta charset=utf-8><title>a</title></head><body>",
        b"<!doctype html><title>a</title><p>",
        b"<p>fragment",
        b"<html><head><script>1</script></head>",
    ],
)
def test_pieces_do_not_matter(page: bytes, charset_known: bool) -> None:
    """As soon as there is an answer, it is the one that the whole page gives."""
    whole = insertion_offset(page, complete=True, charset_known=charset_known)
    early = [insertion_offset(page[:end], complete=False, charset_known=charset_known) for end in range(len(page) + 1)]

    assert {answer for answer in early if answer is not Place.NOT_YET} <= {whole}
    assert insertion_offset(page, complete=False, charset_known=True) is not Place.NOT_YET


def test_a_page_is_not_held_without_end() -> None:
    """Somebody's endless comment is not our matter."""
    page = b"<!doctype html><!-- " + b"x" * MAX_HELD_BYTES

    assert insertion_offset(page[:100], complete=False, charset_known=True) is Place.NOT_YET
    assert insertion_offset(page, complete=False, charset_known=True) == len(b"<!doctype html>")
