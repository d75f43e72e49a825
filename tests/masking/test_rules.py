"""Texts with secrets, and texts that only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.masking.mark import MASK
from otel_sentry.masking.mask import SecretMask
from otel_sentry.masking.names import Names
from otel_sentry.masking.rules import Rule, rules

KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
INFURA = "9aa3d95b3bc440fa88ea12eaa4456161"
WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
TRANSACTION = "0x02f870" + "01" + "80" * 111
LEGACY = "0xf86c" + "09" + "85" + "04a817c800" + "80" * 101


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.title) for rule in rules(Names())])
def test_does_what_the_table_says(rule: Rule) -> None:
    """The examples of the documentation."""
    assert SecretMask().text(rule.example) == rule.result


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        pytest.param("redis://:hunter2secret@cache:6379/0", "hunter2", id="no user"),
        pytest.param("mysql://root:p@ss/w0rd@db/x", "w0rd", id="odd letters"),
        pytest.param("https://8a7b6c@sentry.example.com/1", "8a7b6c", id="DSN"),
        pytest.param("see https://a.org and postgres://u:pw77@b/c", "pw77", id="second URL"),
        pytest.param(f"wss://mainnet.infura.io/ws/v3/{INFURA}", INFURA, id="infura ws"),
        pytest.param(f"https://rpc.ankr.com/eth/{KEY}", KEY, id="ankr"),
        pytest.param(f"https://x-y.matic.quiknode.pro:443/{KEY[:40]}/", KEY[:40], id="quicknode"),
        pytest.param("https://eth.getblock.io/mainnet/?api_key=83b6-1f", "83b6", id="query"),
        pytest.param("https://api.telegram.org/bot110201543:AAHdqTcvCH1v/getMe", "AAHdq", id="telegram"),
        pytest.param(f"/v3/{INFURA}", INFURA, id="path alone"),
        pytest.param("Authorization: Basic YWxpY2U6c2VjcmV0", "YWxp", id="header"),
        pytest.param("[(b'authorization', b'Bearer abc123def456')]", "abc123", id="ASGI headers"),
        pytest.param('{"password": "hunter2"}', "hunter2", id="JSON"),
        pytest.param(r"{\"password\": \"hunter2\"}", "hunter2", id="JSON in JSON"),
        pytest.param("Config(api_key='abc', db_password=\"x y z\")", "x y z", id="repr"),
        pytest.param("Config(password='cut off at the limi", "cut off", id="cut off"),
        pytest.param("curl --password hunter2 -v", "hunter2", id="command line"),
        pytest.param("--token=k-81", "k-81", id="option"),
        pytest.param("Cookie: a=b; c=d\r\nHost: x", "c=d", id="cookies"),
        pytest.param("secret => s3cr, next", "s3cr", id="ruby"),
        pytest.param(f"PRIVATE_KEY=0x{KEY}", KEY, id="environment"),
        pytest.param(f"cannot load the private key of alice: {KEY}", KEY, id="in words"),
        pytest.param(
            "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRN", "K3QT", id="xprv"
        ),
        pytest.param("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", "GU8r", id="WIF"),
        pytest.param("-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\ncut", "MHcC", id="PEM"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0", "eyJzd", id="JWT without signature"),
        pytest.param("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "16C7", id="GitHub"),
        pytest.param("url?x=xoxb-123456789012-abcdefGHIJ", "abcdef", id="Slack"),
        pytest.param("key AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", "SyD", id="Google"),
        pytest.param("SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf", "ngeV", id="SendGrid"),
        pytest.param("AIzaSyD9tSrke72PouQMnMXa7eZSW0jkFMBWYab", "72PouQ", id="bare token"),
        pytest.param(TRANSACTION, TRANSACTION[10:80], id="typed transaction"),
        pytest.param(f'["{LEGACY}"]', LEGACY[20:90], id="legacy transaction"),
        pytest.param(TRANSACTION[2:180] + "…", TRANSACTION[10:80], id="cut off transaction"),
        pytest.param(f"restored from {WORDS}.", "sausage", id="mnemonic"),
        pytest.param(str(WORDS.split()), "sausage", id="mnemonic as a list"),
        pytest.param("\n".join(WORDS.split()), "sausage", id="mnemonic in lines"),
    ],
)
def test_masks(text: str, secret: str) -> None:
    """Nothing of the secret is left, and a second look changes nothing."""
    mask = SecretMask()
    masked = mask.text(text)

    assert MASK in masked
    assert secret not in masked
    assert mask.text(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("0x" + "ab" * 32, id="transaction hash"),
        pytest.param(f"transaction 0x{KEY} failed: insufficient funds for gas * price + value", id="hash in words"),
        pytest.param("https://mainnet.infura.io", id="host"),
        pytest.param("https://shop.example.com:443/@alice/orders", id="at in a path"),
        pytest.param("https://etherscan.io/tx/0x" + "ab" * 32, id="explorer"),
        pytest.param("/portfolio/0x52908400098527886e0f7030069857d2e4169ee7", id="address in a path"),
        pytest.param("/v2/orders/12", id="version"),
        pytest.param("token symbol: USDC", id="coin"),
        pytest.param("SELECT * FROM tokens WHERE token = $1", id="template"),
        pytest.param("session opened; page_token=2&tokens=15", id="small values"),
        pytest.param("password=None, token=null", id="nothing"),
        pytest.param("the password is wrong, basic authentication needed", id="prose"),
        pytest.param("ask-your-sk-administrator-about-2024", id="prefix in a word"),
        pytest.param("risk-sk_live_", id="prefix alone"),
        pytest.param("0xa9059cbb" + "0" * 24 + "ab" * 20 + "0" * 60 + "0f42", id="call data"),
        pytest.param("0x6080604052" + "f8" * 120, id="bytecode"),
        pytest.param("0xf9" + "ff" * 120, id="like a transaction"),
        pytest.param("a user may see the order after it was paid by card and sent by mail to them", id="sentence"),
        pytest.param(" ".join(WORDS.split()[:11]) + " the and for was", id="eleven words"),
        pytest.param("legal winner thank year wave, x. " * 3 + "sausage", id="words apart"),
        pytest.param("sentry-trace: 771a43a4192642f0b136d5159a501700-771a43a4192642f0-1", id="trace header"),
        pytest.param("550e8400-e29b-41d4-a716-446655440000", id="uuid"),
        pytest.param("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", id="browser"),
    ],
)
def test_leaves(text: str) -> None:
    """The same object comes back."""
    assert SecretMask().text(text) is text


def test_source_code_keeps_its_variables() -> None:
    """A line of source is not a line of values; its literals are."""
    mask = SecretMask()

    masked = mask.tree({"context_line": "login(password=password, key=k)", "pre_context": ["password = 'hunter2'"]})

    assert masked == {
        "context_line": "login(password=password, key=k)",
        "pre_context": [f"password = '{MASK}'"],
    }


@given(st.text(max_size=300))
def test_never_raises_and_is_idempotent(text: str) -> None:
    """Whatever it is given; a masked text holds no secret."""
    mask = SecretMask()
    masked = mask.text(text)

    assert mask.text(masked) == masked
