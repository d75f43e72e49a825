"""What is too big is cut where it is biggest, and says so."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from otel_sentry.convert.limits import MAX_LINKS_BYTES, TRIMMED_COUNT, fit, fit_links
from otel_sentry.convert.values import attributes
from otel_sentry.protocol.json_text import dumps


def test_what_fits_is_not_touched() -> None:
    """The very same dictionary comes back."""
    small = attributes({"a": "x", "b": [1, 2]})

    assert fit(small, 1000) is small


def test_the_biggest_is_cut() -> None:
    """Small attributes stay whole."""
    fitting = fit(attributes({"small": 1, "big": "x" * 5000, "list": ["y" * 50] * 100}), 2000)

    assert fitting["small"] == {"type": "integer", "value": 1}
    assert fitting["big"]["value"].startswith("xxxx")
    assert fitting["big"]["value"].endswith("…")
    assert fitting["list"]["type"] == "string"
    assert fitting["list"]["value"].startswith('["yyyy')
    assert fitting[TRIMMED_COUNT] == {"type": "integer", "value": 2}
    assert 1500 < len(dumps(fitting)) <= 2000


def test_too_many_are_left_out_and_counted() -> None:
    """Where nothing readable of each would fit, the first ones stay."""
    fitting = fit(attributes({f"name{number:05d}": "value" for number in range(10_000)}), 10_000)

    assert 9_000 < len(dumps(fitting)) <= 10_000
    assert fitting["name00000"]["value"] == "value"
    assert fitting[TRIMMED_COUNT]["value"] == 10_000 - (len(fitting) - 1)


def test_a_name_that_leaves_no_room_goes() -> None:
    """Nothing of its value could be shown."""
    fitting = fit(attributes({"n" * 900: "x", "small": 1}), 600)

    assert fitting == attributes({"small": 1, TRIMMED_COUNT: 1})


@given(
    st.dictionaries(st.text(max_size=30), st.text() | st.lists(st.text(max_size=99)) | st.integers(), max_size=40),
    st.integers(300, 3000),
    st.sampled_from([1, 50]),
)
def test_the_limit_is_kept(values: dict[str, Any], max_bytes: int, blow_up: int) -> None:
    """Whatever the texts hold: signs that JSON escapes, or many bytes for one character."""
    typed = attributes({name: value * blow_up if isinstance(value, str) else value for name, value in values.items()})

    assert len(dumps(fit(typed, max_bytes))) <= max_bytes + 2


def test_cutting_is_linear() -> None:
    """Ten times the attributes cost about ten times as much, not a hundred times."""

    def cost(count: int) -> float:
        typed = attributes({f"name{number}": "value" * 20 for number in range(count)})
        began = time.process_time()
        fit(typed, count * 40)
        return time.process_time() - began

    assert min(cost(10_000) for _ in range(3)) < 40 * min(cost(1_000) for _ in range(3))


def test_links_lose_their_attributes_first() -> None:
    """Then the last of them go."""
    link: Any = {"trace_id": "a" * 32, "span_id": "b" * 16, "sampled": True}
    heavy = {**link, "attributes": attributes({"x": "y" * 1000})}

    assert fit_links([link] * 10) == [link] * 10
    assert fit_links([heavy] * 500) == [{**link, "attributes": attributes({TRIMMED_COUNT: 1})}] * 500
    assert len(dumps(fit_links([heavy] * 5000))) <= MAX_LINKS_BYTES
    assert len(fit_links([heavy] * 5000)) > 500
    assert len(fit_links([link] * 5000)) > 1000
