"""`otel-sentry wallet-id` prints the id that Sentry knows, and nothing else, on standard output."""

from __future__ import annotations

import pytest

from otel_sentry.cli.wallet_id import main
from otel_sentry.identity.privacy import Privacy

WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_SENTRY_WALLET_PRIVACY", raising=False)
    monkeypatch.delenv("OTEL_SENTRY_WALLET_HASH_KEY", raising=False)


@pytest.mark.parametrize(
    ("mode", "key", "lines"),
    [
        pytest.param("plain", "", [WALLET.lower()], id="plain"),
        pytest.param("short", "", ["0x5290…9ee7"], id="short"),
        pytest.param("hash", "k", [Privacy("hash", "k").address(WALLET)], id="hash"),
        pytest.param(
            "hash",
            "new,k",
            [Privacy("hash", "new").address(WALLET), Privacy("hash", "k").address(WALLET)],
            id="rotated",
        ),
    ],
)
def test_id_under_each_mode(
    mode: str, key: str, lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Today's id first, then those of earlier keys; words for people go to standard error."""
    monkeypatch.setenv("OTEL_SENTRY_WALLET_PRIVACY", mode)
    monkeypatch.setenv("OTEL_SENTRY_WALLET_HASH_KEY", key)

    status = main([f"eip155:1:{WALLET}"])

    said = capsys.readouterr()
    assert (status, said.out.splitlines()) == (0, lines)
    assert f'user.id:"{lines[0]}"' in said.err


@pytest.mark.parametrize(
    ("mode", "address", "status", "words"),
    [
        pytest.param("off", WALLET, 1, "Sentry gets no wallet", id="off"),
        pytest.param("plain", " \x00", 2, "no wallet", id="no wallet"),
        pytest.param("hash", WALLET, 2, "OTEL_SENTRY_WALLET_HASH_KEY", id="hash without a key"),
        pytest.param("secret", WALLET, 2, "OTEL_SENTRY_WALLET_PRIVACY", id="unknown mode"),
    ],
)
def test_nothing_to_print(
    mode: str,
    address: str,
    status: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The reason on standard error, nothing on standard output, a status that scripts can tell apart."""
    monkeypatch.setenv("OTEL_SENTRY_WALLET_PRIVACY", mode)

    assert main([address]) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err


def test_typing_errors_are_pointed_out(capsys: pytest.CaptureFixture[str]) -> None:
    """A mixed-case address that fails its own checksum is printed, with a warning."""
    assert main([WALLET[:-2] + "e7"]) == 0
    assert "typing error" in capsys.readouterr().err


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` names the variables, shows a call and explains the exit status."""
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])

    text = capsys.readouterr().out
    assert stopped.value.code == 0
    assert all(word in text for word in ("OTEL_SENTRY_WALLET_PRIVACY=hash", "$ otel-sentry wallet-id", "Exit status"))
