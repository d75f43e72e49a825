"""JSON as bytes. The one place where orjson enters; pure."""

from __future__ import annotations

from typing import Any

import orjson


def dumps(value: Any) -> bytes:
    """Encode `value` as compact UTF-8 JSON.

    Raises:
        TypeError: for what JSON cannot carry: integers beyond 64 bits, lone surrogates, foreign objects. Values that
            come from outside pass `convert.values` first, which makes all of them valid.
    """
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


dumps_text_keyed = orjson.dumps
"""The same for values whose dictionaries have strings as keys throughout: twice as fast, the encoder's hot path."""


def loads(text: bytes | str) -> Any:
    """Decode JSON.

    Raises:
        ValueError: when `text` is no JSON.
    """
    return orjson.loads(text)
