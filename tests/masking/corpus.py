"""Planted secrets: named values, and texts that hold one. None of them is real."""

from __future__ import annotations

from typing import Final

KEY: Final = "8f2a559490d2e1a2b5e3f4c6d7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6"
HASH: Final = "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060"
"""A transaction's hash: it must arrive."""
HOST: Final = "eth-mainnet.g.alchemy.com"
"""A provider's host: it must arrive."""

NAMED: Final = {
    "password": "correct-horse-01",
    "db_password": "correct-horse-02",
    "dbPassword": "correct-horse-03",
    "passwd": "correct-horse-04",
    "pwd": "correct-horse-05",
    "passphrase": "correct-horse-06",
    "new_password_confirm": "correct-horse-07",
    "client_secret": "shibboleth-08",
    "secret": "shibboleth-09",
    "SECRET_KEY": "shibboleth-10",
    "webhookSecret": "shibboleth-11",
    "api_key": "mellon-12",
    "apiKey": "mellon-13",
    "X-Api-Key": "mellon-14",
    "access_key": "mellon-15",
    "signing_key": "mellon-16",
    "private_key": "0x" + KEY,
    "PRIVATE_KEY": "sesame-18",
    "mnemonic": "sesame-19",
    "seed_phrase": "sesame-20",
    "Authorization": "ApiToken sesame-21",
    "Proxy-Authorization": "sesame-22",
    "Cookie": "theme=sesame-23",
    "Set-Cookie": "sid=sesame-24",
    "csrftoken": "sesame-25",
    "access_token": "sesame-26",
    "refresh_token": "sesame-27",
    "id_token": "sesame-28",
    "session_token": "sesame-29",
    "sessionid": "sesame-30",
    "connect.sid": "sesame-31",
    "bot_token": "sesame-32",
    "jwt": "sesame-33",
    "credentials": "sesame-34",
    "raw_transaction": "sesame-35",
    "signedTx": "sesame-36",
    "loyalty_pin": "pin-37-of-the-application",
    "token": "Zx81Qw42Er63Ty84",
    "session": "Ui15Op26As37Df48",
    "key": "0x" + KEY[::-1],
}
"""Name → secret. `loyalty_pin` is in the application's own file."""

TEXTS: Final = {
    f"https://{HOST}/v2/aLcH3mY4kEy5dEm0Qw7Er8Ty9Ui0Op1A": "aLcH3mY4kEy5dEm0Qw7Er8Ty9Ui0Op1A",
    "https://mainnet.infura.io/v3/1f0ra4b2c6d8e0f1a3b5c7d9e1f3a5b7": "1f0ra4b2c6d8e0f1a3b5c7d9e1f3a5b7",
    "wss://mainnet.infura.io/ws/v3/2f0ra4b2c6d8e0f1a3b5c7d9e1f3a5b7": "2f0ra4b2c6d8e0f1a3b5c7d9e1f3a5b7",
    "https://some-thing.matic.quiknode.pro/3a7b5c9d1e3f5a7b9c1d3e5f7a9b1c3d5e7f9a1b/": "3a7b5c9d1e3f5a7b9c1d3e5f",
    "https://rpc.ankr.com/eth/4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d": "4a5b6c7d8e9f0a1b2c",
    "https://lb.drpc.org/ogrpc?network=ethereum&dkey=Ak5BcDeFgHiJkLmNoPqRs": "Ak5BcDeFgHiJkLmNoPqRs",
    "https://node-6:pass-6-word@rpc.example.org/eth": "pass-6-word",
    "postgresql://dapp:pg-pass-7@db.internal:5432/dapp": "pg-pass-7",
    "mysql://root:odd@pass/8@db.internal/dapp": "pass/8",
    "redis://:redis-pass-9@cache:6379/0": "redis-pass-9",
    "mongodb+srv://u:mongo-pass-10@cluster0.example.net/?retryWrites=true": "mongo-pass-10",
    "amqps://guest:rabbit-pass-11@mq/vhost": "rabbit-pass-11",
    "GET /v3/5f0ra4b2c6d8e0f1a3b5c7d9e1f3a5b7 failed": "5f0ra4b2c6d8e0f1a3b5c7d9e1f3a5b7",
    f"invalid private key 0x{KEY[8:]}{KEY[:8]}": KEY[8:56],
    "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIPEM15\n-----END EC PRIVATE KEY-----": "MHcCAQEEIPEM15",
    "phrase: crisp ozone unlock eagle vacant orphan tuna ribbon noble gadget slim frost": "vacant orphan tuna",
    "words crisp, ozone, unlock, eagle, vacant, orphan, maple, ribbon, noble, gadget, slim, frost": "orphan, maple",
    "0x02f87483aa36a7" + "82f618843b9aca00" * 14: "82f618843b9aca0082f618843b9aca00",
    "sent 0xf8708202b28477359400" + "82520894f0109fc8" * 13: "82520894f0109fc882520894",
    "Bearer 20-abcdef-0123456789": "20-abcdef-0123456789",
    "Basic MjE6c2VjcmV0LTIx": "MjE6c2VjcmV0LTIx",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyMiJ9.c2lnbmF0dXJlLTIy": "eyJzdWIiOiIyMiJ9",
    "ghp_23abcdefghijklmnopqrstuvwxyz0123456789": "23abcdefghijklmnop",
    "sk_live_24abcdefghijklmnopqrst": "24abcdefghijklmnop",
    "xoxb-25-123456789012-abcdefghijkl": "123456789012-abcdefghijkl",
    "glpat-26abcdefghijklmnopqr": "26abcdefghijklmnop",
    "AIzaSy27abcdefghijklmnopqrstuvwxyz01234": "27abcdefghijklmnop",
    "AKIA28ABCDEFGHIJKLMN": "28ABCDEFGHIJ",
    "https://hooks.slack.com/services/T29000000/B29000000/29abcdefghijklmnopqrst": "29abcdefghijklmnop",
    "https://api.telegram.org/bot30303030:AAE30abcdefghijklmnop/sendMessage": "AAE30abcdefghijklmnop",
    "xprv9s21ZrQH143K31abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ123456789": "31abcdefghijkmnop",
    "the voucher is ACME-32323232": "ACME-32323232",
}
"""A text → the secret in it. The last is in the application's own file."""

OWN_PATTERNS: Final = "# the application's own\nACME-\\d+\nname: loyalty pin\n"
SECRETS: Final = (*NAMED.values(), *TEXTS.values())
